"""What runs that wait for people take: memory, and a processor that should have nothing to do."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from statistics import median

from bench.figure import Figure, at_most
from distributed_bench.servers import Servers, memory, use
from distributed_bench.settings import Amount
from distributed_bench.sides import HandrailSide

PART = "runs that wait"
SETTLE_SECONDS = 5.0
DECIDED = 20
MOST_IDLE = 10.0
"""Percent of a core that a worker may take while nothing happens."""


async def waiting_rows(at: Servers, side: HandrailSide, amount: Amount, folder: Path) -> AsyncIterator[Figure]:
    """Let runs wait; look at what the three processes hold, and what they do in a quiet time."""
    with side.worker(folder) as worker:
        await side.ask(10)
        before, began = memory(at, worker), use(at, [worker])
        runs = await side.ask(amount.waiting)
        parked = use(at, [worker]).since(began)
        await asyncio.sleep(SETTLE_SECONDS)
        held = memory(at, worker)
        each = 1000 * parked.total / amount.waiting
        name = f"processor time until it waits, of {amount.waiting:,}"
        yield Figure(PART, name, each, "ms", note=_by_part(parked.seconds, 1000 / amount.waiting))
        for part, now in held.items():
            yield Figure(PART, f"memory of {part}", now, "MB", note=f"{now - before[part]:+.0f} MB with these runs")
        quiet = use(at, [worker])
        await asyncio.sleep(amount.idle_seconds)
        idle = use(at, [worker]).since(quiet)
        for part, seconds in idle.seconds.items():
            bar = at_most(MOST_IDLE) if part == "worker" else None
            yield Figure(PART, f"idle: {part}", 100 * seconds / amount.idle_seconds, "%", bar, "of a core")
        times = [1000 * await side.decide(run) for run in runs[: min(DECIDED, amount.waiting)]]
        yield Figure(PART, "from an answer to the result, p50", median(times), "ms", note="while the others wait")
    with side.worker(folder):
        seconds = await side.decide(runs[-1])
        yield Figure(PART, "from an answer to the result, a new worker", 1000 * seconds, "ms", note="with its start")


def _by_part(seconds: Mapping[str, float], times: float) -> str:
    return ", ".join(f"{part} {times * used:.1f}" for part, used in seconds.items())
