"""Cases whose answers are known: they look like any other item, count nowhere, and tell the person afterwards."""

import json
from typing import Any

import pytest

from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, NotAllowed, ReviewError
from handrail_orchestrator.sowing import KnownCase
from handrail_orchestrator.store import ReviewQuery, RunQuery
from handrail_orchestrator.store.changes import Prune
from handrail_orchestrator.store.decided import DecidedQuery
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import wrote
from tests.unit.orchestrator.test_desk_figures import Asking, asking

CASES = [KnownCase(name=f"K-{n}/route", input=f"known {n}", answer="bugs", suggestion="billing") for n in range(3)]
WHERE = {"queue": "triage", "workflow": "add", "step": "route"}


async def put(desk: Asking, share: float, cases: list[KnownCase] = CASES) -> int:
    return await desk.client.put_known_cases(cases, share=share, **WHERE)


def known(desk: Asking) -> list[Any]:
    items = desk.client.reviews(ReviewQuery(states=("open", "leased", "decided"), limit=1000))
    return [each for each in items if desk.client.is_known(each.id)]


async def test_a_known_case_looks_like_the_item_that_it_follows() -> None:
    async with asking() as desk:
        item = desk.client.plain_review(desk.ask("refund", due=desk.clock.now() + 60.0, priority=70))
        assert await put(desk, 1.0) == 3
        (found,) = known(desk)
        own = {"id", "run", "run_id", "context", "suggestion", "digest", "created", "due", "timer"}
        mine, theirs = found.as_json(), item.as_json()
        assert {name: mine[name] for name in mine if name not in own} == {
            name: theirs[name] for name in theirs if name not in own
        }
        assert (found.run_id, found.context, found.suggestion) == ("K-0", "known 0", "billing")
        assert (found.due or 0) - found.created == 60.0
        assert len(found.digest) == 32
        (entry,) = desk.client.review_log(found.id)
        assert (entry.action, entry.actor.partition(":")[0]) == ("ask", "run")


async def test_without_a_suggestion_it_is_asked_as_what_was_drawn_is() -> None:
    async with asking() as desk:
        desk.ask()
        await put(desk, 1.0, [KnownCase(name="a", input="known", answer="bugs")])
        (found,) = known(desk)
        assert (found.code, found.suggestion, found.confidence) == ("drawn", None, None)
        assert found.reason == "drawn at random, to be decided without a suggestion"


@pytest.mark.dear
async def test_a_hash_of_the_name_draws_the_share_and_draws_it_once() -> None:
    async with asking() as desk:
        await put(desk, 0.2)
        for _ in range(150):
            desk.ask()
        assert await desk.client.sow() == len(known(desk))
        assert 15 <= len(known(desk)) <= 50
        assert await desk.client.sow() == 0
        before = {each.context for each in known(desk)}
        assert before == {"known 0", "known 1", "known 2"}  # all are given before one is given again
        assert len({each.run_id for each in known(desk)}) == len(known(desk))
        for _ in range(50):
            desk.ask()
        count = len(known(desk))
        assert await desk.client.next_review(by="ann") is not None  # whoever looks for work sows
        assert len(known(desk)) > count


async def test_a_share_of_nothing_ends_it() -> None:
    async with asking() as desk:
        await put(desk, 1.0)
        await put(desk, 0.0, [])
        desk.ask()
        assert await desk.client.sow() == 0


async def test_items_of_another_queue_or_step_are_followed_by_none() -> None:
    async with asking() as desk:
        desk.ask(queue="refunds")
        desk.ask(kind="ask")
        await put(desk, 1.0)
        assert known(desk) == []


async def test_a_case_whose_answer_does_not_fit_follows_nothing_and_is_refused_where_an_item_tells() -> None:
    async with asking() as desk:
        wrong = KnownCase(name="a", input="known", answer={"no": "text"})
        desk.client.must_fit([wrong], **WHERE)  # nobody can tell yet
        desk.ask()
        with pytest.raises(ReviewError, match="case 'a' has an answer that this step does not take"):
            desk.client.must_fit([wrong], **WHERE)
        await put(desk, 1.0, [wrong])
        assert known(desk) == []


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
async def test_a_share_that_is_none_is_refused(share: float) -> None:
    async with asking() as desk:
        with pytest.raises(Misuse, match="the share of known cases"):
            await put(desk, share)
        with pytest.raises(Misuse, match="there is no known case"):
            await put(desk, 0.5, [])


async def test_it_is_decided_like_any_other_and_nothing_waits_for_it() -> None:
    async with asking() as desk:
        item = desk.ask()
        await put(desk, 1.0)
        await desk.answer(item, "bugs")
        (found,) = known(desk)
        await desk.client.take(found.id, by="ann")
        await desk.client.decide(found.id, "billing", by="ann", undo_seconds=5.0)
        assert desk.client.own_known_answers(by="ann") == []  # while it can be taken back nobody is told
        await desk.client.undo(found.id, by="ann")
        await desk.client.decide(found.id, "billing", by="ann")
        (told,) = desk.client.own_known_answers(by="ann")
        assert (told.item, told.said, told.right, told.is_right) == (found.id, "billing", "bugs", False)
        assert told.as_json()["is_right"] is False
        assert desk.client.own_known_answers(by="ben") == []
        own = desk.client.own_figures(by="ann", today=0.0)
        assert (own.known, own.known_right, own.today) == (1, 0, 2)


async def test_it_counts_in_no_figure_and_its_run_in_no_list() -> None:
    async with asking() as desk:
        item = desk.ask()
        runs, counts = desk.client.runs(), desk.client.counts()
        await put(desk, 1.0)
        await desk.answer(item, "bugs")
        (found,) = known(desk)
        await desk.answer(found.id, "bugs", by="ben")
        assert [run.id for run in desk.client.runs()] == [run.id for run in runs]
        assert desk.client.counts() == counts
        for workflow in (None, "add"):
            assert sum(count for _, _, count in desk.client.fates(None, workflow)) == 1
        for query in (RunQuery(), RunQuery(workflow="add"), RunQuery(status="completed"), RunQuery(text="K")):
            assert not [run for run in desk.client.find_runs(query) if run.id.startswith("K")]
        assert desk.client.desk_figures(DecidedQuery()).decided == 1
        assert desk.client.decided_texts(after=0)[0].id == item
        assert len(desk.client.decided_texts(after=0)) == 1
        assert desk.client.run("K-0").status == "completed"  # whoever follows the item's link finds it


async def test_items_of_other_queues_are_not_looked_at_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handrail_orchestrator.sowing.LOOKED_AT", 10)
    async with asking() as desk:
        await put(desk, 1.0)
        for _ in range(25):
            desk.ask(queue="refunds")
        assert await desk.client.sow() == 0
        assert desk.store.sowings()[0].seen == desk.store.newest_item()
        for _ in range(25):
            desk.ask()
        assert sum([await desk.client.sow() for _ in range(4)]) == 25
        assert len(known(desk)) == 25


async def test_two_who_sow_at_once_sow_once(tmp_path: Any) -> None:
    path = str(tmp_path / "runs.db")
    async with asking() as desk:
        desk.ask()
        await put(desk, 1.0)
        (sowing,) = desk.store.sowings()
        old = sowing._replace(seen=0)
        assert await desk.client._sow(old) == 0  # noqa: SLF001 -- somebody who looked before the other wrote
        assert len(known(desk)) == 1
    assert not SqliteStore(path).sowings()


async def test_pruned_cases_are_gone_and_the_rest_goes_on() -> None:
    async with asking() as desk:
        desk.ask()
        await put(desk, 1.0)
        (found,) = known(desk)
        desk.ask()
        desk.after(10.0)
        wrote(desk.store, Prune(desk.clock.now(), ("completed",), 10))
        with pytest.raises(ReviewError):
            desk.client.plain_review(found.id)
        await desk.client.sow()
        assert [each.context for each in known(desk)] == ["known 1"]


async def test_only_the_person_and_admins_are_told_how_known_cases_went() -> None:
    async with asking() as desk:
        desk.ask()
        await put(desk, 1.0)
        (found,) = known(desk)
        await desk.client.people.add("root", roles={"*": "admin"})
        await desk.client.people.add("ann", roles={"*": "reviewer"})
        await desk.answer(found.id, "bugs")
        (told,) = desk.client.people_figures(by="root", since=0.0)
        assert (told.person, told.known, told.known_right) == ("ann", 1, 1)
        with pytest.raises(NotAllowed):
            desk.client.own_known_answers(by="eve")
        with pytest.raises(NotAllowed):
            await desk.client.put_known_cases(CASES, share=0.0, by="ann", **WHERE)
        await desk.client.put_known_cases(CASES, share=0.0, by="root", **WHERE)


async def test_answers_that_plain_json_cannot_tell_apart_are_kept_as_they_are() -> None:
    async with asking() as desk:
        item = desk.ask({"$exact": "text"})
        await put(desk, 1.0, [KnownCase(name="a", input="x", answer={"$exact": "text"})])
        (found,) = known(desk)
        await desk.answer(found.id, {"$exact": "text"})
        (told,) = desk.client.own_known_answers(by="ann")
        assert told.is_right
        assert json.loads(json.dumps(told.as_json()))["right"] == {"$exact": "text"}
        assert desk.client.plain_review(item).state == "open"
        assert isinstance(desk.client, Client)
