"""A wall clock that is stepped, or a machine that slept: nothing waits for what has passed, and nothing is lost."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handrail import Client, Orchestrator, Run, StepFailed, Workflow, action, workflow
from handrail_orchestrator.clock import SystemClock, Timer

GENEROUS = 60.0
HOUR = 3600.0


class SteppingClock(SystemClock):
    """The machine's clock, set wrong by a test; its timers follow the monotonic clock, as the machine's do."""

    def __init__(self) -> None:
        self.wrong_by = 0.0

    def now(self) -> float:
        return time.time() + self.wrong_by

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(max(0.0, when - self.now()), callback)


@action
async def stall(n: int) -> int:
    await asyncio.sleep(n)
    return n


@workflow(version=1)
async def nap(run: Run, seconds: float) -> str:
    await run.sleep(seconds)
    return "awake"


@workflow(version=1)
async def asks(run: Run, n: int) -> int:
    return n + await run.ask("How many?", int)


@workflow(version=1, deadline_seconds=HOUR)
async def limited(run: Run, n: int) -> int:
    return await run.step(stall, n)


@workflow(version=1)
async def patient(run: Run, n: int) -> int:
    return await run.step(stall.named("patient"), n) if n else await run.event("go", int, within=timedelta(hours=1))


@workflow(version=1)
async def quick(run: Run, n: int) -> str:
    return f"{run.id}: {n}"


WORKFLOWS: list[Workflow[Any, Any]] = [nap, asks, limited, patient, quick]


@pytest.mark.dear
async def test_a_sleep_that_is_over_by_a_clock_set_forward_ends_at_once(tmp_path: Path) -> None:
    clock = SteppingClock()
    async with asyncio.timeout(GENEROUS):
        async with Orchestrator(f"sqlite:///{tmp_path / 'r.db'}", workflows=WORKFLOWS, clock=clock) as o:
            handle = await o.start(nap, HOUR, id="nap")
            expired = await o.start(patient, 0, id="event")
            await o.idle()
            clock.wrong_by = 2 * HOUR
            assert await handle.result() == "awake"
            with pytest.raises(StepFailed, match="no event 'go' came in time"):
                await expired.result()


async def test_a_deadline_that_has_passed_by_a_clock_set_forward_ends_the_run(tmp_path: Path) -> None:
    clock = SteppingClock()
    async with asyncio.timeout(GENEROUS):
        async with Orchestrator(f"sqlite:///{tmp_path / 'r.db'}", workflows=WORKFLOWS, clock=clock) as o:
            handle = await o.start(limited, 600, id="limited")
            clock.wrong_by = 2 * HOUR
            with pytest.raises(StepFailed, match="DeadlineExceeded"):
                await handle.result()


async def test_what_is_due_stays_due_when_the_clock_is_set_back(tmp_path: Path) -> None:
    clock = SteppingClock()
    clock.wrong_by = HOUR
    store = f"sqlite:///{tmp_path / 'r.db'}"
    async with asyncio.timeout(GENEROUS):
        async with Orchestrator(store, workflows=WORKFLOWS, clock=clock, concurrency=1) as o:
            await o.start(asks, 1, id="asked")
            await o.idle()
            handles = await o.start_many(quick, [(f"q{n}", n) for n in range(5)])
            clock.wrong_by = 0.0
            assert [await handle.result() for handle in handles] == [f"q{n}: {n}" for n in range(5)]
            clock.wrong_by = HOUR
            async with Client(store, clock=clock) as client:
                await client.decide(client.reviews()[0].id, 5, by="ann")
            clock.wrong_by = 0.0
            await o.idle()
            while o.run("asked").status != "completed":  # noqa: ASYNC110 -- it has no event
                await asyncio.sleep(0.01)
            assert o.run("asked").output == 6


@pytest.mark.dear
async def test_a_clock_that_is_wrong_harms_no_step_in_flight(tmp_path: Path) -> None:
    clock = SteppingClock()
    async with asyncio.timeout(GENEROUS):
        async with Orchestrator(f"sqlite:///{tmp_path / 'r.db'}", workflows=WORKFLOWS, clock=clock) as o:
            handle = await o.start(patient, 1, id="p")
            for wrong_by in (5 * HOUR, -5 * HOUR, 0.0):
                clock.wrong_by = wrong_by
                await asyncio.sleep(0.2)
            assert await handle.result() == 1
            assert [step.attempt for step in o.steps("p")] == [1]
