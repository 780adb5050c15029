"""The first of several waits decides, once; the others are withdrawn with it, and no answer is swallowed."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handrail import Orchestrator, Run, StepFailed, action, workflow
from handrail.orchestrator import Misuse, ReviewConflict, WaitExpired
from handrail.testing import Rehearsal, assert_replays, recorded_run


@action
async def call() -> int:
    return 1


@workflow(version=1)
async def inner(run: Run, days: int) -> str:
    if days < 0:
        raise ValueError(days)
    await run.sleep(timedelta(days=days))
    return f"after {days} days"


@workflow(version=1)
async def reply(run: Run, days: int) -> str:
    match await run.first(
        run.event("answer", str), run.ask("What now?", str), run.sleep(timedelta(days=days)), name="whoever"
    ):
        case (0, text):
            said = f"customer: {text}"
        case (1, text):
            said = f"agent: {text}"
        case _:
            said = "nobody"
    return f"{said}, then {await run.event('answer', str)}" if days == 7 else said


async def waiting(rehearsal: Rehearsal, workflow: Any, value: Any) -> None:
    await rehearsal.start(workflow, value, id="r")
    await rehearsal.settle()


def statuses(rehearsal: Rehearsal) -> dict[str, str]:
    return {step.name: step.status for step in rehearsal.steps("r")}


async def test_an_event_that_comes_first_closes_the_question_and_says_why() -> None:
    async with Rehearsal(workflows=[reply]) as rehearsal:
        await waiting(rehearsal, reply, 3)
        (item,) = rehearsal.reviews()
        await rehearsal.send("r", "answer", "it works")
        await rehearsal.settle()
        assert rehearsal.run("r").output == "customer: it works"
        assert statuses(rehearsal) == {
            "event:answer": "done", "ask": "withdrawn", "sleep": "withdrawn", "whoever": "done"
        }  # fmt: skip
        assert rehearsal.review(item.id).state == "cancelled"
        assert rehearsal.reviews() == []
        with pytest.raises(ReviewConflict, match="the event 'answer' came before"):
            await rehearsal.decide(item.id, "too late", by="ann")
        last = rehearsal.review(item.id).history[-1]
        assert (last.action, last.data) == ("cancel", {"why": "the event 'answer' came before, or its time is over"})
        await assert_replays(reply, recorded_run(rehearsal, "r"))


async def test_an_answer_that_comes_first_leaves_the_event_for_a_later_wait() -> None:
    async with Rehearsal(workflows=[reply]) as rehearsal:
        await waiting(rehearsal, reply, 7)
        (item,) = rehearsal.reviews()
        await rehearsal.decide(item.id, "call them", by="ann")
        assert await rehearsal.send("r", "answer", "it works")
        await rehearsal.settle()
        assert rehearsal.run("r").output == "agent: call them, then it works"


async def test_time_that_is_over_withdraws_the_question() -> None:
    async with Rehearsal(workflows=[reply]) as rehearsal:
        await waiting(rehearsal, reply, 3)
        (item,) = rehearsal.reviews()
        await rehearsal.advance(days=4)
        assert rehearsal.run("r").output == "nobody"
        with pytest.raises(ReviewConflict, match="the time for it is over"):
            await rehearsal.decide(item.id, "too late", by="ann")


async def test_of_two_at_the_same_moment_one_wins_and_the_door_of_the_other_refuses() -> None:
    async with Rehearsal(workflows=[reply]) as rehearsal:
        await waiting(rehearsal, reply, 3)
        (item,) = rehearsal.reviews()
        await rehearsal.send("r", "answer", "first")
        with pytest.raises(ReviewConflict, match="came second: 'event:answer' was over before"):
            await rehearsal.decide(item.id, "second", by="ann")
        await rehearsal.settle()
        assert rehearsal.run("r").output == "customer: first"
        assert not [each for each in rehearsal.review(item.id).history if each.action == "decide"]


async def test_an_event_that_does_not_fit_decides_nothing() -> None:
    async with Rehearsal(workflows=[reply]) as rehearsal:
        await waiting(rehearsal, reply, 3)
        (item,) = rehearsal.reviews()
        await rehearsal.send("r", "answer", {"no": "text"})
        await rehearsal.settle()
        assert rehearsal.run("r").status == "waiting"
        await rehearsal.decide(item.id, "mine", by="ann")
        await rehearsal.settle()
        assert rehearsal.run("r").output == "agent: mine"


async def test_what_came_before_anybody_waited_decides_and_nobody_is_asked() -> None:
    async with Rehearsal(workflows=[reply]) as rehearsal:
        await rehearsal.start(reply, 3, id="r")
        await rehearsal.send("r", "answer", "early")
        await rehearsal.settle()
        assert rehearsal.run("r").output == "customer: early"
        assert "ask" not in statuses(rehearsal) or statuses(rehearsal)["ask"] == "withdrawn"
        assert rehearsal.reviews() == []


@workflow(version=1)
async def two_questions(run: Run) -> tuple[int, str]:
    return await run.first(run.ask("A?", str, name="a"), run.ask("B?", str, name="b"))


async def test_of_two_people_one_answers_and_the_other_is_told() -> None:
    async with Rehearsal(workflows=[two_questions]) as rehearsal:
        await waiting(rehearsal, two_questions, None)
        items = {item.step: item.id for item in rehearsal.reviews()}
        await rehearsal.decide(items["b"], "b!", by="bob")
        with pytest.raises(ReviewConflict, match="came second: 'b' was over before"):
            await rehearsal.decide(items["a"], "a!", by="ann")
        await rehearsal.settle()
        assert rehearsal.run("r").output == [1, "b!"]
        with pytest.raises(ReviewConflict, match="bob answered 'b' before"):
            await rehearsal.decide(items["a"], "a!", by="ann")


@workflow(version=1)
async def with_child(run: Run, days: int) -> str:
    which, value = await run.first(run.child(inner, days), run.event("stop", str))
    return f"{which} {value}"


async def test_a_child_that_lost_is_cancelled_and_one_that_won_gives_its_result() -> None:
    async with Rehearsal(workflows=[with_child, inner]) as rehearsal:
        await waiting(rehearsal, with_child, 3)
        await rehearsal.send("r", "stop", "enough")
        await rehearsal.settle()
        assert rehearsal.run("r").output == "1 enough"
        assert rehearsal.run("r/inner").status == "cancelled"
        await rehearsal.start(with_child, 2, id="s")
        await rehearsal.advance(days=3)
        assert rehearsal.run("s").output == "0 after 2 days"


async def test_a_child_that_fails_first_is_the_outcome() -> None:
    async with Rehearsal(workflows=[with_child, inner]) as rehearsal:
        handle = await rehearsal.start(with_child, -1, id="r")
        with pytest.raises(StepFailed, match="ValueError"):
            await handle.result()
        assert statuses(rehearsal)["event:stop"] == "withdrawn"


@workflow(version=1)
async def limited(run: Run) -> str:
    try:
        await run.first(run.event("a", str, within=timedelta(days=1)), run.event("b", str))
    except WaitExpired as expired:
        return f"no {expired.step}"
    return "some"


async def test_a_time_limit_of_a_branch_is_the_outcome_on_every_replay() -> None:
    async with Rehearsal(workflows=[limited]) as rehearsal:
        await waiting(rehearsal, limited, None)
        await rehearsal.advance(days=2)
        assert rehearsal.run("r").output == "no event:a"
        await assert_replays(limited, recorded_run(rehearsal, "r"))


async def test_only_waits_can_be_branches_and_that_is_refused_where_it_is_written() -> None:
    @workflow(version=1)
    async def wrong(run: Run) -> int:
        return (await run.first(run.event("a", int), run.step(call)))[1]

    @workflow(version=1)
    async def lonely(run: Run) -> int:
        return (await run.first(*[run.event("a", int)]))[1]

    async with Rehearsal(workflows=[wrong, lonely]) as rehearsal:
        for each in (wrong, lonely):
            handle = await rehearsal.start(each, None)
            with pytest.raises(StepFailed, match=r"run\.first takes"):
                await handle.result()
    assert issubclass(Misuse, Exception)


async def test_a_crash_in_the_middle_changes_nothing_of_what_was_decided() -> None:
    async with Rehearsal(workflows=[reply]) as rehearsal:
        await waiting(rehearsal, reply, 7)
        (item,) = rehearsal.reviews()
        await rehearsal.send("r", "answer", "one")
        await rehearsal.settle()
        rehearsal.crash()
        await rehearsal.settle()
        await rehearsal.send("r", "answer", "two")
        rehearsal.crash()
        await rehearsal.settle()
        assert rehearsal.run("r").output == "customer: one, then two"
        assert rehearsal.review(item.id).state == "cancelled"


async def test_a_fork_before_a_branch_decides_anew() -> None:
    async with Rehearsal(workflows=[reply]) as rehearsal:
        await waiting(rehearsal, reply, 3)
        (item,) = rehearsal.reviews()
        await rehearsal.decide(item.id, "call them", by="ann")
        await rehearsal.settle()
        await rehearsal.fork("r", step="ask", id="f")
        await rehearsal.settle()
        (again,) = rehearsal.reviews()
        await rehearsal.send("f", "answer", "in time")
        with pytest.raises(ReviewConflict, match="came second"):
            await rehearsal.decide(again.id, "no", by="ann")
        await rehearsal.settle()
        assert rehearsal.run("f").output == "customer: in time"


async def test_branches_stand_within_branches_side_by_side() -> None:
    @workflow(version=1)
    async def both(run: Run) -> list[int]:
        async def one(name: str) -> int:
            which, _ = await run.first(run.event(name, int), run.sleep(timedelta(days=1)))
            return which

        return list(await run.all(one("a"), one("b")))

    async with Rehearsal(workflows=[both]) as rehearsal:
        await waiting(rehearsal, both, None)
        await rehearsal.send("r", "b", 1)
        await rehearsal.settle()
        await rehearsal.advance(days=2)
        assert rehearsal.run("r").output == [1, 0]


@pytest.mark.parametrize(("won", "left"), [("event", "human 'ask'"), ("human", "event 'event:paid'")])
async def test_a_wait_that_lost_is_not_taken_by_a_call_that_stands_alone_since_the_code_changed(
    tmp_path: Path, won: str, left: str
) -> None:
    """Nothing ends such a wait any more, so that the run would wait for ever, for what nobody is shown."""

    @workflow(version=1, name="order")
    async def before(run: Run) -> str:
        number, _ = await run.first(run.event("paid", bool), run.ask("Paid?", bool))
        return f"{number}: {await run.ask('And now?', str, name='then')}"

    @workflow(version=1, name="order")
    async def after(run: Run) -> str:
        said = await (run.ask("Paid?", bool) if won == "event" else run.event("paid", bool))
        return f"{said}: {await run.ask('And now?', str, name='then')}"

    store = f"sqlite:///{tmp_path / 'r.db'}"
    async with Orchestrator(store, workflows=[before]) as o:
        await o.start(before, None, id="r")
        await o.idle()
        if won == "event":
            await o.send("r", "paid", True)
        else:
            await o.decide(o.reviews()[0].id, True, by="ann")
        await o.idle()
        assert [item.title for item in o.reviews()] == ["And now?"]
    async with Orchestrator(store, workflows=[after]) as o:
        await o.decide(o.reviews()[0].id, "go", by="ann")
        await o.idle()
        error = o.run("r").error
        assert error is not None
        assert (error.type, f"expected {left} as the branch of a run.first" in error.message) == (
            "HistoryMismatch",
            True,
        )
    async with Orchestrator(store, workflows=[before]) as o:
        await o.retry("r")
        await o.idle()
        assert str(o.run("r").output).endswith(": go")
