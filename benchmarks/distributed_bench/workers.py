"""How one, two and four workers share runs whose steps wait for something, as steps that ask models do."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

from bench.figure import TIMES, Figure, at_least, median_figure
from distributed_bench.servers import Servers, use
from distributed_bench.settings import Amount
from distributed_bench.sides import HandrailSide

PART = "workers"
AT_ONCE = "2"
"""Runs that a worker executes at the same time: few, so that one worker is full."""
COUNTS = (1, 2, 4)
WARM_UP = 8
LEAST = {2: 1.5, 4: 2.2}
"""How many times the work of one; steps that wait leave the processor to others, of which this machine has few."""


async def worker_rows(at: Servers, side: HandrailSide, amount: Amount, folder: Path) -> AsyncIterator[Figure]:
    """Measure runs a second, in turn."""
    rates: dict[int, list[float]] = {count: [] for count in COUNTS}
    spent: dict[int, list[float]] = {count: [] for count in COUNTS}
    for number in range(max(1, amount.rounds // 2)):
        for count in COUNTS if number % 2 == 0 else reversed(COUNTS):
            with ExitStack() as started:
                workers = [started.enter_context(side.worker(folder, "--concurrency", AT_ONCE)) for _ in range(count)]
                await side.run("patient", WARM_UP * count)
                before = use(at, workers)
                rates[count].append(amount.shared / await side.run("patient", amount.shared))
                spent[count].append(1000 * use(at, workers).since(before).total / amount.shared)
    for count in COUNTS:
        note = f"{sum(spent[count]) / len(spent[count]):.1f} ms of a processor for each"
        yield median_figure(PART, f"{count} of them, {AT_ONCE} runs at once each", rates[count], "runs/s", note=note)
    for count, least in LEAST.items():
        gain = max(rates[count]) / max(rates[1])
        yield Figure(PART, f"{count} workers ÷ 1, the best rounds", gain, TIMES, at_least(least))
