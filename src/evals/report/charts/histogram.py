"""Histogram of durations on a logarithmic scale, with the middle and the slow end marked."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evals.report.charts.axis import Axis, bottom, decade_ticks, left, round_end
from evals.report.charts.svg import WIDTH, line, picture, rectangle, text
from evals.report.numbers import count, counted

LEFT, RIGHT = 46.0, WIDTH - 10.0
TOP, BASE = 36.0, 168.0
HEIGHT = 202.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """Cases between two values."""

    low: float
    """Above 0."""
    high: float
    """Above ``low``."""
    cases: int


def histogram(
    buckets: Sequence[Bucket],
    *,
    title: str,
    write: Callable[[float, int], str],
    marks: Mapping[str, float],
    name: str = "histogram",
) -> str:
    """Return the bars from the first bucket, of at least one, to the last.

    ``write`` makes words of a value, with so many digits; ``marks`` are values to point out, by name.
    """
    low, high = buckets[0].low, buckets[-1].high
    scale = Axis(math.log10(low), math.log10(high), LEFT, RIGHT)
    y = Axis(0.0, round_end(max(1, *(each.cases for each in buckets)), 3), BASE, TOP)
    ticks = {math.log10(tick): write(tick, 1) for tick in decade_ticks(low, high)}
    spots = {label: scale.at(math.log10(max(value, low))) for label, value in marks.items()}
    described = ", ".join(f"{label} {write(value, 3)}" for label, value in marks.items())
    return picture(
        name,
        title,
        described or counted(sum(each.cases for each in buckets), "case"),
        HEIGHT,
        left(y, (LEFT, RIGHT), count, about=3),
        *(_bar(each, scale, y, write) for each in buckets if each.cases),
        *(_mark(row, f"{label} {write(value, 3)}", spots[label]) for row, (label, value) in enumerate(marks.items())),
        bottom(scale, BASE, ticks, title),
    )


def _bar(bucket: Bucket, x: Axis, y: Axis, write: Callable[[float, int], str]) -> str:
    start, end, top = x.at(math.log10(bucket.low)), x.at(math.log10(bucket.high)), y.at(bucket.cases)
    tip = f"{write(bucket.low, 2)} to {write(bucket.high, 2)}: {counted(bucket.cases, 'case')}"
    return rectangle((start + 0.5, top, end - start - 1, BASE - top), "bar", tip)


def _mark(row: int, words: str, across: float) -> str:
    """Return a line at a value; each has a row of its own for its words, so that two near each other stay legible."""
    height = 12.0 + 13 * row
    anchor, shift = ("start", 5) if across < WIDTH - 90 else ("end", -5)
    return line(across, height - 8, across, BASE, "own-line") + text(
        across + shift, height, words, class_="note own", anchor=anchor
    )
