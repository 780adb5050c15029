"""What five trivial steps cost on Temporal: by hand, and as a run of ours."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from bench.figure import TIMES, Figure, at_most, median_figure, ratios
from distributed_bench.servers import Servers, Use, use
from distributed_bench.settings import Amount
from distributed_bench.sides import Compared

PART = "five steps on Temporal"
WARM_UP, CHECKED = 20, 5
PARTS = ("worker", "Temporal", "PostgreSQL")


async def five_step_rows(at: Servers, sides: Sequence[Compared], amount: Amount, folder: Path) -> AsyncIterator[Figure]:
    """Measure both, in turn, forwards and backwards; the server is the same, its database in memory."""
    plain, ours = sides
    spent: dict[str, list[Use]] = {side.name: [] for side in sides}
    rates: dict[str, list[float]] = {side.name: [] for side in sides}
    for number in range(amount.rounds):
        for side in sides if number % 2 == 0 else reversed(sides):
            with side.worker(folder) as worker:
                await side.check(CHECKED)
                await side.trivial(WARM_UP)
                await side.settled()
                before = use(at, [worker])
                seconds = await side.trivial(amount.runs)
                await side.settled()
                spent[side.name].append(use(at, [worker]).since(before))
                rates[side.name].append(amount.runs / seconds)
    totals = {name: [1000 * each.total / amount.runs for each in used] for name, used in spent.items()}
    for side in sides:
        parts = {part: sum(each.seconds[part] for each in spent[side.name]) for part in PARTS}
        whole = ", ".join(
            f"{part} {1000 * seconds / amount.runs / amount.rounds:.1f}" for part, seconds in parts.items()
        )
        yield median_figure(PART, f"{side.name}: processor time of a run", totals[side.name], "ms", note=whole)
    beside = ratios(totals[ours.name], totals[plain.name])
    yield median_figure(PART, "ours ÷ by hand: processor time", beside, TIMES, bar=at_most(0.7))
    for side in sides:
        yield median_figure(PART, f"{side.name}: runs a second", rates[side.name], "runs/s", note="one worker")
    yield median_figure(PART, "ours ÷ by hand: runs a second", ratios(rates[ours.name], rates[plain.name]), TIMES)
