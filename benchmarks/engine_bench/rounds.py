"""Rounds: every side takes the load in turn, several times, so that the machine's drift hits all of them."""

import gc
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figure import ratios
from engine_bench.load import Load, Side
from engine_bench.spent import Spent

Reading = Callable[[Spent], float]
"""Reads one figure of what was spent."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """What each side spent in each round."""

    spent: dict[str, list[Spent]]
    """By the side's name; the same place in two lists is the same round."""

    def samples(self, side: str, reading: Reading) -> list[float]:
        """Return a side's figure in each round."""
        return [reading(spent) for spent in self.spent[side]]

    def ratios(self, side: str, other: str, reading: Reading) -> list[float]:
        """Return how many times the other side's figure this one is, in each round."""
        return ratios(self.samples(side, reading), self.samples(other, reading))

    def median(self, side: str, reading: Reading) -> float:
        """Return a side's median figure."""
        return statistics.median(self.samples(side, reading))


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
