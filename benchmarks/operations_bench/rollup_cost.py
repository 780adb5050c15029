"""Rolling up beside the engine: what it takes of its throughput, and of a processor for a run.

Whether it takes more than it may is seen on one engine, which rolls up during every other slice of runs.
"""

import asyncio
import time
from collections.abc import Iterable
from functools import partial
from operator import attrgetter
from pathlib import Path

from bench.figure import TIMES, Figure, at_most, median_figure
from bench.pairs import Pairs
from engine_bench.callers import call_load, call_together
from engine_bench.five_steps import five
from engine_bench.handrail_side import Handrail, store_url
from engine_bench.load import Load
from engine_bench.rounds import Reading, in_rounds
from engine_bench.slices import in_slices
from engine_bench.spent import Spent
from handrail import Orchestrator
from handrail_orchestrator.statistics.rolling import AT_ONCE, BUSY_SHARE, RollingUp, RollsUp
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.figures import RolledUp, RollUp
from operations_bench.amount import Bench

PART = "rolling up beside the engine"
CALLERS = 50
RATE: Reading = attrgetter("runs_per_second")
CPU: Reading = attrgetter("cpu_ms")
SLICES, RUNS_A_SLICE = 6, 1_000
"""Slices for each round of the others: long enough to roll up several times in one, for it rests in between."""


class AlwaysRollingUp(RollingUp):
    """The chore that begins again at once, so that it works throughout."""

    every_seconds = 0.05


class Switched:
    """Rolls up as a client does while it is switched on, and says that there is nothing more while it is not."""

    def __init__(self, client: RollsUp) -> None:
        self._client = client
        self.is_on = False

    async def roll_up(self, *, most: int = AT_ONCE) -> bool:
        """Roll up some runs, or nothing."""
        return self.is_on and await self._client.roll_up(most=most)


class HandrailRollingUp(Handrail):
    """The engine while what ended is rolled up, without a pause."""

    name = "Handrail, rolling up"

    async def _measure(self, file: Path, load: Load) -> Spent:
        engine = Orchestrator(
            store_url(file),
            workflows=[five],
            concurrency=load.concurrency,
            durability="power",
            chores=[AlwaysRollingUp],
        )
        async with engine as orchestrator:

            async def run_once(number: int) -> int:
                return await self.run_once(orchestrator, number, load)

            await orchestrator.roll_up()  # what it needs is loaded once
            return await call_load(run_once, load)


def rollup_rows(bench: Bench, folder: Path) -> Iterable[Figure]:
    """Measure throughput with and without, in turn, and what rolling up a run takes."""
    without, rolling = Handrail(), HandrailRollingUp()
    runs = bench.amount.rollup_runs
    load = Load(runs, CALLERS, warm_up=500)
    rounds = in_rounds([(without, load), (rolling, load)], bench.amount.rollup_rounds, folder)
    for side in (without, rolling):
        yield median_figure(PART, side.name, rounds.samples(side.name, RATE), "runs/s")
    best = max(rounds.samples(rolling.name, RATE)) / max(rounds.samples(without.name, RATE))
    yield Figure(
        PART, f"{rolling.name} ÷ {without.name}, the best rounds", best, TIMES, note="as busy as the machine is"
    )
    in_turn = asyncio.run(_in_turn(folder / "slices.db", SLICES * bench.amount.rollup_rounds))
    yield in_turn.figure(PART, f"CPU: {rolling.name} ÷ {without.name}, slice by slice", at_most(1.05))
    yield _of_a_run(folder, runs, rounds.median(without.name, CPU))


async def _in_turn(file: Path, slices: int) -> Pairs:
    """Measure runs on one engine, while it rolls up and while it does not."""
    switches: list[Switched] = []

    def chore(client: RollsUp) -> AlwaysRollingUp:
        switches.append(Switched(client))
        return AlwaysRollingUp(switches[-1])

    engine = Orchestrator(store_url(file), workflows=[five], concurrency=CALLERS, durability="power", chores=[chore])
    async with engine as orchestrator:
        load, side = Load(RUNS_A_SLICE, CALLERS, warm_up=0), Handrail()

        async def some(numbers: range, *, is_on: bool) -> None:
            for each in switches:
                each.is_on = is_on
            await call_together(lambda number: side.run_once(orchestrator, number, load), numbers, CALLERS)

        await orchestrator.roll_up()  # what it needs is loaded once
        return await in_slices(partial(some, is_on=True), partial(some, is_on=False), slices, RUNS_A_SLICE)


def _of_a_run(folder: Path, count: int, executing_ms: float) -> Figure:
    """Roll up the runs of a load at once, and compare with what executing them takes."""
    file = folder / "rolled.db"

    async def execute() -> None:
        async with Orchestrator(store_url(file), workflows=[five], concurrency=CALLERS) as orchestrator:
            await orchestrator.start_many(five, [(f"run-{number}", number) for number in range(count)])
            await orchestrator.idle()

    asyncio.run(execute())
    store, runs = open_store(store_url(file)), 0
    began, more = time.process_time(), True
    while more:
        (done,) = store.apply([RollUp(time.time() + 1_000, AT_ONCE)])
        assert isinstance(done, RolledUp)
        runs, more = runs + done.runs, done.more
    spent = 1000 * (time.process_time() - began) / runs
    store.close()
    note = f"{1000 * spent:.0f} µs for 5 steps; the chore rests {BUSY_SHARE} times as long, and catches up afterwards"
    return Figure(PART, "CPU: rolling a run up ÷ executing it", 100 * spent / executing_ms, "%", note=note)
