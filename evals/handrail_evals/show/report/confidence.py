"""The part of the page on confidence: whether it means what it says, and what a threshold on it would come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handrail_evals.numbers.metrics.confidence import Reliability, ReliabilityBin
from handrail_evals.numbers.metrics.risk import RiskPoint
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.numbers.summary.summary import Summary
from handrail_evals.show.report.charts.reliability import Bin, reliability
from handrail_evals.show.report.charts.risk_coverage import Operating, Point, risk_coverage
from handrail_evals.show.report.charts.whisker import Whisker
from handrail_evals.show.report.drawn import drawn
from handrail_evals.show.report.headline import Number, earlier, number
from handrail_evals.show.report.numbers import count, counted, share, spread
from handrail_evals.show.report.table import Table, table

if TYPE_CHECKING:
    from markupsafe import Markup

CURVE_ROWS = 20


@dataclass(frozen=True, slots=True)
class Confidence:
    """The diagram and the curve, each with its numbers."""

    lead: str
    reliability: "Markup"
    bins: Table
    curve: "Markup"
    """Empty when there is no curve."""
    points: Table
    numbers: tuple[Number, ...]
    """Calibration error and what goes with it."""
    template: str = "confidence.html.j2"


def confidence(
    diagram: Reliability,
    curve: Sequence[RiskPoint],
    metrics: Sequence[MetricValue],
    *,
    operating: Operating | None = None,
    target: float | None = None,
    before: Summary | None = None,
) -> Confidence:
    """Return the part of the page on confidence; ``metrics`` are those of its group.

    ``target`` is the share of wrong accepted answers that was promised, 0 to 1, where it is known.
    """
    sources = ", ".join(f"{name} ({counted(answers, 'answer')})" for name, answers in diagram.sources.items())
    points = [Point(each.coverage, each.risk) for each in curve]
    picture = risk_coverage(points, operating=operating, target=target) if points else ""
    return Confidence(
        lead=f"Where the confidences came from: {sources}.",
        reliability=drawn(reliability([_bin(each) for each in diagram.bins])),
        bins=table(
            ("confidence", "mean", "right", "interval", "answers"),
            [_bin_row(each) for each in diagram.bins],
        ),
        curve=drawn(picture),
        points=table(("accepted", "wrong", "threshold"), [_point_row(each) for each in thinned(curve, CURVE_ROWS)]),
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
