"""How the candidate stands to its baseline, as the head of the page says it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handrail_evals.decide.comparison import Comparison, MetricComparison
from handrail_evals.decide.gate import Judgement, Standing
from handrail_evals.measure.result.result import MEASURES
from handrail_evals.show.report.charts.axis import round_end
from handrail_evals.show.report.charts.whisker import Whisker, ruler, scale, strip
from handrail_evals.show.report.drawn import drawn
from handrail_evals.show.report.numbers import count, moment, share, significant
from handrail_evals.show.report.text import brief

if TYPE_CHECKING:
    from markupsafe import Markup

KINDS: dict[Standing, str] = {
    Standing.WORSE: "bad",
    Standing.CANT_TELL: "warn",
    Standing.NOT_WORSE: "good",
    Standing.BETTER: "good",
}
WORDS: dict[Standing, str] = {
    Standing.WORSE: "Worse than the baseline",
    Standing.CANT_TELL: "Can't tell whether it is worse than the baseline",
    Standing.NOT_WORSE: "Not worse than the baseline",
    Standing.BETTER: "Better than the baseline",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One gated metric."""

    metric: str
    difference: str
    interval: str
    strip: "Markup"
    reason: str
    standing: str
    kind: str
    gained: str
    """Cases on which the candidate scored higher."""
    lost: str
    """Cases on which it scored lower."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict over all gated metrics, and each of them."""

    word: str
    kind: str
    against: str
    """Which baseline it is held against."""
    rows: tuple[Row, ...]
    ruler: "Markup"
    """The scale of scores and shares."""


def verdict(comparison: Comparison) -> Verdict:
    """Return the verdict as the head of the page says it."""
    shared = _reach([each.judgement for name, each in comparison.metrics.items() if _is_share(name)])
    labels = {-shared: significant(-shared, 2), 0.0: "0", shared: f"+{significant(shared, 2)}"}
    before = comparison.baseline
    return Verdict(
        word=WORDS[comparison.standing],
        kind=KINDS[comparison.standing],
        against=f"{brief(before.target)} {brief(before.target_version)}, {brief(moment(before.started))},"
        f" {share(comparison.overlap)} of the cases paired",
        rows=tuple(_row(name, each, shared) for name, each in comparison.metrics.items()),
        ruler=drawn(ruler(scale(-shared, shared), labels, "difference to the baseline; dashed: the margin")),
    )


def _row(name: str, metric: MetricComparison, shared: float) -> Row:
    judgement = metric.judgement
    found = judgement.difference
    kind = KINDS[judgement.standing]
    whisker = Whisker(found.estimate, found.low, found.high)
    told = f"{brief(name)}: {found.estimate:+.4g}, from {found.low:+.4g} to {found.high:+.4g}"
    marks = (-judgement.margin, 0.0)
    picture = strip(whisker, scale(-shared, shared), told, marks=marks, class_=kind) if _is_share(name) else ""
    return Row(
        metric=brief(name),
        difference=f"{found.estimate:+.4f}",
        interval=f"{found.low:+.4f} to {found.high:+.4f}",
        strip=drawn(picture),
        reason=_reason(name, judgement),
        standing=str(judgement.standing),
        kind=kind,
        gained=count(len(metric.better)),
        lost=count(len(metric.worse)),
    )


def _reach(judgements: list[Judgement]) -> float:
    """Return the end of a scale that holds the intervals and margins, the same on both sides of zero."""
    ends = [abs(end) for each in judgements for end in (each.difference.low, each.difference.high, each.margin)]
    return round_end(max([*ends, 1e-9]) * 1.05, 2)


def _is_share(metric: str) -> bool:
    """Tell whether a metric's differences lie on one scale with the scores'; time and money have their own."""
    return metric not in MEASURES or MEASURES[metric].unit == "share"


def _reason(name: str, judgement: Judgement) -> str:
    """Return what the standing does not say by itself: the margin, or how many cases are missing."""
    margin = f"margin {judgement.margin:g}" + ("" if _is_share(name) else f" ({MEASURES[name].unit})")
    if judgement.lacks:
        return f"{margin}; {judgement.lacks}"
    if judgement.worse_within_margin:
        return f"worse, but by less than the {margin}"
    return margin
