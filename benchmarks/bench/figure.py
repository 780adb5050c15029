"""One measured figure, and the bar that it is held to."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

TIMES = "\N{MULTIPLICATION SIGN}"
"""The unit of a ratio."""

Mark: TypeAlias = Literal["aim", "holds", "missed", "failed"]
"""How a figure stands: reaches the aim, holds what it must, does neither, or could not be measured."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Two limits of one figure, in the figure's own unit; built by ``at_least`` and ``at_most``."""

    better: Literal["higher", "lower"]
    must: float
    aim: float | None = None
    """What we are after; None where nothing beyond ``must`` is promised."""

    def mark(self, value: float) -> Mark:
        """Return how the value stands."""
        if self.aim is not None and self._reaches(value, self.aim):
            return "aim"
        return "holds" if self._reaches(value, self.must) else "missed"

    def _reaches(self, value: float, limit: float) -> bool:
        return value >= limit if self.better == "higher" else value <= limit


def at_least(must: float, aim: float | None = None) -> Bar:
    """Return a bar for a figure of which more is better."""
    return Bar("higher", must, aim)


def at_most(must: float, aim: float | None = None) -> Bar:
    """Return a bar for a figure of which less is better."""
    return Bar("lower", must, aim)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one part."""

    part: str
    """The part of the benchmark it belongs to, such as ``50 callers``."""
    name: str
    """What was measured, of whom."""
    value: float | None
    """The figure; None when it could not be measured, which ``note`` explains."""
    unit: str = "%"
    """Of the figure: ``runs/s``, ``ms``, ``TIMES`` and so on."""
    bar: Bar | None = None
    """What it is held to, if anything."""
    note: str = ""
    """What else the reader should know, in a few words."""
    samples: tuple[float, ...] = ()
    """The figure of each repetition, in order; their median is ``value``."""
    failed: bool = False
    """Whether measuring it ended in an error, which ``note`` tells."""

    @property
    def mark(self) -> Mark | None:
        """Return how the figure stands to its bar, or None for one that is held to nothing."""
        if self.failed:
            return "failed"
        if self.bar is None or self.value is None:
            return None
        return self.bar.mark(self.value)


def median_figure(
    part: str, name: str, samples: Sequence[float], unit: str, *, bar: Bar | None = None, note: str = ""
) -> Figure:
    """Return a figure that was measured several times; its note ends with the spread."""
    spread = "" if len(samples) < 2 else f"{number(min(samples), unit)} to {number(max(samples), unit)}"
    told = "; ".join(filter(None, (note, spread)))
    return Figure(part, name, statistics.median(samples), unit, bar, told, tuple(samples))


def best_figure(
    part: str, name: str, samples: Sequence[float], unit: str, *, bar: Bar | None = None, note: str = ""
) -> Figure:
    """Return the least of several times on the wall: what else the machine does makes each longer, and none shorter."""
    told = "; ".join(filter(None, (note, f"the least of {len(samples)}, median {number(statistics.median(samples))}")))
    return Figure(part, name, min(samples), unit, bar, told, tuple(samples))


def best_third(
    part: str, name: str, samples: Sequence[float], unit: str, *, bar: Bar | None = None, note: str = ""
) -> Figure:
    """Return the least median of three parts of what was looked at in turn: a machine is not busy all the time."""
    size = -(-len(samples) // 3)
    thirds = [statistics.median(samples[first : first + size]) for first in range(0, len(samples), size)]
    told = "; ".join(filter(None, (note, f"the best third, median of all {number(statistics.median(samples))}")))
    return Figure(part, name, min(thirds), unit, bar, told, tuple(samples))


def ratios(taken: Sequence[float], base: Sequence[float]) -> list[float]:
    """Return the ratio of each round: a noisy machine is noisy for both sides of it."""
    return [mine / theirs for mine, theirs in zip(taken, base, strict=True)]


def percent(hits: float, of: float) -> float:
    """Return a share as a percentage; of nothing it is 0."""
    return 100.0 * hits / of if of else 0.0


def number(value: float, unit: str = "") -> str:
    """Return a figure with two decimals when it is a percentage, else with three digits or all before the point."""
    if unit == "%" and (value == 0 or abs(value) >= 0.01):
        return f"{value:.2f}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value else "0"
