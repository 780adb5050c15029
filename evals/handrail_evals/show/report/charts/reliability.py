"""Reliability diagram: how often answers of a stated confidence are right (DeGroot and Fienberg 1983)."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.show.report.charts.axis import Axis, bottom, left, upright
from handrail_evals.show.report.charts.svg import WIDTH, line, path, picture, rectangle
from handrail_evals.show.report.charts.whisker import Whisker
from handrail_evals.show.report.charts.whisker import upright as whisker
from handrail_evals.show.report.numbers import counted, share

LEFT, RIGHT = 46.0, WIDTH - 10.0
TOP, BASE = 10.0, 220.0
BARS_TOP, BARS_BASE = 234.0, 268.0
HEIGHT = 302.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases of about one confidence."""

    low: float
    """The lowest confidence in it, 0 to 1."""
    high: float
    """The highest confidence in it, 0 to 1."""
    confidence: float
    """Their mean confidence, 0 to 1."""
    right: Whisker
    """The share of them that is right, with its interval, 0 to 1."""
    cases: int


def reliability(bins: Sequence[Bin], *, name: str = "reliability") -> str:
    """Return the diagram: a point a bin over its share of the cases; on the diagonal confidence means what it says."""
    x = Axis(0.0, 1.0, LEFT, RIGHT)
    y = Axis(0.0, 1.0, BASE, TOP)
    total = sum(each.cases for each in bins)
    worst = max(bins, key=lambda each: abs(each.confidence - each.right.estimate), default=None)
    described = f"{counted(len(bins), 'group')} of {counted(total, 'case')}"
    if worst is not None:
        described += (
            f"; farthest from the diagonal at confidence {share(worst.confidence)},"
            f" where {share(worst.right.estimate)} are right"
        )
    return picture(
        name,
        "Confidence against share right",
        described,
        HEIGHT,
        left(y, (LEFT, RIGHT), lambda value: share(value, 0)),
        upright(10, (TOP + BASE) / 2, "share right"),
        path([(x.at(0), y.at(0)), (x.at(1), y.at(1))], "ideal"),
        path([(x.at(each.confidence), y.at(each.right.estimate)) for each in bins], "trend") if len(bins) > 1 else "",
        *(whisker(each.right, y, x.at(each.confidence)) for each in bins),
        _counts(bins, x),
        bottom(x, BARS_BASE, x.labels(lambda value: share(value, 0)), "confidence"),
    )


def _counts(bins: Sequence[Bin], x: Axis) -> str:
    """Return the bins' cases as bars: as wide as the bin, so high that the area is the count, up to the frame."""
    densities = [each.cases / max(each.high - each.low, 0.01) for each in bins]
    tallest = max(densities, default=1.0) or 1.0
    bars = []
    for each, density in zip(bins, densities, strict=True):
        middle, wide = (x.at(each.low) + x.at(each.high)) / 2, x.at(each.high) - x.at(each.low)
        wide = max(wide, 3.0)
        high = max(1.0, (BARS_BASE - BARS_TOP) * density / tallest)
        tip = f"{share(each.low)} to {share(each.high)}: {counted(each.cases, 'case')}"
        bars.append(rectangle((middle - wide / 2, BARS_BASE - high, wide, high), "count", tip))
    return line(LEFT, BARS_BASE, RIGHT, BARS_BASE, "axis") + "".join(bars)
