"""Tries of a step are counted across crashes, stops and waits; a long pause between them is a row in the store."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handrail import Default, Orchestrator, Retry, Run, StepFailed, action, step_context, workflow
from handrail.orchestrator import Settings
from handrail_orchestrator.retry import delay_seconds
from handrail_orchestrator.testing import FakeClock, Rehearsal

bodies: list[int] = []
"""The numbers of the tries whose bodies began."""
then: list[Callable[[], Any]] = []
"""What the next bodies do, in order; nothing left: succeed."""

HOUR = 3600.0


@pytest.fixture(autouse=True)
def _fresh() -> None:
    bodies.clear()
    then.clear()


def fail() -> None:
    raise ConnectionError("down")


async def tried(n: int) -> int:
    bodies.append(step_context().attempt)
    if then and (result := then.pop(0)()) is not None:
        await result
    return n


quick = action(name="quick", retry=Retry(attempts=3, first_seconds=0.001, max_seconds=0.002))(tried)
patient = action(name="patient", retry=Retry(attempts=3, first_seconds=1e6 * HOUR, max_seconds=1e6 * HOUR))(tried)
hurried = action(name="hurried", deadline_seconds=10)(tried)
bounded = action(
    name="bounded",
    retry=Retry(attempts=9, first_seconds=1e6 * HOUR, max_seconds=1e6 * HOUR),
    deadline_seconds=HOUR,
    on_failure=Default(-1),
)(tried)


@workflow(version=1)
async def trying(run: Run, name: str) -> int:
    return await run.step({"quick": quick, "patient": patient, "hurried": hurried, "bounded": bounded}[name], 7)


@workflow(version=1)
async def side_by_side(run: Run, n: int) -> list[int]:
    return [*await run.all(run.step(patient, n), run.ask("How many?", int))]


@workflow(version=1)
async def another(run: Run, n: int) -> int:
    return n + len(run.id)


FLOWS: list[Any] = [trying, side_by_side, another]


async def test_a_crash_in_the_last_try_repeats_that_try_and_no_other() -> None:
    async with Rehearsal(workflows=FLOWS) as rehearsal:

        async def crash() -> None:
            asyncio.get_running_loop().call_soon(rehearsal.crash)
            await asyncio.sleep(60)

        then.extend([fail, fail, crash, fail])
        with pytest.raises(StepFailed, match="down"):
            await rehearsal.play(trying, "quick")
    assert bodies[:3] == [1, 2, 3]
    assert len(bodies) == 4  # the third try was cut short, so it did not fail


async def test_an_orderly_stop_costs_no_try(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    begun = asyncio.Event()

    async def long() -> None:
        begun.set()
        await asyncio.sleep(60)

    then.extend([fail, fail, long])
    async with Orchestrator(store, workflows=FLOWS, settings=Settings(grace_seconds=0.01)) as orchestrator:
        await orchestrator.start(trying, "quick", id="r")
        await begun.wait()
    async with Orchestrator(store, workflows=FLOWS) as orchestrator:
        await orchestrator.idle()
        assert orchestrator.run("r").output == 7
        (step,) = orchestrator.steps("r")
        assert (step.status, step.error, step.due) == ("done", None, None)


@pytest.mark.slow
async def test_a_steps_deadline_counts_from_its_first_try_whatever_crashed() -> None:
    async with Rehearsal(workflows=FLOWS) as rehearsal:

        async def long() -> None:
            await asyncio.sleep(60)

        then.extend([long, long, long])
        handle = await rehearsal.start(trying, "hurried")
        begun = rehearsal.clock.now()
        for _ in range(2):
            await rehearsal.advance(seconds=4)
            async with asyncio.timeout(60):
                while not rehearsal.steps(handle.id):  # noqa: ASYNC110 -- the note of a long step has no event
                    await asyncio.sleep(0.02)
            rehearsal.crash()
            await rehearsal.settle()
        await rehearsal.advance(seconds=3)
        with pytest.raises(StepFailed, match="longer than 10 s"):
            await handle.result()
        assert rehearsal.clock.now() - begun == 11


async def test_a_long_pause_holds_no_place_and_survives_a_restart(tmp_path: Path) -> None:
    store, clock = f"sqlite:///{tmp_path / 'runs.db'}", FakeClock()
    then.extend([fail, fail])
    async with Rehearsal(workflows=FLOWS, store=store, clock=clock, settings=Settings(concurrency=1)) as rehearsal:
        await rehearsal.start(trying, "patient", id="r")
        await rehearsal.settle()
        row, (step,) = rehearsal.run("r"), rehearsal.steps("r")
        assert (row.status, step.status, step.attempt) == ("waiting", "started", 1)
        assert row.wake == step.due
        assert "down" in str(step.error)
        assert await (await rehearsal.start(another, 1, id="x")).result() == 2
    async with Rehearsal(workflows=FLOWS, store=store, clock=clock) as rehearsal:
        await rehearsal.settle()
        assert bodies == [1]
        for tries in ([1, 2], [1, 2, 3]):
            clock.move_to(rehearsal.run("r").wake or 0.0)
            await rehearsal.settle()
            assert bodies == tries
        assert rehearsal.run("r").output == 7
        (step,) = rehearsal.steps("r")
        assert (step.status, step.error, step.due, step.attempt) == ("done", None, None, 3)


async def test_failures_are_counted_over_long_pauses() -> None:
    then.extend([fail] * 9)
    async with Rehearsal(workflows=FLOWS) as rehearsal:
        with pytest.raises(StepFailed, match="down"):
            await rehearsal.play(trying, "patient")
    assert bodies == [1, 2, 3]


async def test_a_long_pause_ends_at_the_steps_deadline() -> None:
    then.extend([fail] * 9)
    async with Rehearsal(workflows=FLOWS) as rehearsal:
        begun = rehearsal.clock.now()
        assert await rehearsal.play(trying, "bounded") == -1
        assert rehearsal.clock.now() - begun <= HOUR


async def test_an_answer_that_comes_in_a_long_pause_does_not_cut_it_short() -> None:
    then.append(fail)
    async with Rehearsal(workflows=FLOWS) as rehearsal:
        await rehearsal.start(side_by_side, 1, id="r")
        await rehearsal.settle()
        await rehearsal.decide(rehearsal.reviews()[0].id, 5, by="ann")
        await rehearsal.settle()
        assert (rehearsal.run("r").status, bodies) == ("waiting", [1])
        await rehearsal.advance(hours=1e6)
        assert rehearsal.run("r").output == [1, 5]


async def test_a_run_in_a_long_pause_is_cancelled_at_once_and_retried_from_the_first_try() -> None:
    then.extend([fail, fail])
    async with Rehearsal(workflows=FLOWS) as rehearsal:
        await rehearsal.start(trying, "patient", id="r")
        await rehearsal.settle()
        assert await rehearsal.cancel("r") == "cancelled"
        await rehearsal.idle()
        await rehearsal.retry("r")
        await rehearsal.settle()
        assert bodies == [1, 1]


@pytest.mark.dear
async def test_a_run_in_a_long_pause_is_not_at_rest() -> None:
    then.append(fail)
    async with Rehearsal(workflows=FLOWS) as rehearsal:
        await rehearsal.start(trying, "patient", id="r")
        await rehearsal.settle()
        resting = asyncio.create_task(rehearsal.idle())
        await asyncio.sleep(0.3)
        assert not resting.done()
        rehearsal.clock.move_to(rehearsal.clock.now() + 1e6 * HOUR)
        await resting
        assert rehearsal.run("r").status == "completed"


def test_delays_double_up_to_their_maximum() -> None:
    policy = Retry(attempts=3, first_seconds=0.5, max_seconds=30)
    assert [delay_seconds(policy, failed, 1.0) for failed in (1, 2, 3, 8, 10_000)] == [0.5, 1, 2, 30, 30]
    assert delay_seconds(policy, 3, 0.25) == 0.5
