"""What a workflow calls on its way out, or in a task of its own, happens once and in time, or is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from handrail import Run, action, workflow
from handrail.orchestrator import NotStorable
from handrail.testing import Rehearsal

effects: list[str] = []


@pytest.fixture(autouse=True)
def nothing_done_yet() -> None:
    effects.clear()


@action
async def book(what: str) -> str:
    effects.append(what)
    return what


@action
async def book_slowly(what: str) -> str:
    await asyncio.sleep(0.02)
    effects.append(what)
    return what


@action
async def number(n: int) -> int:
    return n


# -- on the way out


@workflow(version=1)
async def asks(run: Run) -> int:
    try:
        return await run.ask("How many?", int)
    finally:
        await run.step(book, "released")


@workflow(version=1)
async def asks_in_a_block(run: Run) -> int:
    @asynccontextmanager
    async def room() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await run.step(book, "released")

    async with room():
        return await run.ask("How many?", int)


@workflow(version=1)
async def asks_bare(run: Run) -> int:
    try:
        return await run.ask("How many?", int)
    except BaseException:
        await run.step(book, "swallowed")
        raise
    finally:
        await run.all(run.step(book, "released"))


@workflow(version=1)
async def asks_side_by_side(run: Run) -> int:
    async def one(name: str) -> int:
        try:
            return await run.ask("How many?", int, name=name)
        finally:
            if name == "a":
                await run.step(book, "released")

    return sum(await run.all(one("a"), one("b")))


@workflow(version=1)
async def asks_first(run: Run) -> int:
    try:
        _, found = await run.first(run.event("go", int), run.ask("How many?", int))
        return int(found)
    finally:
        await run.now()
        await run.tag(state="over")
        await run.step(book, "released")


@pytest.mark.parametrize("flow", [asks, asks_in_a_block, asks_bare, asks_side_by_side, asks_first])
async def test_what_code_calls_on_its_way_out_waits_until_it_comes_there_for_good(flow: Any) -> None:
    async with Rehearsal(workflows=[flow]) as rehearsal:
        handle = await rehearsal.start(flow, None, id="r")
        await rehearsal.settle()
        assert rehearsal.run("r").status == "waiting"
        assert effects == []
        rehearsal.crash()
        for item in rehearsal.reviews():
            await rehearsal.decide(item.id, 4, by="ann")
        assert await handle.result() in {4, 8}
    assert effects == ["released"]


async def test_a_question_on_the_way_out_is_asked_when_the_first_is_answered() -> None:
    @workflow(version=1)
    async def flow(run: Run) -> str:
        try:
            return await run.ask("Who?", str, name="who")
        finally:
            await run.ask("Sure?", bool, name="sure")

    async with Rehearsal(workflows=[flow]) as rehearsal:
        handle = await rehearsal.start(flow, None, id="r")
        await rehearsal.settle()
        assert [item.step for item in rehearsal.reviews()] == ["who"]
        await rehearsal.decide(rehearsal.reviews()[0].id, "ann", by="ann")
        await rehearsal.settle()
        assert [item.step for item in rehearsal.reviews()] == ["sure"]
        await rehearsal.decide(rehearsal.reviews()[0].id, value=True, by="ann")
        assert await handle.result() == "ann"


async def test_a_wait_that_is_swallowed_again_and_again_opens_no_further_question() -> None:
    @workflow(version=1)
    async def flow(run: Run) -> int:
        for _ in range(5):
            with suppress(BaseException):
                return await run.ask("How many?", int)
        return 0

    async with Rehearsal(workflows=[flow]) as rehearsal:
        await rehearsal.start(flow, None, id="r")
        await rehearsal.settle()
        assert "do not catch BaseException" in str(rehearsal.run("r").error)
        assert [step.name for step in rehearsal.steps("r")] == ["ask"]


async def test_what_is_undone_after_a_wait_was_cancelled_is_executed() -> None:
    @workflow(version=1)
    async def flow(run: Run) -> int:
        await run.compensate(book, "undone")
        return await run.ask("How many?", int)

    async with Rehearsal(workflows=[flow]) as rehearsal:
        await rehearsal.start(flow, None, id="r")
        await rehearsal.settle()
        await rehearsal.cancel("r")
        await rehearsal.settle()
        assert rehearsal.run("r").status == "cancelled"
    assert effects == ["undone"]


# -- never awaited, and awaited by nobody


@workflow(version=1)
async def kid(_: Run, n: int) -> int:
    return n


FORGOTTEN: dict[str, Callable[[Run], Any]] = {
    "book": lambda run: run.step(book, "x"),
    "ask": lambda run: run.ask("Sure?", bool),
    "sleep": lambda run: run.sleep(5),
    "event:go": lambda run: run.event("go", int),
    "kid": lambda run: run.child(kid, 1),
    "tag:a": lambda run: run.tag(a="b"),
    "undo:book": lambda run: run.compensate(book, "x"),
    "first": lambda run: run.first(run.sleep(5), run.event("go", int)),
}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("name", FORGOTTEN)
async def test_a_call_that_nobody_awaits_is_not_taken_for_done(name: str) -> None:
    @workflow(version=1)
    async def flow(run: Run) -> int:
        FORGOTTEN[name](run)
        return 1

    async with Rehearsal(workflows=[flow, kid]) as rehearsal:
        await rehearsal.start(flow, None, id="r")
        await rehearsal.settle()
        found = rehearsal.run("r")
        assert found.status == "failed"
        assert name in str(found.error)
        assert "never awaited" in str(found.error)
    assert effects == []


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
async def test_a_round_does_not_end_with_a_call_that_nobody_awaited() -> None:
    @workflow(version=1)
    async def flow(run: Run, n: int) -> int:
        run.step(book, "x")  # type: ignore[unused-coroutine]
        return await run.again(n + 1)

    async with Rehearsal(workflows=[flow]) as rehearsal:
        await rehearsal.start(flow, 1, id="r")
        await rehearsal.settle()
        assert rehearsal.run("r").status == "failed"


async def test_a_call_that_was_refused_has_begun() -> None:
    @workflow(version=1)
    async def flow(run: Run) -> str:
        try:
            await run.step(number, "five")  # type: ignore[call-overload]
        except NotStorable:
            return "none"
        return "some"

    async with Rehearsal(workflows=[flow]) as rehearsal:
        handle = await rehearsal.start(flow, None, id="r")
        assert await handle.result() == "none"


async def test_a_step_in_a_task_of_its_own_is_recorded_before_its_run_fails_for_it() -> None:
    kept: list[Awaitable[str]] = []

    @workflow(version=1)
    async def flow(run: Run) -> int:
        kept.append(asyncio.ensure_future(run.step(book_slowly, "x")))
        await run.step(book, "y")
        await asyncio.sleep(0)
        return 1

    async with Rehearsal(workflows=[flow]) as rehearsal:
        await rehearsal.start(flow, None, id="r")
        await rehearsal.settle()
        assert "went on in a task of its own" in str(rehearsal.run("r").error)
        assert {step.name: step.status for step in rehearsal.steps("r")} == {"book": "done", "book_slowly": "done"}
    assert effects == ["y", "x"]


async def test_a_step_in_a_task_of_its_own_is_recorded_before_its_run_waits() -> None:
    @workflow(version=1)
    async def flow(run: Run) -> str:
        task = asyncio.ensure_future(run.step(book_slowly, "x"))
        await run.ask("Sure?", bool)
        return await task

    async with Rehearsal(workflows=[flow]) as rehearsal:
        handle = await rehearsal.start(flow, None, id="r")
        await rehearsal.settle()
        assert {step.name: step.status for step in rehearsal.steps("r")} == {"ask": "waiting", "book_slowly": "done"}
        await rehearsal.decide(rehearsal.reviews()[0].id, value=True, by="ann")
        assert await handle.result() == "x"
    assert effects == ["x"]


async def test_a_task_that_outlives_its_run_begins_no_step() -> None:
    kept: list[asyncio.Task[Any]] = []

    @workflow(version=1)
    async def flow(run: Run) -> int:
        async def later() -> None:
            await asyncio.sleep(0.02)
            await run.step(book, "too late")

        kept.append(asyncio.create_task(later()))
        return 1

    async with Rehearsal(workflows=[flow]) as rehearsal:
        handle = await rehearsal.start(flow, None, id="r")
        assert await handle.result() == 1
        [outcome] = await asyncio.gather(*kept, return_exceptions=True)
        assert "begins no more" in str(outcome)
        assert rehearsal.steps("r") == []
    assert effects == []
