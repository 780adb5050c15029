"""The head of the page: what was measured, how far it came, and how it stands to its baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handrail_evals.decide.comparison import Comparison, MetricComparison
from handrail_evals.decide.gate import Assessment, Standing
from handrail_evals.measure.result.result import MEASURES
from handrail_evals.numbers.summary.summary import Summary, Tally
from handrail_evals.show.report.charts import Whisker, drawn, round_end, ruler, scale, strip
from handrail_evals.show.report.writing import brief, count, counted, moment, share, significant

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
class GatedRow:
    """One gated metric."""

    metric: str
    difference: str
    interval: str
    strip: Markup
    reason: str
    standing: str
    kind: str
    gained: str
    """Cases on which the candidate scored higher."""
    lost: str
    """Cases on which it scored lower."""


@dataclass(frozen=True, slots=True)
class VerdictPart:
    """The verdict over all gated metrics, and each of them."""

    word: str
    kind: str
    against: str
    """Which baseline it is held against."""
    rows: tuple[GatedRow, ...]
    ruler: Markup
    """The scale of scores and shares."""


def verdict(comparison: Comparison) -> VerdictPart:
    """Return the verdict as the head of the page says it."""
    shared = _reach([each.judgement for name, each in comparison.metrics.items() if _is_share(name)])
    labels = {-shared: significant(-shared, 2), 0.0: "0", shared: f"+{significant(shared, 2)}"}
    before = comparison.baseline
    return VerdictPart(
        word=WORDS[comparison.standing],
        kind=KINDS[comparison.standing],
        against=f"{brief(before.target)} {brief(before.target_version)}, {brief(moment(before.started))},"
        f" {share(comparison.overlap)} of the cases paired",
        rows=tuple(_row(name, each, shared) for name, each in comparison.metrics.items()),
        ruler=drawn(ruler(scale(-shared, shared), labels, "difference to the baseline; dashed: the margin")),
    )


def _row(name: str, metric: MetricComparison, shared: float) -> GatedRow:
    judgement = metric.judgement
    found = judgement.difference
    kind = KINDS[judgement.standing]
    whisker = Whisker(found.estimate, found.low, found.high)
    told = f"{brief(name)}: {found.estimate:+.4g}, from {found.low:+.4g} to {found.high:+.4g}"
    marks = (-judgement.margin, 0.0)
    picture = strip(whisker, scale(-shared, shared), told, marks=marks, class_=kind) if _is_share(name) else ""
    return GatedRow(
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


def _reach(judgements: list[Assessment]) -> float:
    """Return the end of a scale that holds the intervals and margins, the same on both sides of zero."""
    ends = [abs(end) for each in judgements for end in (each.difference.low, each.difference.high, each.margin)]
    return round_end(max([*ends, 1e-9]) * 1.05, 2)


def _is_share(metric: str) -> bool:
    """Tell whether a metric's differences lie on one scale with the scores'; time and money have their own."""
    return metric not in MEASURES or MEASURES[metric].unit == "share"


def _reason(name: str, judgement: Assessment) -> str:
    """Return what the standing does not say by itself: the margin, or how many cases are missing."""
    margin = f"margin {judgement.margin:g}" + ("" if _is_share(name) else f" ({MEASURES[name].unit})")
    if judgement.lacks:
        return f"{margin}; {judgement.lacks}"
    if judgement.worse_within_margin:
        return f"worse, but by less than the {margin}"
    return margin


MOST_NAMES = 30


@dataclass(frozen=True, slots=True)
class PageHead:
    """What stands above everything else."""

    title: str
    suite: str
    facts: tuple[tuple[str, str], ...]
    unfinished: str
    """What is missing, in words; empty when nothing is."""
    broken_title: str
    broken: tuple[str, ...]
    """The must-pass cases that fail, by name, as many as fit."""
    broken_left_out: int
    verdict: VerdictPart | None
    """None without a comparison."""
    level: str
    clustered: bool


def header(summary: Summary, broken: Sequence[str], comparison: Comparison | None) -> PageHead:
    """Return the head of the page; ``broken`` are the must-pass cases that fail, by name."""
    subject, tally = summary.subject, summary.tally
    repeats = f", {subject.repeats} times each" if subject.repeats > 1 else ""
    intervals = [each.interval for each in summary.metrics if each.interval is not None]
    return PageHead(
        title=f"{brief(subject.suite)}: {brief(subject.target)}",
        suite=brief(subject.suite),
        facts=(
            ("target", brief(subject.target)),
            ("version", brief(subject.target_version, 120)),
            ("scored by", brief(", ".join(subject.scorers), 120)),
            ("cases", f"{tally.cases:,}{repeats}"),
            ("started", brief(moment(subject.started))),
        ),
        unfinished=_unfinished(tally, subject.repeats),
        broken_title=f"{counted(len(broken), 'must-pass case')} {'fails' if len(broken) == 1 else 'fail'}",
        broken=tuple(brief(each) for each in broken[:MOST_NAMES]),
        broken_left_out=max(0, len(broken) - MOST_NAMES),
        verdict=None if comparison is None else verdict(comparison),
        level=share(summary.options.certainty.level, 0),
        clustered=any("clusters" in each.method for each in intervals),
    )


def _unfinished(tally: Tally, repeats: int) -> str:
    if tally.complete:
        return ""
    missing = tally.cases * repeats - tally.answers
    told = []
    if missing > 0:
        told.append(f"{counted(missing, 'answer')} of {tally.cases * repeats:,} still to be asked for")
    if tally.crashed:
        told.append(f"the target crashed on {counted(tally.crashed, 'answer')}")
    return f"{' and '.join(told)}. Run the suite again: it goes on where it stopped."
