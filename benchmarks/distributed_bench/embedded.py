"""The embedded engine on PostgreSQL beside itself on SQLite: the same load, and every commit waits for the disk."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median

from bench.figure import TIMES, Figure, at_least, median_figure, ratios
from distributed_bench.flows import STEPS, trivial
from distributed_bench.processes import cpu_seconds
from distributed_bench.servers import Servers
from distributed_bench.settings import Amount
from handrail import Orchestrator

PART = "the embedded engine"
CALLERS = 50
WARM_UP = 20
SQLITE, POSTGRES = "SQLite", "PostgreSQL"


async def embedded_rows(at: Servers, amount: Amount, folder: Path) -> AsyncIterator[Figure]:
    """Measure runs a second, and the time of this process and of the server, in turn."""
    rates: dict[str, list[float]] = {SQLITE: [], POSTGRES: []}
    spent: dict[str, list[float]] = {SQLITE: [], POSTGRES: []}
    served: list[float] = []
    for number in range(amount.rounds):
        for name in rates if number % 2 == 0 else reversed(rates):
            with at.store() as schema:
                address = f"sqlite:///{folder}/{number}.db" if name == SQLITE else schema
                before = cpu_seconds(at.postgres.pid)
                rate, cpu = await _measured(address, amount.embedded)
                rates[name].append(rate)
                spent[name].append(cpu)
                if name == POSTGRES:
                    served.append(1000 * (cpu_seconds(at.postgres.pid) - before) / amount.embedded)
    for name, reached in rates.items():
        note = f"{median(spent[name]):.2f} ms of this process for each"
        if name == POSTGRES:
            note += f", {median(served):.2f} of the server"
        yield median_figure(PART, f"on {name}, {CALLERS} callers", reached, "runs/s", note=note)
    beside = max(rates[POSTGRES]) / max(rates[SQLITE])
    name = "PostgreSQL ÷ SQLite: runs a second, the best rounds"
    yield Figure(PART, name, beside, TIMES, at_least(0.15, 0.4))
    took = ratios(spent[POSTGRES], spent[SQLITE])
    yield median_figure(PART, "PostgreSQL ÷ SQLite: processor time of this process", took, TIMES)


async def _measured(address: str, count: int) -> tuple[float, float]:
    async with Orchestrator(address, workflows=[trivial]) as orchestrator:

        async def caller(runs: int) -> None:
            for number in range(runs):
                result = await (await orchestrator.start(trivial, number)).result()
                if result != number + STEPS:
                    raise RuntimeError(f"a run ended with {result}")

        await asyncio.gather(*(caller(1) for _ in range(WARM_UP)))
        share = max(1, count // CALLERS)
        began, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(caller(share) for _ in range(CALLERS)))
        runs = share * CALLERS
        return runs / (time.perf_counter() - began), 1000 * (time.process_time() - used) / runs
