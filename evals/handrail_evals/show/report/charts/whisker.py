"""Dot and whisker: an estimate with the range it may truly have."""

from dataclasses import dataclass

from handrail_evals.show.report.charts.axis import Axis
from handrail_evals.show.report.charts.svg import element, escaped, line, text

WIDTH, HEIGHT = 240, 22
CAP = 4
"""Half the height of a whisker's ends."""


@dataclass(frozen=True, slots=True)
class Whisker:
    """An estimate and its interval."""

    estimate: float
    low: float
    high: float


def across(whisker: Whisker, axis: Axis, y: float, class_: str = "mark") -> str:
    """Return a whisker that lies on a chart at height ``y``."""
    low, high, dot = axis.at(whisker.low), axis.at(whisker.high), axis.at(whisker.estimate)
    return (
        line(low, y, high, y, f"whisker {class_}")
        + line(low, y - CAP, low, y + CAP, f"whisker {class_}")
        + line(high, y - CAP, high, y + CAP, f"whisker {class_}")
        + element("circle", cx=dot, cy=y, r=3.2, class_=f"dot {class_}")
    )


def upright(whisker: Whisker, axis: Axis, x: float, class_: str = "mark") -> str:
    """Return a whisker that stands on a chart at ``x``."""
    low, high, dot = axis.at(whisker.low), axis.at(whisker.high), axis.at(whisker.estimate)
    return (
        line(x, low, x, high, f"whisker {class_}")
        + line(x - CAP + 1, low, x + CAP - 1, low, f"whisker {class_}")
        + line(x - CAP + 1, high, x + CAP - 1, high, f"whisker {class_}")
        + element("circle", cx=x, cy=dot, r=3.2, class_=f"dot {class_}")
    )


def strip(whisker: Whisker, axis: Axis, title: str, *, marks: tuple[float, ...] = (), class_: str = "mark") -> str:
    """Return a small picture of one whisker for a row of a table; ``marks`` are numbers to hold it against."""
    return element(
        "svg",
        element("title", escaped(title)),
        line(axis.start, HEIGHT / 2, axis.end, HEIGHT / 2, "track"),
        *(line(axis.at(mark), 2, axis.at(mark), HEIGHT - 2, "against") for mark in marks),
        across(whisker, axis, HEIGHT / 2, class_),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="strip",
        role="img",
        aria_label=title,
    )


def scale(low: float, high: float) -> Axis:
    """Return the axis of strips that stand below each other."""
    return Axis(low, high, 6, WIDTH - 6)


def ruler(axis: Axis, labels: dict[float, str], title: str) -> str:
    """Return the scale above strips, labelled at some numbers."""
    marks = []
    for value, label in labels.items():
        x = axis.at(value)
        anchor = "start" if x - axis.start < 1 else "end" if axis.end - x < 1 else "middle"
        marks.append(text(x, 11, label, class_="tick", anchor=anchor) + line(x, 15, x, 18, "axis"))
    return element(
        "svg",
        element("title", escaped(title)),
        *marks,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} 18",
        class_="strip",
        role="img",
        aria_label=title,
    )
