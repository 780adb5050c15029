"""Histogram of durations on a logarithmic scale, with the middle and the slow end marked."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from handrail_evals.show.report.charts.axis import Axis, bottom, decade_ticks, left, round_end
from handrail_evals.show.report.charts.svg import WIDTH, line, picture, rectangle, text
from handrail_evals.show.report.numbers import count, counted

LEFT, RIGHT = 46.0, WIDTH - 10.0
TOP, BASE = 40.0, 172.0
HEIGHT = 206.0
ROOM = 84.0
"""What the words of a mark take at most."""
ROW = 16.0
"""Between the words of two marks: a line of text and its gap."""


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
        *(line(across, ROW * row + 4, across, BASE, "own-line") for row, across in enumerate(spots.values())),
        *(_words(row, f"{label} {write(marks[label], 3)}", spots) for row, label in enumerate(marks)),
        bottom(scale, BASE, ticks, title),
    )


def _bar(bucket: Bucket, x: Axis, y: Axis, write: Callable[[float, int], str]) -> str:
    start, end, top = x.at(math.log10(bucket.low)), x.at(math.log10(bucket.high)), y.at(bucket.cases)
    tip = f"{write(bucket.low, 2)} to {write(bucket.high, 2)}: {counted(bucket.cases, 'case')}"
    return rectangle((start + 0.5, top, end - start - 1, BASE - top), "bar", tip)


def _words(row: int, words: str, spots: Mapping[str, float]) -> str:
    """Return the words of a mark, away from the other marks: the first one's left of its line, the others' right.

    Each has a row of its own, so that they stay apart where the edge of the picture leaves one side only.
    """
    across = list(spots.values())[row]
    leftmost = across <= min(spots.values()) and len(spots) > 1
    on_left = across > WIDTH - ROOM or (leftmost and row == 0 and across > LEFT + ROOM)
    anchor, shift = ("end", -5) if on_left else ("start", 5)
    return text(across + shift, ROW * row + 12, words, class_="note own", anchor=anchor)
