"""A result as one HTML page that needs nothing else: its head with the verdict, its parts, its style and script."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from handrail_evals.decide.comparison import Comparison, MetricComparison
from handrail_evals.decide.gate import Assessment, Standing
from handrail_evals.measure.result.result import MEASURES, Result
from handrail_evals.numbers.metrics.answers import Right
from handrail_evals.numbers.metrics.value import Group, MetricValue
from handrail_evals.numbers.summary.summary import Summary, Tally, summarize
from handrail_evals.show.report.answering import models
from handrail_evals.show.report.cases import cases, groups
from handrail_evals.show.report.charts import Whisker, drawn, round_end, ruler, scale, strip
from handrail_evals.show.report.confidence import confidence, own_operating
from handrail_evals.show.report.labels import fields, labels
from handrail_evals.show.report.metrics import effort, headline, slices, workflow
from handrail_evals.show.report.writing import brief, count, counted, moment, share, significant
from handrail_evals.show.tables import LEVEL_DIGITS
from handrail_ground.files import write_whole
from handrail_ground.shares import in_digits, signed

FOLDER = Path(__file__).parent
MOST_NAMES = 30
"""Of must-pass cases that fail."""

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


@cache
def macros() -> Any:
    """Return the page's parts: what comes from outside is escaped, and a name that does not exist is an error."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").module


@cache
def asset(name: str) -> str:
    """Return the page's style (``page.css``) or script (``page.js``)."""
    return (FOLDER / name).read_text(encoding="utf-8")


def content_policy(style: str, script: str) -> str:
    """Return the rule that lets a browser use this style and this script, and nothing else: no request at all."""
    return (
        f"default-src 'none'; style-src '{_source(style)}'; script-src '{_source(script)}';"
        " base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def write_html(
    path: Path,
    result: Result,
    summary: Summary,
    *,
    baseline: Result | None = None,
    comparison: Comparison | None = None,
    target_risk: float | None = None,
) -> None:
    """Write a result as one HTML page, whole or not at all; arguments as for ``html``.

    Raises:
        OSError: it cannot be written.
    """
    page = html(result, summary, baseline=baseline, comparison=comparison, target_risk=target_risk)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, [page.encode()])


def html(
    result: Result,
    summary: Summary,
    *,
    baseline: Result | None = None,
    comparison: Comparison | None = None,
    target_risk: float | None = None,
) -> str:
    """Return a result as one HTML page, under 2 MB whatever the cases hold.

    ``baseline`` shows its own numbers and what it said to each failing case, ``comparison`` the verdict against it.
    ``target_risk`` is the share of wrong accepted answers that the step was promised to stay under, 0 to 1, drawn where
    it is known.
    """
    main, *_ = summary.metrics  # the main score stands first
    right = Right(main.name, summary.options.right_at)
    before = None if baseline is None else summarize(baseline, summary.options)
    matrix = None if summary.labels is None else summary.labels.confusion
    style, script = asset("page.css"), asset("page.js")
    behind = groups(result, matrix, summary.slices)
    page = macros().page(
        header=header(summary, comparison),
        sections=_sections(result, summary, target_risk, before),
        cases=cases(result, right, behind, baseline=baseline, write=macros().entry),
        style=drawn(style),
        script=drawn(script),
        policy=content_policy(style, script),
    )
    return str(page).strip()


def _sections(result: Result, summary: Summary, target_risk: float | None, before: Summary | None) -> list[Any]:
    """Return the parts of the page that there are data for, in the order they are read."""
    found: list[Any] = [headline(summary, before)]
    if flow := _of(summary, "flow"):
        found.append(workflow(flow, summary.attribution, before))
    if summary.confidence is not None:
        parts, values = summary.confidence, _of(summary, "confidence")
        own = own_operating(_of(summary, "acceptance"))
        found.append(
            confidence(parts.reliability, parts.curve, values, operating=own, target=target_risk, before=before)
        )
    if summary.labels is not None:
        found.append(labels(summary.labels.confusion, summary.labels.scores))
    scorers = dict.fromkeys(each.scorer for each in summary.fields)
    for number, scorer in enumerate(scorers, start=1):
        found.append(fields([each for each in summary.fields if each.scorer == scorer], number=number))
    if summary.slices:
        found.append(slices(summary.slices, None if before is None else before.slices))
    if (answering := models(result.cases, summary.main.name)) is not None:
        found.append(answering)
    if spent := _of(summary, "time", "cost"):
        found.append(effort(spent, summary.latency, before))
    return found


def _of(summary: Summary, *groups: Group) -> list[MetricValue]:
    return [each for each in summary.metrics if each.group in groups]


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


def header(summary: Summary, comparison: Comparison | None) -> PageHead:
    """Return the head of the page."""
    subject, tally, broken = summary.subject, summary.tally, summary.must_pass_failures
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
        level=in_digits(summary.options.certainty.level, LEVEL_DIGITS),
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
        difference=signed(found.estimate, fewest=4),
        interval=f"{signed(found.low, fewest=4)} to {signed(found.high, fewest=4)}",
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
