"""What people do to review items: where people are known, only those whose role in the item's queue allows it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import get_args

import pytest

from handrail import Escalation, Orchestrator, Run, workflow
from handrail_orchestrator.errors import NotAllowed
from handrail_orchestrator.records.person import ROLES
from handrail_orchestrator.review.permission import ItemAction, role_for

QUEUE = "money"

Deed = Callable[[Orchestrator, int, str], Awaitable[object]]


@workflow(version=1)
async def asks(run: Run, text: str) -> bool:
    return await run.ask("Pay?", bool, context=text, escalate=Escalation(queue=QUEUE))


DEEDS: dict[ItemAction, Deed] = {
    "take": lambda engine, item, by: engine.take(item, by=by),
    "extend": lambda engine, item, by: engine.extend(item, by=by),
    "skip": lambda engine, item, by: engine.skip(item, by=by),
    "release": lambda engine, item, by: engine.release(item, by=by),
    "decide": lambda engine, item, by: engine.decide(item, True, by=by),
    "undo": lambda engine, item, by: engine.undo(item, by=by),
    "note": lambda engine, item, by: engine.add_note(item, by=by, text="x"),
    "snooze": lambda engine, item, by: engine.snooze(item, by=by, until=engine.now() + 60),
    "send_up": lambda engine, item, by: engine.send_up(item, by=by, code="unsure"),
    "assign": lambda engine, item, by: engine.assign(item, by=by, to=None),
}


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Orchestrator]:
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[asks]) as made:
        await made.people.add("root", roles={"*": "admin"})
        for role in ROLES:
            await made.people.add(f"their {role}", roles={QUEUE: role})
            await made.people.add(f"other {role}", roles={"triage": role})
        yield made


async def one(engine: Orchestrator) -> int:
    await engine.start(asks, "x")
    await engine.idle()
    return max(item.id for item in engine.reviews())


def test_every_action_on_an_item_is_looked_at_here() -> None:
    assert set(DEEDS) == set(get_args(ItemAction)) - {"look"}  # which changes nothing: lists and pages ask for it


@pytest.mark.parametrize("action", DEEDS)
async def test_only_those_whose_role_allows_it_may_and_others_change_nothing(
    engine: Orchestrator, action: ItemAction
) -> None:
    least = ROLES.index(role_for(action))
    for role in ROLES:
        item = await one(engine)
        for by, is_allowed in ((f"other {role}", False), (f"their {role}", ROLES.index(role) >= least)):
            if is_allowed:
                if action in {"extend", "release"}:
                    await engine.take(item, by=by)
                if action == "undo":
                    await engine.decide(item, True, by=by, undo_seconds=60)
                await DEEDS[action](engine, item, by)
            else:
                with pytest.raises(NotAllowed):
                    await DEEDS[action](engine, item, by)
                assert [change.action for change in engine.review_log(item)] == ["ask"]


async def test_what_was_sent_up_is_for_seniors(engine: Orchestrator) -> None:
    item = await one(engine)
    await engine.send_up(item, by="their reviewer", code="policy")

    with pytest.raises(NotAllowed, match="sent up"):
        await engine.decide(item, True, by="their reviewer")
    assert await engine.next_review(by="their reviewer") is None
    assert (await engine.decide(item, True, by="their senior")).state == "decided"


async def test_what_is_offered_is_of_the_queues_that_one_may_answer(engine: Orchestrator) -> None:
    item = await one(engine)

    assert await engine.next_review(by="other reviewer") is None
    assert await engine.next_review(by="their viewer") is None
    taken = await engine.next_review(by="their reviewer")
    assert taken is not None
    assert taken.id == item


async def test_an_item_is_given_only_to_who_may_answer_it(engine: Orchestrator) -> None:
    item = await one(engine)

    for nobody in ("their viewer", "other senior", "unknown"):
        with pytest.raises(NotAllowed):
            await engine.assign(item, by="root", to=nobody)
    assert (await engine.assign(item, by="root", to="their reviewer")).assignee == "their reviewer"


async def test_who_is_not_known_or_is_kept_out_does_nothing(engine: Orchestrator) -> None:
    item = await one(engine)
    await engine.people.disable("their senior")

    for nobody in ("unknown", "their senior"):
        with pytest.raises(NotAllowed):
            await engine.decide(item, True, by=nobody)
        with pytest.raises(NotAllowed):
            await engine.next_review(by=nobody)


async def test_what_somebody_had_or_was_given_is_open_to_whoever_comes_once_they_are_disabled(
    engine: Orchestrator,
) -> None:
    given, taken, other = [await one(engine) for _ in range(3)]
    await engine.assign(given, by="root", to="their senior")
    await engine.take(taken, by="their senior")
    await engine.take(other, by="their admin")
    await engine.people.disable("their senior", by="root")

    for item in (given, taken):
        offered = await engine.next_review(by="their reviewer")
        assert offered is not None
        assert offered.id == item
        await engine.decide(item, True, by="their reviewer")
    assert await engine.next_review(by="their reviewer") is None
    assert [(change.actor, change.action) for change in engine.review_log(given)][2] == ("person:root", "assign")
    assert engine.review(other).lease_owner == "their admin"
