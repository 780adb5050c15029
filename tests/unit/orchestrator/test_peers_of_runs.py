"""What users of other engines reported of waits, undoing, rounds, children and keys: each does not happen here."""

import asyncio
from datetime import timedelta

import pytest

from handrail import Orchestrator, Run, StepFailed, action, workflow
from handrail.orchestrator import Misuse, ReviewConflict, RunConflict
from handrail.testing import Rehearsal, assert_replays, recorded_run

did: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    did.clear()


@action
async def do(what: str) -> str:
    did.append(what)
    return what


@action
async def undo(what: str) -> str:
    did.append(f"undo {what}")
    return what


@workflow(version=1)
async def adding(run: Run, total: int) -> int:
    number = await run.event("more", int)
    return total if number == 0 else await run.again(total + number)


@workflow(version=1)
async def stubborn(run: Run, what: str) -> str:
    await run.compensate(undo, what)
    await run.step(do, what)
    try:
        return await run.event("go", str)
    except asyncio.CancelledError:
        raise RuntimeError(what) from None


@pytest.mark.dear
async def test_signals_never_keep_a_run_from_beginning_anew_and_none_is_lost() -> None:
    """temporalio/temporal#1289, #8097: a run that is sent signals all the time cannot continue as new."""
    async with Rehearsal(workflows=[adding]) as rehearsal:
        await rehearsal.start(adding, 0, id="r")
        for number in range(1, 60):
            await rehearsal.send("r", "more", number)
            await asyncio.sleep(0)
        await rehearsal.send("r", "more", 0)
        await rehearsal.settle()
        assert rehearsal.run("r").output == sum(range(60))


@pytest.mark.dear
async def test_a_sender_is_never_told_that_a_run_which_begins_anew_is_not_there() -> None:
    """temporalio/sdk-java#1538, cschleiden/go-workflows#493: a signal during continue-as-new is refused or lost."""
    async with Rehearsal(workflows=[adding]) as rehearsal:
        await rehearsal.start(adding, 0, id="r")

        async def sender(number: int) -> None:
            for turn in range(20):
                await asyncio.sleep(0)
                assert await rehearsal.send("r", "more", 1, event_id=f"{number}.{turn}")

        await asyncio.gather(*map(sender, range(3)))
        await rehearsal.send("r", "more", 0)
        await rehearsal.settle()
        assert rehearsal.run("r").output == 60


async def test_a_cancelled_run_is_undone_although_it_is_cancelled() -> None:
    """temporalio/sdk-java#305: compensations run in the scope that was cancelled, so they do not run."""
    async with Rehearsal(workflows=[stubborn]) as rehearsal:
        await rehearsal.start(stubborn, "a", id="r")
        await rehearsal.settle()
        await rehearsal.cancel("r")
        await rehearsal.settle()
        assert (did, rehearsal.run("r").status) == (["a", "undo a"], "cancelled")


async def test_undo_actions_run_one_after_the_other_in_reverse_order() -> None:
    """camunda/camunda#14920: all compensation handlers are activated together, in any order."""

    @workflow(version=1)
    async def three(run: Run) -> None:
        for what in "abc":
            await run.step(do, what)
            await run.compensate(undo, what)
        raise ValueError

    async with Rehearsal(workflows=[three]) as rehearsal:
        await rehearsal.start(three, None, id="r")
        await rehearsal.settle()
        assert did == ["a", "b", "c", "undo c", "undo b", "undo a"]


async def test_what_was_done_twice_is_undone_twice_and_never_once_more() -> None:
    """camunda/camunda#15141: a handler is invoked as often as its activity was completed, however often it is asked."""

    @workflow(version=1)
    async def again_and_again(run: Run) -> None:
        for _ in range(2):
            await run.step(do, "x")
            await run.compensate(undo, "x")
        raise ValueError

    async with Rehearsal(workflows=[again_and_again]) as rehearsal:
        await rehearsal.start(again_and_again, None, id="r")
        await rehearsal.settle()
        await rehearsal.cancel("r")
        rehearsal.crash()
        await rehearsal.settle()
        assert did == ["x", "x", "undo x", "undo x"]


async def test_a_child_that_is_left_begins_although_its_parent_ends_at_once() -> None:
    """temporalio/temporal#2829, #685, #4812: an abandoned child of a parent that ends at once never starts."""

    @workflow(version=1)
    async def child(run: Run, what: str) -> str:
        return await run.step(do, what)

    @workflow(version=1)
    async def parent(run: Run) -> str:
        return await run.child(child, "x", policy="leave")

    async with Rehearsal(workflows=[parent, child]) as rehearsal:
        assert await rehearsal.play(parent, None, id="p") == "p/child"
        await rehearsal.settle()
        assert (rehearsal.run("p/child").output, did) == ("x", ["x"])


async def test_a_timer_that_lost_is_no_mismatch_on_replay() -> None:
    """cadence-workflow/cadence-go-client#525, cschleiden/go-workflows#127: a cancelled timer breaks the next replay."""

    @workflow(version=1)
    async def timed(run: Run) -> str:
        await run.first(run.event("go", str), run.sleep(timedelta(minutes=10)))
        await run.sleep(timedelta(seconds=20), name="later")
        return "done"

    async with Rehearsal(workflows=[timed]) as rehearsal:
        await rehearsal.start(timed, None, id="r")
        await rehearsal.settle()
        await rehearsal.send("r", "go", "now")
        await rehearsal.settle()
        rehearsal.crash()
        await rehearsal.advance(minutes=20)
        assert rehearsal.run("r").output == "done"
        await assert_replays(timed, recorded_run(rehearsal, "r"))


async def test_a_message_that_nobody_waits_for_yet_is_kept_and_several_that_wait_have_one_each() -> None:
    """camunda/camunda#3012, #7205, #26926: messages at the same time are lost, or one is taken twice."""

    @workflow(version=1)
    async def waits(run: Run, key: str) -> int:
        return await run.event("paid", int, key=key)

    async with Rehearsal(workflows=[waits]) as rehearsal:
        for number in (1, 2):
            await asyncio.gather(*(rehearsal.send_to("paid", number, key="k", event_id=str(number)) for _ in range(3)))
        for run in ("a", "b", "c"):
            await rehearsal.start(waits, "k", id=run)
        await rehearsal.settle()
        assert sorted(str(rehearsal.run(each).output) for each in "abc") == ["1", "2", "None"]


async def test_each_answer_reaches_the_question_it_was_given_to_and_an_answered_one_is_not_asked_again() -> None:
    """langchain-ai/langgraph#5952, #6624 and pull request 6542: interrupts fire again, answers go astray."""

    @workflow(version=1)
    async def asking(run: Run) -> list[str]:
        async def two(name: str) -> str:
            return await run.ask("1?", str, name=f"{name}1") + await run.ask("2?", str, name=f"{name}2")

        return list(await run.all(two("a"), two("b")))

    async with Rehearsal(workflows=[asking]) as rehearsal:
        await rehearsal.start(asking, None, id="r")
        await rehearsal.settle()
        asked: list[str] = []
        while items := rehearsal.reviews():
            item = items[0]
            asked.append(item.step)
            await rehearsal.decide(item.id, item.step, by="ann")
            await rehearsal.settle()
        assert len(asked) == len(set(asked)) == 4
        assert rehearsal.run("r").output == ["all.0/a1all.0/a2", "all.1/b1all.1/b2"]


async def test_an_answer_to_what_is_not_asked_any_more_is_not_silently_taken() -> None:
    """langchain-ai/langgraph#8579: a resume that fits several interrupts, or none any more, is accepted."""

    @workflow(version=1)
    async def first(run: Run) -> int:
        which, _ = await run.first(run.ask("A?", str, name="a"), run.ask("B?", str, name="b"))
        return which

    async with Rehearsal(workflows=[first]) as rehearsal:
        await rehearsal.start(first, None, id="r")
        await rehearsal.settle()
        one, other = rehearsal.reviews()
        await rehearsal.decide(one.id, "x", by="ann")
        with pytest.raises(ReviewConflict):
            await rehearsal.decide(other.id, "y", by="ben")


async def test_an_id_that_is_taken_harms_neither_run() -> None:
    """dbos-inc/dbos-transact-ts#725: a second workflow with the same id breaks the first one's durability."""

    @workflow(version=1)
    async def other(_run: Run, number: int) -> int:
        return number

    async with Rehearsal(workflows=[adding, other]) as rehearsal:
        await rehearsal.start(adding, 0, id="r")
        with pytest.raises(RunConflict):
            await rehearsal.start(other, 1, id="r")
        rehearsal.crash()
        await rehearsal.send("r", "more", 0)
        await rehearsal.settle()
        assert rehearsal.run("r").output == 0


async def test_a_failing_undo_is_neither_ignored_nor_skipped() -> None:
    """cadence-workflow/cadence-java-client#340: an option decides whether failing compensations are ignored."""

    @action
    async def cannot(what: str) -> None:
        raise ConnectionError(what)

    @workflow(version=1)
    async def failing(run: Run) -> None:
        await run.compensate(undo, "first")
        await run.compensate(cannot, "second")
        raise ValueError

    async with Rehearsal(workflows=[failing]) as rehearsal:
        handle = await rehearsal.start(failing, None, id="r")
        with pytest.raises(StepFailed, match="could not undo"):
            await handle.result()
        assert (rehearsal.run("r").status, did) == ("set_aside", [])
        await rehearsal.skip_step("r", "undo:cannot", by="ann")
        await rehearsal.settle()
        assert (rehearsal.run("r").status, did) == ("failed", ["undo first"])


@pytest.mark.parametrize("empty", ["", " ", "\n"])
async def test_a_run_is_never_made_under_an_empty_id(empty: str) -> None:
    """dbos-inc/dbos-transact-py#759: a variable that is not set makes all runs one, which is executed for ever."""

    @workflow(version=1)
    async def parent(run: Run, name: str) -> str:
        return await run.child(plain, name, id=empty)

    @workflow(version=1)
    async def plain(_run: Run, name: str) -> str:
        return name

    async with Orchestrator("sqlite:///:memory:", workflows=[parent, plain]) as orchestrator:
        for make in (
            lambda: orchestrator.start(plain, "ann", id=empty),
            lambda: orchestrator.start("plain", "ann", id=empty),
            lambda: orchestrator.start_many(plain, [(empty, "ann"), ("b", "ben")]),
        ):
            with pytest.raises(Misuse, match="is empty: give the run's id"):
                await make()
        assert orchestrator.runs() == []
        await (await orchestrator.start(plain, "ann", id="a")).result()
        with pytest.raises(Misuse, match="is empty: give the run's id"):
            await orchestrator.fork("a", id=empty)
        with pytest.raises(StepFailed, match="is empty: give the run's id"):
            await (await orchestrator.start(parent, "ann")).result()
