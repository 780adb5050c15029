"""Horizontal bars, each with its name and number above it and its interval on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.show.report.charts.axis import Axis
from handrail_evals.show.report.charts.svg import WIDTH, element, escaped, picture, rectangle, text
from handrail_evals.show.report.charts.whisker import Whisker, across
from handrail_evals.show.report.text import fitted

ROW = 36.0
NAME_COLUMNS = 26
"""How much of a name fits beside its number."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar."""

    name: str
    value: float
    """How long it is, 0 or more."""
    label: str
    """The number as people read it, with its unit."""
    whisker: Whisker | None = None
    """The interval of the value; None: it has none."""
    class_: str = "bar"
    """What the style sheet colours it by."""


def bars(rows: Sequence[Bar], *, title: str, description: str, longest: float, name: str) -> str:
    """Return the bars below each other on a scale from 0 to ``longest``."""
    x = Axis(0.0, longest, 0.0, WIDTH - 8.0)
    drawn = [_row(each, x, position * ROW) for position, each in enumerate(rows)]
    return picture(name, title, description, len(rows) * ROW, *drawn)


def _row(bar: Bar, x: Axis, top: float) -> str:
    middle = top + 25
    shown = fitted(bar.name, NAME_COLUMNS)
    return (
        element("g", element("title", escaped(bar.name)), text(0, top + 12, shown, class_="name"))
        + text(WIDTH - 8, top + 12, bar.label, class_="number", anchor="end")
        + rectangle((0, middle - 5, x.end, 10), "trough")
        + rectangle((0, middle - 5, x.at(bar.value), 10), bar.class_)
        + (across(bar.whisker, x, middle, "over") if bar.whisker else "")
    )
