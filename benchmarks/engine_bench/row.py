"""A row of the table: one figure, with its bar where it has one."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine_bench.bar import Bar, Mark

TIMES = "\N{MULTIPLICATION SIGN}"
"""The unit of a ratio."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one part."""

    part: str
    """The part of the benchmark it belongs to, such as ``50 callers``."""
    name: str
    """What was measured, of whom."""
    value: float | None
    """The figure; None when it could not be measured, which ``note`` explains."""
    unit: str
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

    def as_json(self) -> dict[str, Any]:
        """Return the row as JSON data."""
        return {
            "part": self.part,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "must": None if self.bar is None else self.bar.must,
            "aim": None if self.bar is None else self.bar.aim,
            "better": None if self.bar is None else self.bar.better,
            "mark": self.mark,
            "note": self.note,
            "samples": list(self.samples),
        }


def median_row(part: str, name: str, samples: Sequence[float], unit: str, *, bar: Bar | None = None) -> Row:
    """Return the row of a figure measured several times; its note tells the spread."""
    note = "" if len(samples) < 2 else f"{number(min(samples))} to {number(max(samples))}"
    return Row(part, name, statistics.median(samples), unit, bar, note, tuple(samples))


def failed_row(part: str, why: str) -> Row:
    """Return the row of a part that ended in an error."""
    return Row(part, "failed", None, "", note=why, failed=True)


def missing_row(part: str, name: str, unit: str, why: str) -> Row:
    """Return the row of a figure nobody could measure and nothing is held to."""
    return Row(part, name, None, unit, note=why)


def number(value: float) -> str:
    """Return a figure with three significant digits, or all digits before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value else "0"
