"""What holding back costs where nothing is held back: a system at rest, limits, beside a step of the same policy."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.figure import TIMES, Figure, at_most
from handrail import Limit, Orchestrator, Retry, Run, action, workflow
from handrail.orchestrator import Breaker, Step
from operations_bench.amount import Bench

PART = "holding back"
RUNS, STEPS, ROUNDS = 200, 5, 7
AGAIN = Retry(attempts=2)


async def _bump(n: int) -> int:
    return n + 1


BODIES: Mapping[str, Step[..., Any]] = {
    "retry": action(retry=AGAIN)(_bump),
    "retry, a system at rest": action(retry=AGAIN, system="crm")(_bump),
    "retry, a limit of this process": action(retry=AGAIN, limit="own")(_bump),
    "retry, a shared limit": action(retry=AGAIN, limit="all")(_bump),
}


@workflow(version=1)
async def steps(run: Run, name: str) -> int:
    """Execute some steps of a kind."""
    n = 0
    for _ in range(STEPS):
        n = await run.step(BODIES[name], n)
    return n


def control_rows(_: Bench, folder: Path) -> Iterable[Figure]:
    """Measure the time of the processor that a step takes, each kind in turn, again and again."""
    taken: dict[str, list[float]] = {name: [] for name in BODIES}
    for number in range(ROUNDS):
        for name in BODIES:
            taken[name].append(asyncio.run(_spent(folder / f"{number}-{len(name)}.db", name)))
    floor = taken["retry"]
    yield Figure(PART, "a step with a retry", min(floor), "µs", note="time of the processor, the store included")
    bars = {"retry, a system at rest": at_most(1.10, 1.05), "retry, a limit of this process": at_most(1.25, 1.15)}
    for name in list(BODIES)[1:]:
        ratio = min(taken[name]) / min(floor)
        note = f"the least of {ROUNDS} rounds each"
        yield Figure(PART, f"{name}, beside it", ratio, TIMES, bars.get(name), note, tuple(taken[name]))


async def _spent(file: Path, name: str) -> float:
    systems, limits = {"crm": Breaker()}, {"own": Limit(concurrent=1_000), "all": Limit(concurrent=1_000, shared=True)}
    orchestrator = Orchestrator(
        f"sqlite:///{file}", workflows=[steps], systems=systems, limits=limits, durability="process"
    )
    async with orchestrator:
        began = time.process_time()
        await orchestrator.start_many(steps, [(None, name)] * RUNS)
        await orchestrator.idle()
        return 1e6 * (time.process_time() - began) / (RUNS * STEPS)
