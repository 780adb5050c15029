"""The sleeping steps with no engine and nothing written: what the event loop alone costs."""

import asyncio
from pathlib import Path

from engine_bench.callers import call_load
from engine_bench.load import Load
from engine_bench.rows import STEPS
from engine_bench.sleeps import STEP_SECONDS
from engine_bench.spent import Spent


async def run_once(number: int) -> int:
    """Sleep five times 5 to 50 ms."""
    first = number * STEPS
    for place in range(first, first + STEPS):
        await asyncio.sleep(STEP_SECONDS[place % len(STEP_SECONDS)])
        number += 1
    return number


class NoEngine:
    """Plain coroutines."""

    name = "no engine, nothing written"

    def measure(self, file: Path, load: Load) -> Spent:  # noqa: ARG002 - nothing is written
        """Put the load on the event loop alone and return what that spent."""
        return asyncio.run(call_load(run_once, load))
