"""What a retried run executes again: what ended it, and nothing else."""

import pytest

from handrail import Run, StepFailed, action, workflow
from handrail_orchestrator.testing import Rehearsal

executed: list[str] = []
broken: set[str] = set()


@pytest.fixture(autouse=True)
def _all_broken() -> None:
    executed.clear()
    broken.update({"look", "send"})


async def attempt(name: str, n: int) -> int:
    executed.append(name)
    if name in broken:
        raise ConnectionError(f"{name} is down")
    return n


@action
async def look(n: int) -> int:
    return await attempt("look", n)


@action
async def add(n: int) -> int:
    return await attempt("add", n + 1)


@action
async def send(n: int) -> int:
    return await attempt("send", n)


@workflow(version=1)
async def survives(run: Run, n: int) -> int:
    try:
        n = await run.step(look, n)
    except StepFailed:
        n = 50
    n = await run.step(add, n)
    return await run.step(send, n)


class Unsent(Exception):
    """What the workflow makes of a step that failed."""


@workflow(version=1)
async def translates(run: Run, n: int) -> int:
    try:
        return await run.step(send, n)
    except StepFailed as failed:
        raise Unsent("try later") from failed


@workflow(version=1)
async def delivers(run: Run, n: int) -> int:
    return await run.step(send, n)


@workflow(version=1)
async def delegates(run: Run, n: int) -> int:
    n = await run.step(add, n)
    return await run.child(delivers, n)


async def test_a_failure_that_was_caught_stays_history_when_the_run_is_retried() -> None:
    async with Rehearsal(workflows=[survives]) as rehearsal:
        await rehearsal.start(survives, 1, id="a")
        await rehearsal.settle()
        broken.clear()
        await rehearsal.retry("a")
        await rehearsal.settle()
        assert rehearsal.run("a").output == 51
    assert executed == ["look", "add", "send", "send"]


async def test_a_failure_that_was_translated_is_executed_again() -> None:
    async with Rehearsal(workflows=[translates]) as rehearsal:
        await rehearsal.start(translates, 1, id="a")
        await rehearsal.settle()
        assert "Unsent" in str(rehearsal.run("a").error)
        broken.clear()
        await rehearsal.retry("a")
        await rehearsal.settle()
        assert rehearsal.run("a").output == 1


async def test_retrying_a_parent_goes_on_in_the_child_that_failed() -> None:
    async with Rehearsal(workflows=[delegates, delivers]) as rehearsal:
        await rehearsal.start(delegates, 1, id="a")
        await rehearsal.settle()
        assert [rehearsal.run(name).status for name in ("a", "a/delivers")] == ["failed", "failed"]
        broken.clear()
        await rehearsal.retry("a")
        await rehearsal.settle()
        assert rehearsal.run("a").output == 2
    assert executed == ["add", "send", "send"]


async def test_retrying_in_vain_can_be_repeated() -> None:
    async with Rehearsal(workflows=[delivers]) as rehearsal:
        await rehearsal.start(delivers, 1, id="a")
        for times in (1, 2, 3):
            await rehearsal.settle()
            assert executed == ["send"] * times
            await rehearsal.retry("a")
