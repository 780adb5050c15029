"""A run that lives for months goes on with another input under its id, and nothing of what it was sent is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handrail import Orchestrator, Run, StepFailed, action, step_context, workflow
from handrail.orchestrator import Misuse, RunConflict, WrongState
from handrail.testing import Rehearsal, assert_replays, recorded_run

keys: list[str] = []


@pytest.fixture(autouse=True)
def _no_keys() -> None:
    keys.clear()


@action
async def note(number: int) -> int:
    keys.append(step_context().idempotency_key)
    return number


@workflow(version=1)
async def inner(_run: Run, number: int) -> int:
    return number * 10


@workflow(version=1)
async def counting(run: Run, total: int) -> int:
    await run.tag(total=total)
    await run.step(note, 1)
    number = await run.event("more", int)
    if number == 0:
        return total
    await run.child(inner, 1)
    return await run.again(total + number)


async def started(rehearsal: Rehearsal, workflow: Any, value: Any, *events: int) -> None:
    await rehearsal.start(workflow, value, id="r")
    await rehearsal.settle()
    for number, event in enumerate(events):
        await rehearsal.send("r", "more", event, event_id=str(number))
        await rehearsal.settle()


async def test_a_run_goes_on_under_its_id_with_another_input_and_a_history_of_its_own() -> None:
    async with Rehearsal(workflows=[counting, inner]) as rehearsal:
        await started(rehearsal, counting, 0, 3, 4)
        run = rehearsal.run("r")
        assert (run.status, run.round, run.input, run.tags["total"]) == ("waiting", 3, 7, "7")
        assert [step.name for step in rehearsal.steps("r")] == ["tag:total", "note", "event:more"]
        everything = [step.name for step in rehearsal.some_steps("r")]
        assert [name for name in everything if "note" in name] == ["[1]/note", "[2]/note", "note"]
        await assert_replays(counting, recorded_run(rehearsal, "r"))
        await rehearsal.send("r", "more", 0)
        await rehearsal.settle()
        assert rehearsal.run("r").output == 7


async def test_every_round_has_keys_and_child_runs_of_its_own() -> None:
    async with Rehearsal(workflows=[counting, inner]) as rehearsal:
        await started(rehearsal, counting, 0, 3, 4)
        assert keys == ["r/note", "r/[2]/note", "r/[3]/note"]
        assert rehearsal.run("r/inner").output == 10
        assert rehearsal.run("r/[2]/inner").output == 10


async def test_events_that_came_in_one_round_are_taken_in_the_next_and_each_counts_once() -> None:
    async with Rehearsal(workflows=[counting, inner]) as rehearsal:
        await rehearsal.start(counting, 0, id="r")
        for number, event in enumerate((1, 2, 3, 0)):
            assert await rehearsal.send("r", "more", event, event_id=f"e{number}")
            assert not await rehearsal.send("r", "more", event, event_id=f"e{number}")
        await rehearsal.settle()
        assert rehearsal.run("r").output == 6


async def test_an_event_that_is_sent_again_in_a_later_round_does_not_count_again() -> None:
    async with Rehearsal(workflows=[counting, inner]) as rehearsal:
        await started(rehearsal, counting, 0, 3)
        assert not await rehearsal.send("r", "more", 3, event_id="0")
        assert await rehearsal.send("r", "more", 0, event_id="last")
        await rehearsal.settle()
        assert rehearsal.run("r").output == 3


async def test_the_run_is_the_same_for_whoever_starts_it_again_or_waits_for_it() -> None:
    @workflow(version=1)
    async def outer(run: Run) -> int:
        return await run.child(counting, 5, id="c")

    async with Rehearsal(workflows=[counting, inner, outer]) as rehearsal:
        handle = await rehearsal.start(outer, None, id="o")
        await rehearsal.settle()
        for number in (1, 1, 0):
            await rehearsal.send("c", "more", number)
            await rehearsal.settle()
        assert await handle.result() == 7
        assert not (await rehearsal.start(counting, 5, id="c")).new
        with pytest.raises(RunConflict):
            await rehearsal.start(counting, 7, id="c")


async def test_a_crash_at_any_time_neither_loses_nor_repeats_a_round() -> None:
    async with Rehearsal(workflows=[counting, inner]) as rehearsal:
        await rehearsal.start(counting, 0, id="r")
        for number in (1, 2, 3, 0):
            rehearsal.crash()
            await rehearsal.send("r", "more", number)
            rehearsal.crash()
            await rehearsal.settle()
        assert (rehearsal.run("r").output, rehearsal.run("r").round) == (6, 4)


async def test_a_deadline_counts_from_the_round_and_undo_actions_end_with_it() -> None:
    @workflow(version=1, deadline_seconds=3600)
    async def hurried(run: Run, left: int) -> str:
        await run.compensate(note, left)
        await run.sleep(timedelta(minutes=40))
        if left:
            return await run.again(left - 1)
        raise ValueError

    async with Rehearsal(workflows=[hurried]) as rehearsal:
        await rehearsal.start(hurried, 2, id="r")
        await rehearsal.advance(minutes=130)
        run = rehearsal.run("r")
        assert (run.status, run.undoing, run.round) == ("failed", "failed", 3)
        assert run.error is not None
        assert run.error.type == "ValueError"
        assert keys == ["r/[3]/undo:note"]


async def test_beginning_anew_while_something_is_waited_for_is_refused_where_it_is_written() -> None:
    async def again(run: Run) -> None:
        await run.again()

    @workflow(version=1)
    async def beside(run: Run) -> None:
        await run.all(run.event("a", int), again(run))

    @workflow(version=1)
    async def handed(run: Run) -> None:
        await run.all(run.event("a", int), run.again())

    @workflow(version=1)
    async def swallowing(run: Run) -> str:
        try:
            return await run.again()
        except BaseException:  # noqa: BLE001 -- what must not be done
            return "swallowed"

    @workflow(version=1)
    async def unfit(run: Run, number: int) -> int:
        return await run.again(f"no number {number}")

    async with Rehearsal(workflows=[beside, handed, swallowing, unfit]) as rehearsal:
        for each, problem in (
            (beside, "run.again while"), (handed, "run.again while"), (swallowing, "after run.again")
        ):  # fmt: skip
            handle = await rehearsal.start(each, None)
            await rehearsal.send(handle.id, "a", 1)
            with pytest.raises(StepFailed, match=problem):
                await handle.result()
        handle2 = await rehearsal.start(unfit, 1)
        with pytest.raises(StepFailed, match="NotStorable"):
            await handle2.result()


async def test_only_this_round_can_be_forked() -> None:
    async with Rehearsal(workflows=[counting, inner]) as rehearsal:
        await started(rehearsal, counting, 0, 3)
        with pytest.raises(WrongState, match="an earlier round"):
            await rehearsal.fork("r", step="[1]/note")
        await rehearsal.fork("r", step="event:more", id="f")
        await rehearsal.send("f", "more", 0)
        await rehearsal.settle()
        assert rehearsal.run("f").output == 3


async def test_a_failed_round_is_retried_from_its_own_steps() -> None:
    broken = [True]

    @action
    async def shaky(number: int) -> int:
        if number == 1 and broken:
            raise ConnectionError
        return number

    @workflow(version=1)
    async def rounds(run: Run, number: int) -> int:
        await run.step(shaky, number)
        return await run.again(number + 1) if number < 2 else number

    async with Rehearsal(workflows=[rounds]) as rehearsal:
        await rehearsal.start(rounds, 0, id="r")
        await rehearsal.settle()
        assert rehearsal.run("r").status == "failed"
        broken.clear()
        await rehearsal.retry("r")
        await rehearsal.settle()
        assert rehearsal.run("r").output == 2


# -- children that are not waited for


@workflow(version=1)
async def slow(run: Run, days: int) -> int:
    await run.sleep(timedelta(days=days))
    return days


async def test_a_child_that_is_left_outlives_its_parent_and_one_to_be_cancelled_does_not() -> None:
    @workflow(version=1)
    async def parent(run: Run) -> list[str]:
        left = await run.child(slow, 2, name="left", policy="leave")
        bound = await run.child(slow, 2, name="bound", policy="cancel")
        await run.sleep(timedelta(days=1))
        return [left, bound]

    async with Rehearsal(workflows=[parent, slow]) as rehearsal:
        assert await rehearsal.play(parent, None, id="p") == ["p/left", "p/bound"]
        assert rehearsal.run("p/bound").status == "cancelled"
        assert rehearsal.run("p/left").status == "waiting"
        await assert_replays(parent, recorded_run(rehearsal, "p"))
        await rehearsal.advance(days=2)
        assert rehearsal.run("p/left").output == 2


async def test_cancelling_a_parent_leaves_what_it_left() -> None:
    @workflow(version=1)
    async def parent(run: Run) -> None:
        await run.child(slow, 2, name="left", policy="leave")
        await run.child(slow, 2, name="bound", policy="cancel")
        await run.event("never", int)

    async with Rehearsal(workflows=[parent, slow]) as rehearsal:
        await rehearsal.start(parent, None, id="p")
        await rehearsal.settle()
        rehearsal.crash()
        await rehearsal.settle()
        await rehearsal.cancel("p")
        assert [rehearsal.run(f"p/{name}").status for name in ("left", "bound")] == ["waiting", "cancelled"]


async def test_a_left_child_can_be_waited_for_later() -> None:
    @workflow(version=1)
    async def parent(run: Run) -> int:
        left = await run.child(slow, 2, policy="leave")
        await run.sleep(timedelta(days=1))
        return await run.child(slow, 2, id=left, name="join")

    async with Rehearsal(workflows=[parent, slow]) as rehearsal:
        assert await rehearsal.play(parent, None) == 2


async def test_an_id_that_is_another_runs_fails_the_call_and_not_silently() -> None:
    @workflow(version=1)
    async def parent(run: Run) -> str:
        return await run.child(slow, 2, id="taken", policy="leave")

    async with Rehearsal(workflows=[parent, slow]) as rehearsal:
        await rehearsal.start(slow, 1, id="taken")
        handle = await rehearsal.start(parent, None)
        with pytest.raises(StepFailed, match="RunConflict"):
            await handle.result()


# -- runs that begin later


async def test_a_run_that_is_to_begin_later_begins_then() -> None:
    @workflow(version=1, deadline_seconds=3600)
    async def noon(run: Run) -> datetime:
        return await run.now()

    async with Rehearsal(workflows=[noon]) as rehearsal:
        begins = datetime.fromtimestamp(rehearsal.clock.now(), UTC) + timedelta(days=2)
        await rehearsal.start(noon, None, id="at", at=begins)
        await rehearsal.start(noon, None, id="after", after=timedelta(days=1))
        await rehearsal.start(noon, None, id="past", at=begins - timedelta(days=9))
        await rehearsal.settle()
        assert [rehearsal.run(each).status for each in ("at", "after", "past")] == ["pending", "pending", "completed"]
        rehearsal.crash()
        await rehearsal.advance(days=1, hours=1)
        assert [rehearsal.run(each).status for each in ("at", "after")] == ["pending", "completed"]
        assert not (await rehearsal.start(noon, None, id="at")).new
        await rehearsal.advance(days=1)
        assert rehearsal.run("at").output == begins.isoformat().replace("+00:00", "Z")


async def test_a_run_that_has_not_begun_can_be_cancelled_and_takes_events() -> None:
    async with Rehearsal(workflows=[counting, inner]) as rehearsal:
        await rehearsal.start(counting, 0, id="r", after=timedelta(days=1))
        await rehearsal.start(counting, 0, id="s", after=timedelta(days=1))
        await rehearsal.send("s", "more", 0)
        await rehearsal.settle()
        assert rehearsal.run("s").status == "pending"
        await rehearsal.cancel("r")
        await rehearsal.advance(days=2)
        assert [rehearsal.run(each).status for each in "rs"] == ["cancelled", "completed"]


@pytest.mark.parametrize(
    "when",
    [
        {"at": datetime(2030, 1, 1)},  # noqa: DTZ001 -- what is refused
        {"after": timedelta(days=9000)},
        {"at": datetime(2030, 1, 1, tzinfo=UTC), "after": timedelta(1)},
    ],
)
async def test_a_moment_that_cannot_be_right_is_refused(when: dict[str, Any]) -> None:
    async with Orchestrator("sqlite:///:memory:", workflows=[inner]) as orchestrator:
        with pytest.raises(Misuse):
            await orchestrator.start(inner, 1, **when)


async def test_a_question_has_a_priority_of_its_own() -> None:
    @workflow(version=1)
    async def asking(run: Run) -> bool:
        return await run.ask("Now?", bool, priority=95)

    async with Rehearsal(workflows=[asking]) as rehearsal:
        await rehearsal.start(asking, None)
        await rehearsal.settle()
        assert rehearsal.reviews()[0].priority == 95
