"""How long it takes from a person's answer to the end of its run."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from statistics import median, quantiles

from bench.figure import TIMES, Figure, at_most
from distributed_bench.settings import Amount
from distributed_bench.sides import Compared

IN_MEMORY = "from an answer to the result, Temporal in memory"
ON_DISK = "from an answer to the result, all on the disk"
"""Where both sides wait for the disk, as they do in production."""
WARM_UP = 3


async def decision_rows(part: str, sides: Sequence[Compared], amount: Amount, folder: Path) -> AsyncIterator[Figure]:
    """Measure both in turn, answer by answer; after the answer one more step is taken."""
    plain, ours = sides
    taken: dict[str, list[float]] = {side.name: [] for side in sides}
    with plain.worker(folder), ours.worker(folder):
        runs = {side.name: await side.ask(amount.decisions + WARM_UP) for side in sides}
        for number in range(amount.decisions + WARM_UP):
            for side in sides if number % 2 == 0 else reversed(sides):
                seconds = await side.decide(runs[side.name][number])
                if number >= WARM_UP:
                    taken[side.name].append(seconds)
    for side in sides:
        times = [1000 * each for each in taken[side.name]]
        note = f"p95 {quantiles(times, n=20)[-1]:.0f} ms, least {min(times):.0f} ms"
        yield Figure(part, f"{side.name}: p50", median(times), "ms", note=note)
    beside = median(taken[ours.name]) / median(taken[plain.name])
    yield Figure(part, "ours ÷ by hand: p50", beside, TIMES, at_most(1.5) if part == ON_DISK else None)
