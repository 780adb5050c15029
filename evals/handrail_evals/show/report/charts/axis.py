"""Axes: where a number stands on a chart, and the round numbers that say so."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handrail_evals.show.report.charts.svg import line, number, text


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight scale from numbers to units of the chart."""

    low: float
    """The number at ``start``."""
    high: float
    """The number at ``end``, above ``low``."""
    start: float
    """Where it starts: left for x, bottom for y."""
    end: float
    """Where it ends: right for x, top for y."""

    def at(self, value: float) -> float:
        """Return where a number stands; one beyond the scale stands at its end."""
        part = (value - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, part)) * (self.end - self.start)

    def labels(self, write: Callable[[float], str], about: int = 5) -> dict[float, str]:
        """Return about so many round numbers on the scale with their words."""
        return {tick: write(tick) for tick in self.ticks(about)}

    def ticks(self, about: int = 5) -> list[float]:
        """Return about so many round numbers on the scale."""
        step = round_step((self.high - self.low) / max(1, about))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [place * step for place in range(first, last + 1)]


def decade_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return at most about so many round numbers between two positive ones for a logarithmic scale."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for steps in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        found = [step * 10.0**power for power in decades for step in steps if low <= step * 10.0**power <= high]
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / most)]


def round_step(step: float) -> float:
    """Return the next larger of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(size * power for size in (1.0, 2.0, 2.5, 5.0, 10.0) if size * power >= step * (1 - 1e-9))


def round_end(value: float, about: int = 5) -> float:
    """Return a round number at or above a positive one, for the end of a scale that starts at 0."""
    step = round_step(value / about)
    return math.ceil(value / step - 1e-9) * step


def bottom(axis: Axis, y: float, ticks: Mapping[float, str], title: str) -> str:
    """Return an x axis: ticks with their words below a line at ``y``, the title under them."""
    parts = [line(axis.start, y, axis.end, y, "axis")]
    for tick, words in ticks.items():
        x = axis.at(tick)
        # The last tick's words end with the axis: centred, they would run out of the picture.
        anchor = "end" if axis.end - x < 3 * len(words) - 8 else "middle"
        parts.append(line(x, y, x, y + 3, "axis"))
        parts.append(text(min(x, axis.end + 4) if anchor == "end" else x, y + 14, words, class_="tick", anchor=anchor))
    parts.append(text((axis.start + axis.end) / 2, y + 29, title, class_="axis-title", anchor="middle"))
    return "".join(parts)


def left(axis: Axis, across: tuple[float, float], write: Callable[[float], str], *, about: int = 5) -> str:
    """Return a y axis: ticks written left of the plot, with a grid line across it from left to right."""
    parts = []
    for tick in axis.ticks(about):
        y = axis.at(tick)
        parts.append(line(across[0], y, across[1], y, "grid"))
        parts.append(text(across[0] - 6, y + 3.5, write(tick), class_="tick", anchor="end"))
    return "".join(parts)


def upright(x: float, y: float, title: str) -> str:
    """Return a y axis' title, read from bottom to top."""
    turned = f"rotate(-90 {number(x)} {number(y)})"
    return text(x, y, title, class_="axis-title", anchor="middle", transform=turned)
