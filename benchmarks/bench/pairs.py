"""Two pieces of work of the same kind in turn, in short rounds: what the machine does meanwhile, it does to both."""

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench.figure import TIMES, Bar, Figure, number, ratios

Clock = Callable[[], float]
"""Tells seconds: of the processor (``time.process_time``) or on the wall (``time.perf_counter``)."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """What ours and the floor took, in milliseconds; the same place in both is the same round."""

    ours: tuple[float, ...]
    floor: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """Return the ratio of each round."""
        return ratios(self.ours, self.floor)

    def figure(self, part: str, name: str, bar: Bar | None = None, *, note: str = "", unit: str = "ms") -> Figure:
        """Return the median of the rounds' ratios; the note has what both took, and the least and the most ratio."""
        every = self.ratios
        told = (
            f"{number(statistics.median(self.ours))} {unit} for {number(statistics.median(self.floor))}",
            f"{number(min(every))} to {number(max(every))}",
        )
        said = "; ".join(filter(None, (note, *told)))
        return Figure(part, name, statistics.median(every), TIMES, bar, said, tuple(every))

    def late(self, part: str, name: str, bar: Bar | None = None, *, note: str = "") -> Figure:
        """Return the 95th centile of what ours took, by that of the floor."""
        ours, floor = centile(self.ours, 95), centile(self.floor, 95)
        told = f"{number(ours)} ms for {number(floor)}"
        return Figure(part, name, ours / floor, TIMES, bar, "; ".join(filter(None, (note, told))), tuple(self.ratios))

    def early(self, part: str, name: str, bar: Bar | None = None, *, note: str = "") -> Figure:
        """Return the 10th centile of what ours took, by that of the floor: the best moments of either."""
        ours, floor = centile(self.ours, 10), centile(self.floor, 10)
        told = (
            f"{number(ours)} ms for {number(floor)}",
            f"p50 {number(statistics.median(self.ours))} for {number(statistics.median(self.floor))}",
        )
        return Figure(part, name, ours / floor, TIMES, bar, "; ".join(filter(None, (note, *told))), tuple(self.ratios))


def centile(times: Sequence[float], percent: int) -> float:
    """Return a centile, one of 5, 10 to 95."""
    return statistics.quantiles(times, n=20, method="inclusive")[percent // 5 - 1]


def in_turn(
    ours: Callable[[], object],
    floor: Callable[[], object],
    rounds: int,
    *,
    times: int = 1,
    clock: Clock = time.process_time,
) -> Pairs:
    """Measure both in each round, ours first in every other one; what the first calls load and touch is not counted."""
    sides = (ours, floor)
    for side in sides:
        side()
    taken: tuple[list[float], list[float]] = ([], [])
    for number_ in range(rounds):
        for place in (0, 1) if number_ % 2 == 0 else (1, 0):
            taken[place].append(milliseconds(sides[place], times=times, clock=clock))
    return Pairs(tuple(taken[0]), tuple(taken[1]))


async def async_in_turn(
    ours: Callable[[], Awaitable[object]],
    floor: Callable[[], Awaitable[object]],
    rounds: int,
    *,
    clock: Clock = time.perf_counter,
) -> Pairs:
    """Measure both in each round, as ``in_turn`` does."""
    sides = (ours, floor)
    for side in sides:
        await side()
    taken: tuple[list[float], list[float]] = ([], [])
    for number_ in range(rounds):
        for place in (0, 1) if number_ % 2 == 0 else (1, 0):
            began = clock()
            await sides[place]()
            taken[place].append(1000 * (clock() - began))
    return Pairs(tuple(taken[0]), tuple(taken[1]))


def milliseconds(call: Callable[[], object], *, times: int = 1, clock: Clock = time.process_time) -> float:
    """Return the milliseconds of a call, the mean of some."""
    began = clock()
    for _ in range(times):
        call()
    return 1000 * (clock() - began) / times
