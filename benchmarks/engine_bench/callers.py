"""Callers on one event loop: each starts a run, awaits its end, and starts its next."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from engine_bench.errors import WrongResult
from engine_bench.load import Load
from engine_bench.rows import STEPS
from engine_bench.spent import Spent, Stopwatch

RunOnce = Callable[[int], Awaitable[int]]
"""Starts the run of a number and returns its result, which must be the number plus the steps."""


async def call_load(run_once: RunOnce, load: Load) -> Spent:
    """Warm up, put the load on an engine and return what that spent.

    Raises:
        WrongResult: a run returned a wrong result.
    """
    await call_together(run_once, load.warm_up_numbers, load.concurrency)
    stopwatch = Stopwatch()
    seconds = await call_together(run_once, load.numbers, load.concurrency)
    return stopwatch.stop(load.runs, seconds)


async def call_together(run_once: RunOnce, numbers: range, concurrency: int) -> list[float]:
    """Run the numbers from ``concurrency`` callers side by side and return the seconds of each run."""
    seconds: list[float] = []
    async with asyncio.TaskGroup() as group:
        for caller in range(concurrency):
            group.create_task(_call_each(run_once, numbers[caller::concurrency], seconds))
    return seconds


async def _call_each(run_once: RunOnce, numbers: range, seconds: list[float]) -> None:
    for number in numbers:
        began = time.perf_counter()
        result = await run_once(number)
        seconds.append(time.perf_counter() - began)
        if result != number + STEPS:
            raise WrongResult(f"run {number} returned {result!r} instead of {number + STEPS}")
