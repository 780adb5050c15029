"""Handrail's embedded engine: the side that is being measured."""

import asyncio
from pathlib import Path

from engine_bench.callers import call_load
from engine_bench.errors import WrongResult
from engine_bench.five_steps import five, five_sleeping
from engine_bench.load import Load
from engine_bench.rows import STEPS
from engine_bench.spent import Spent, Stopwatch
from orchestrator import Orchestrator


def store_url(file: Path) -> str:
    """Return a database file as the engine takes it."""
    return f"sqlite:///{file}"


def open_engine(file: Path, concurrency: int) -> Orchestrator:
    """Return an engine on the file, every commit on the disk before it counts."""
    return Orchestrator(store_url(file), workflows=[five, five_sleeping], concurrency=concurrency, durability="power")


class Handrail:
    """The engine with a caller for each run at once, as a web service would use it."""

    name = "Handrail"

    def measure(self, file: Path, load: Load) -> Spent:
        """Start the runs from as many callers as the load has and return what that spent."""
        return asyncio.run(self._measure(file, load))

    @staticmethod
    async def _measure(file: Path, load: Load) -> Spent:
        workflow = five_sleeping if load.sleeping else five
        async with open_engine(file, load.concurrency) as orchestrator:

            async def run_once(number: int) -> int:
                handle = await orchestrator.start(workflow, number, id=f"run-{number}")
                return await handle.result()

            return await call_load(run_once, load)


class HandrailBacklog:
    """The engine given all runs in one call, as ``handrail run`` does with a file."""

    name = "Handrail, one start for all"

    def measure(self, file: Path, load: Load) -> Spent:
        """Start the runs in one transaction, await all and return what that spent."""
        return asyncio.run(self._measure(file, load))

    @staticmethod
    async def _measure(file: Path, load: Load) -> Spent:
        async with open_engine(file, load.concurrency) as orchestrator:

            async def run_all(numbers: range) -> None:
                handles = await orchestrator.start_many(five, [(f"run-{number}", number) for number in numbers])
                results = [await handle.result() for handle in handles]
                if results != [number + STEPS for number in numbers]:
                    raise WrongResult(f"one of the runs {numbers} returned a wrong result")

            await run_all(load.warm_up_numbers)
            stopwatch = Stopwatch()
            await run_all(load.numbers)
            return stopwatch.stop(load.runs)
