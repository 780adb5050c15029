"""Rounds: every side takes the load in turn, several times, so that the machine's drift hits all of them."""

import gc
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine_bench.load import Load, Side
from engine_bench.spent import Spent

Figure = Callable[[Spent], float]
"""Reads one figure of what was spent."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """What each side spent in each round."""

    spent: dict[str, list[Spent]]
    """By the side's name; the same place in two lists is the same round."""

    def samples(self, side: str, figure: Figure) -> list[float]:
        """Return a side's figure in each round."""
        return [figure(spent) for spent in self.spent[side]]

    def ratios(self, side: str, other: str, figure: Figure) -> list[float]:
        """Return how many times the other side's figure this one is, in each round."""
        pairs = zip(self.samples(side, figure), self.samples(other, figure), strict=True)
        return [mine / theirs for mine, theirs in pairs]

    def median(self, side: str, figure: Figure) -> float:
        """Return a side's median figure."""
        return statistics.median(self.samples(side, figure))


def in_rounds(sides: Sequence[tuple[Side, Load]], repetitions: int, directory: Path) -> Rounds:
    """Put each side's load on it in every round, forwards and backwards in turn, each time on a new file."""
    spent: dict[str, list[Spent]] = {side.name: [] for side, _ in sides}
    for repetition in range(repetitions):
        for side, load in sides if repetition % 2 == 0 else reversed(sides):
            spent[side.name].append(_measure(side, load, directory))
    return Rounds(spent)


def _measure(side: Side, load: Load, directory: Path) -> Spent:
    file = directory / "measured.db"
    gc.collect()
    try:
        return side.measure(file, load)
    finally:
        for leftover in directory.glob(f"{file.name}*"):
            leftover.unlink()
