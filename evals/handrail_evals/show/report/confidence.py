"""The part of the page on confidence: whether it means what it says, and what a threshold on it would come to."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handrail_evals.numbers.metrics.confidence import Reliability, ReliabilityBin
from handrail_evals.numbers.metrics.risk import RiskPoint
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.numbers.summary.summary import Summary
from handrail_evals.show.report.charts import (
    WIDTH,
    Axis,
    Whisker,
    bottom,
    drawn,
    element,
    left,
    line,
    path,
    picture,
    rectangle,
    round_end,
    standing,
    text,
    upright,
)
from handrail_evals.show.report.metrics import NumberRow, earlier, named_numbers, number
from handrail_evals.show.report.writing import count, counted, share, spread
from handrail_evals.show.tables import Table

LEFT, RIGHT = 46.0, WIDTH - 10.0
DIAGRAM_TOP, DIAGRAM_BASE = 10.0, 220.0
BARS_TOP, BARS_BASE = 234.0, 268.0
CURVE_TOP, CURVE_BASE = 16.0, 268.0
HEIGHT = 302.0
CURVE_ROWS = 20


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
    y = Axis(0.0, 1.0, DIAGRAM_BASE, DIAGRAM_TOP)
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
        upright(10, (DIAGRAM_TOP + DIAGRAM_BASE) / 2, "share right"),
        path([(x.at(0), y.at(0)), (x.at(1), y.at(1))], "ideal"),
        path([(x.at(each.confidence), y.at(each.right.estimate)) for each in bins], "trend") if len(bins) > 1 else "",
        *(standing(each.right, y, x.at(each.confidence)) for each in bins),
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


@dataclass(frozen=True, slots=True)
class Point:
    """What accepting the surest answers comes to."""

    coverage: float
    """Share of the cases that is accepted, 0 to 1."""
    risk: float
    """Share of the accepted that is wrong, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Operating:
    """Where the step stands by its own rule."""

    coverage: float
    """Share of the cases that it accepts, 0 to 1."""
    risk: Whisker
    """Share of what it accepts that is wrong, with its interval, 0 to 1."""


def own_operating(acceptance: Sequence[MetricValue]) -> Operating | None:
    """Return where the step stands by the metrics of its acceptance; None: it accepts nothing, or does not say."""
    found = {each.name: each for each in acceptance}
    coverage, risk = found.get("coverage"), found.get("risk")
    if coverage is None or risk is None or coverage.value is None or risk.value is None:
        return None
    own = Whisker(risk.value, risk.value, risk.value) if risk.interval is None else Whisker.of(risk.interval)
    return Operating(coverage.value, own)


def risk_coverage(
    curve: Sequence[Point],
    *,
    operating: Operating | None = None,
    target: float | None = None,
    name: str = "risk-coverage",
) -> str:
    """Return the curve, with the step's own point and the risk it was promised to stay under, when they are known."""
    x = Axis(0.0, 1.0, LEFT, RIGHT)
    # The first few cases make the curve jump to 100% and back: the scale follows what comes after them.
    settled = [each.risk for each in curve if each.coverage >= 0.05] or [each.risk for each in curve]
    highest = max([*settled, target or 0.0, operating.risk.high if operating else 0.0, 0.01])
    y = Axis(0.0, min(1.0, round_end(highest * 1.05)), CURVE_BASE, CURVE_TOP)
    parts = [left(y, (LEFT, RIGHT), lambda value: share(value, _digits(y.high)))]
    points = [(x.at(each.coverage), y.at(each.risk)) for each in curve]
    if len(points) > 1:
        parts.append(path([(points[0][0], CURVE_BASE), *points, (points[-1][0], CURVE_BASE)], "area", closed=True))
        parts.append(path(points, "curve"))
    if target is not None:
        parts.append(line(LEFT, y.at(target), RIGHT, y.at(target), "target"))
        parts.append(text(LEFT + 5, y.at(target) - 5, f"target {share(target)}", class_="note target-note"))
    if operating is not None:
        parts.append(_operating(operating, x, y))
    return picture(
        name,
        "Risk against coverage",
        _described(curve, operating, target),
        HEIGHT,
        *parts,
        upright(10, (CURVE_TOP + CURVE_BASE) / 2, "wrong among accepted"),
        bottom(x, CURVE_BASE, x.labels(lambda value: share(value, 0)), "accepted, surest first"),
    )


def _operating(operating: Operating, x: Axis, y: Axis) -> str:
    across, height = x.at(operating.coverage), y.at(operating.risk.estimate)
    anchor, shift = ("start", 10) if operating.coverage < 0.45 else ("end", -10)
    # In the half of the picture that the point is not in, where the curve is not either.
    top = CURVE_TOP + 9 if height > (CURVE_TOP + CURVE_BASE) / 2 else CURVE_BASE - 30
    return (
        line(across, CURVE_BASE, across, CURVE_TOP, "drop")
        + standing(operating.risk, y, across, "own")
        + element("circle", cx=across, cy=height, r=6, class_="ring")
        + text(across + shift, top, f"now: {share(operating.coverage)} accepted,", class_="note own", anchor=anchor)
        + text(across + shift, top + 13, f"{share(operating.risk.estimate)} wrong", class_="note own", anchor=anchor)
    )


def _described(curve: Sequence[Point], operating: Operating | None, target: float | None) -> str:
    said = []
    if curve:
        said.append(f"with everything accepted {share(curve[-1].risk)} are wrong")
    if operating is not None:
        said.append(
            f"the step accepts {share(operating.coverage)}, of which {share(operating.risk.estimate)} are wrong"
        )
    if target is not None:
        said.append(f"the target is {share(target)}")
    return "; ".join(said)


def _digits(highest: float) -> int:
    """Return the decimals that keep the ticks of a scale apart."""
    return 0 if highest >= 0.05 else 1


@dataclass(frozen=True, slots=True)
class ConfidencePart:
    """The diagram and the curve, each with its numbers."""

    lead: str
    reliability: Markup
    bins: Table
    curve: Markup
    """Empty when there is no curve."""
    points: Table
    numbers: tuple[NumberRow, ...]
    """Calibration error and what goes with it."""
    kind: str = "confidence"


def confidence(
    diagram: Reliability,
    curve: Sequence[RiskPoint],
    metrics: Sequence[MetricValue],
    *,
    operating: Operating | None = None,
    target: float | None = None,
    before: Summary | None = None,
) -> ConfidencePart:
    """Return the part of the page on confidence; ``metrics`` are those of its group.

    ``target`` is the share of wrong accepted answers that was promised, 0 to 1, where it is known.
    """
    sources = ", ".join(f"{name} ({counted(answers, 'answer')})" for name, answers in diagram.sources.items())
    points = [Point(each.coverage, each.risk) for each in curve]
    picture = risk_coverage(points, operating=operating, target=target) if points else ""
    return ConfidencePart(
        lead=f"Where the confidences came from: {sources}.",
        reliability=drawn(reliability([_bin(each) for each in diagram.bins])),
        bins=named_numbers(
            ("confidence", "mean", "right", "interval", "answers"),
            [_bin_row(each) for each in diagram.bins],
        ),
        curve=drawn(picture),
        points=named_numbers(
            ("accepted", "wrong", "threshold"), [_point_row(each) for each in thinned(curve, CURVE_ROWS)]
        ),
        numbers=tuple(number(each, earlier(each, before)) for each in metrics),
    )


def thinned(curve: Sequence[RiskPoint], most: int) -> list[RiskPoint]:
    """Return at most so many points, 2 or more, evenly spaced in coverage, the first and the last among them."""
    if len(curve) <= most:
        return list(curve)
    wide = curve[-1].coverage - curve[0].coverage
    kept: list[RiskPoint] = []
    for each in curve:
        if each.coverage >= curve[0].coverage + wide * len(kept) / (most - 1) - 1e-12:
            kept.append(each)
    return kept


def _bin(found: ReliabilityBin) -> Bin:
    interval = found.interval
    low, high = (found.right, found.right) if interval is None else (interval.low, interval.high)
    return Bin(found.low, found.high, found.confidence, Whisker(found.right, low, high), found.answers)


def _bin_row(found: ReliabilityBin) -> tuple[str, ...]:
    interval = "" if found.interval is None else spread(found.interval, "share")
    ends = f"{share(found.low)} to {share(found.high)}"
    return (ends, share(found.confidence), share(found.right), interval, count(found.answers))


def _point_row(point: RiskPoint) -> tuple[str, ...]:
    return (share(point.coverage), share(point.risk, 2), f"{point.threshold:.4f}")
