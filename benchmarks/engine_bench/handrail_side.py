"""Handrail's embedded engine: the side that is being measured."""

import asyncio
from pathlib import Path
from typing import Any

from engine_bench.callers import call_load
from engine_bench.errors import WrongResult
from engine_bench.five_steps import five, five_rules, five_sleeping
from engine_bench.load import Load
from engine_bench.rows import STEPS
from engine_bench.spent import Spent, Stopwatch
from engine_bench.triage import checked, ticket, triage
from handrail import Orchestrator, Workflow


def store_url(file: Path) -> str:
    """Return a database file as the engine takes it."""
    return f"sqlite:///{file}"


def open_engine(file: Path, concurrency: int) -> Orchestrator:
    """Return an engine on the file, every commit on the disk before it counts."""
    workflows: list[Workflow[Any, Any]] = [five, five_sleeping, five_rules, triage]
    return Orchestrator(store_url(file), workflows=workflows, concurrency=concurrency, durability="power")


class Handrail:
    """The engine with a caller for each run at once, as a web service would use it."""

    name = "Handrail"

    def measure(self, file: Path, load: Load) -> Spent:
        """Start the runs from as many callers as the load has and return what that spent."""
        return asyncio.run(self._measure(file, load))

    async def _measure(self, file: Path, load: Load) -> Spent:
        async with open_engine(file, load.concurrency) as orchestrator:

            async def run_once(number: int) -> int:
                return await self.run_once(orchestrator, number, load)

            return await call_load(run_once, load)

    async def run_once(self, orchestrator: Orchestrator, number: int, load: Load) -> int:
        """Execute one run and return its result."""
        handle = await orchestrator.start(five_sleeping if load.sleeping else five, number, id=f"run-{number}")
        return await handle.result()


class HandrailRules(Handrail):
    """Five rules, each a plain function, in place of five async actions."""

    name = "Handrail, five rules"

    async def run_once(self, orchestrator: Orchestrator, number: int, load: Load) -> int:  # noqa: ARG002
        """Execute one run and return its result."""
        return await (await orchestrator.start(five_rules, number, id=f"run-{number}")).result()


class HandrailTriage(Handrail):
    """The README's triage: a rule, an AI step and an action."""

    name = "Handrail, the README's triage"

    async def run_once(self, orchestrator: Orchestrator, number: int, load: Load) -> int:  # noqa: ARG002
        """Execute one run and return what five steps would have returned."""
        handle = await orchestrator.start(triage, ticket(number), id=f"run-{number}")
        return checked(number, await handle.result())


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
