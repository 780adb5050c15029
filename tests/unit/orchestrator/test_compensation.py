"""What a run did is undone in reverse order when it fails or is cancelled, once each, and never silently not."""

import asyncio

import pytest

from handrail import Escalation, Retry, Run, StepFailed, action, workflow
from handrail.orchestrator import Misuse, WrongState
from handrail.testing import Rehearsal, assert_replays, recorded_run

done: list[str] = []
broken: set[str] = set()


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    done.clear()
    broken.clear()


def act(what: str) -> None:
    if what in broken:
        raise ConnectionError(what)
    done.append(what)


@action
async def book(what: str) -> str:
    act(f"book {what}")
    return what


@action(retry=Retry(attempts=3, first_seconds=60, max_seconds=60))
async def unbook(what: str) -> None:
    act(f"unbook {what}")


@workflow(version=1)
async def trip(run: Run, ends: str) -> str:
    for what in ("hotel", "train"):
        await run.step(book, what)
        await run.compensate(unbook, what)
    if ends == "waits":
        await run.event("go", str)
    if ends == "fails":
        raise ValueError("no")
    await run.step(book, "museum")
    return "booked"


UNDONE = ["book hotel", "book train", "unbook train", "unbook hotel"]


def undos(rehearsal: Rehearsal, run: str = "r") -> dict[str, str]:
    return {step.name: step.status for step in rehearsal.steps(run) if step.kind == "undo"}


async def test_a_run_that_fails_is_undone_in_reverse_order_and_then_has_failed() -> None:
    async with Rehearsal(workflows=[trip]) as rehearsal:
        handle = await rehearsal.start(trip, "fails", id="r")
        with pytest.raises(StepFailed, match="ValueError: no"):
            await handle.result()
        assert done == UNDONE
        run = rehearsal.run("r")
        assert (run.status, run.undoing) == ("failed", "failed")
        assert undos(rehearsal) == {"undo:unbook": "done", "undo:unbook#2": "done"}


async def test_a_run_that_completes_undoes_nothing() -> None:
    async with Rehearsal(workflows=[trip]) as rehearsal:
        await rehearsal.play(trip, "well", id="r")
        assert "unbook hotel" not in done
        assert undos(rehearsal) == {"undo:unbook": "registered", "undo:unbook#2": "registered"}


async def test_a_run_that_is_cancelled_while_it_waits_is_undone() -> None:
    async with Rehearsal(workflows=[trip]) as rehearsal:
        await rehearsal.start(trip, "waits", id="r")
        await rehearsal.settle()
        assert await rehearsal.cancel("r", reason="changed their mind") == "running"
        await rehearsal.settle()
        run = rehearsal.run("r")
        assert (run.status, done) == ("cancelled", UNDONE)
        assert run.error is not None
        assert run.error.message == "changed their mind"
        assert await rehearsal.cancel("r") == "cancelled"
        await assert_replays(trip, recorded_run(rehearsal, "r"))


async def test_a_crash_in_the_middle_of_undoing_goes_on_where_it_was() -> None:
    rehearsals: list[Rehearsal] = []

    @action
    async def undo(number: int) -> None:
        act(f"undo {number}")
        if number == 1 and done.count("undo 1") == 1:
            rehearsals[0].crash()
            await asyncio.sleep(60)

    @workflow(version=1)
    async def three(run: Run) -> None:
        for number in range(3):
            await run.compensate(undo, number)
        raise ValueError

    async with Rehearsal(workflows=[three]) as rehearsal:
        rehearsals.append(rehearsal)
        await rehearsal.start(three, None, id="r")
        await rehearsal.settle()
        assert done == ["undo 2", "undo 1", "undo 1", "undo 0"]
        assert rehearsal.run("r").status == "failed"


async def test_an_undo_that_fails_is_tried_again_and_then_sets_its_run_aside_until_somebody_retries_it() -> None:
    broken.add("unbook train")
    async with Rehearsal(workflows=[trip]) as rehearsal:
        await rehearsal.start(trip, "fails", id="r")
        await rehearsal.advance(minutes=5)
        run = rehearsal.run("r")
        assert (run.status, run.undoing) == ("set_aside", "failed")
        assert run.error is not None
        assert "undo:unbook#2 could not undo" in run.error.message
        assert "ValueError: no" in run.error.message
        assert undos(rehearsal) == {"undo:unbook": "registered", "undo:unbook#2": "failed"}
        assert rehearsal.steps("r")[-1].attempt == 3
        with pytest.raises(WrongState, match="could not be undone"):
            await rehearsal.cancel("r")

        broken.clear()
        await rehearsal.retry("r")
        await rehearsal.settle()
        run = rehearsal.run("r")
        assert (run.status, done) == ("failed", UNDONE)
        assert run.error is not None
        assert run.error.message == "no"


async def test_an_undone_run_is_not_retried_and_forked_only_before_what_was_undone() -> None:
    async with Rehearsal(workflows=[trip]) as rehearsal:
        await rehearsal.start(trip, "fails", id="r")
        await rehearsal.settle()
        with pytest.raises(WrongState, match="is undone"):
            await rehearsal.retry("r")
        with pytest.raises(WrongState, match="has undone what stands before"):
            await rehearsal.fork("r", step="book#2", id="f")
        await rehearsal.fork("r", step="book", id="g")
        await rehearsal.settle()
        assert done == UNDONE * 2


async def test_a_fork_undoes_what_it_did_itself() -> None:
    async with Rehearsal(workflows=[trip]) as rehearsal:
        await rehearsal.start(trip, "waits", id="r")
        await rehearsal.settle()
        await rehearsal.fork("r", step="book#2", id="f")
        await rehearsal.settle()
        await rehearsal.cancel("f")
        await rehearsal.settle()
        assert done == ["book hotel", "book train", "book train", "unbook train"]
        assert undos(rehearsal, "f") == {"undo:unbook": "withdrawn", "undo:unbook#2": "done"}


async def test_past_its_deadline_a_run_is_undone_however_long_that_takes() -> None:
    broken.add("unbook train")

    @workflow(version=1, deadline_seconds=60)
    async def hurried(run: Run) -> None:
        await run.step(book, "train")
        await run.compensate(unbook, "train")
        await run.event("never", str)

    async with Rehearsal(workflows=[hurried]) as rehearsal:
        await rehearsal.start(hurried, None, id="r")
        await rehearsal.advance(seconds=60)
        assert rehearsal.run("r").undoing == "failed"
        broken.clear()
        await rehearsal.advance(minutes=5)
        run = rehearsal.run("r")
        assert (run.status, done) == ("failed", ["book train", "unbook train"])
        assert run.error is not None
        assert run.error.type == "DeadlineExceeded"


async def test_children_undo_what_they_did_and_their_parent_what_it_did() -> None:
    @workflow(version=1)
    async def part(run: Run, what: str) -> str:
        await run.step(book, what)
        await run.compensate(unbook, what)
        if what == "boat":
            await run.event("go", str)
        return what

    @workflow(version=1)
    async def whole(run: Run) -> None:
        await run.child(part, "car", name="car")
        await run.compensate(unbook, "car")
        await run.child(part, "boat", name="boat")

    async with Rehearsal(workflows=[whole, part]) as rehearsal:
        await rehearsal.start(whole, None, id="r")
        await rehearsal.settle()
        await rehearsal.cancel("r")
        await rehearsal.settle()
        assert sorted(done) == ["book boat", "book car", "unbook boat", "unbook car"]
        assert [rehearsal.run(each).status for each in ("r", "r/car", "r/boat")] == [
            "cancelled", "completed", "cancelled"
        ]  # fmt: skip


async def test_code_that_does_not_fit_undoes_nothing_and_sets_the_run_aside() -> None:
    @workflow(version=1, name="trip")
    async def other(run: Run, ends: str) -> str:
        await run.step(book, ends)
        return ends

    async with Rehearsal(workflows=[trip], store="sqlite:///:memory:") as rehearsal:
        await rehearsal.start(trip, "waits", id="r")
        await rehearsal.settle()
        store = rehearsal._open_store  # noqa: SLF001 -- two programs, one after the other, on one store in memory
        async with Rehearsal(workflows=[other], store=store, clock=rehearsal.clock) as later:
            await later.send("r", "go", "on")
            await later.settle()
            run = later.run("r")
            assert (run.status, run.undoing, done) == ("set_aside", None, ["book hotel", "book train"])
            assert run.error is not None
            assert run.error.type == "HistoryMismatch"


@pytest.mark.parametrize("policy", ["approval", "on_failure"])
async def test_an_undo_that_would_wait_for_people_is_refused_where_it_is_registered(policy: str) -> None:
    asking = action(approval=Escalation()) if policy == "approval" else action(on_failure="review")

    @asking
    async def undo() -> None:
        """Undo nothing."""

    @workflow(version=1)
    async def wrong(run: Run) -> None:
        await run.compensate(undo)

    async with Rehearsal(workflows=[wrong]) as rehearsal:
        handle = await rehearsal.start(wrong, None)
        with pytest.raises(StepFailed, match="cannot undo"):
            await handle.result()
    assert issubclass(Misuse, Exception)


async def test_an_open_question_is_closed_before_anything_is_undone() -> None:
    @workflow(version=1)
    async def asking(run: Run) -> str:
        await run.compensate(unbook, "x")
        return await run.ask("Well?", str)

    async with Rehearsal(workflows=[asking]) as rehearsal:
        await rehearsal.start(asking, None, id="r")
        await rehearsal.settle()
        broken.add("unbook x")
        await rehearsal.cancel("r")
        assert rehearsal.reviews() == []
        broken.clear()
        await rehearsal.advance(minutes=5)
        assert rehearsal.run("r").status == "cancelled"
