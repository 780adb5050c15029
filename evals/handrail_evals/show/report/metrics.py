"""The parts of the page with the numbers: of all answers, of slices, and of extracted fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markupsafe import Markup

from handrail_evals.measure.case import Metadatum
from handrail_evals.numbers.metrics.fields import FieldScore
from handrail_evals.numbers.metrics.scores import Slice
from handrail_evals.numbers.metrics.value import Group, MetricValue
from handrail_evals.numbers.summary.summary import Summary, Tally
from handrail_evals.show.report.charts import Bar, Whisker, bars, drawn, ruler, scale, strip
from handrail_evals.show.report.writing import UNKNOWN, amount, brief, count, counted, share, significant, spread
from handrail_evals.show.tables import Table, named_numbers

TITLES: Final[Mapping[str, str]] = {
    "labels/accuracy": "accuracy",
    "labels/macro_f1": "macro F1",
    "confidence/has_confidence": "has a confidence",
    "confidence/brier": "Brier score",
    "confidence/ece": "calibration error (ECE)",
    "confidence/aurc": "area under risk-coverage",
    "acceptance/coverage": "accepted without a person",
    "acceptance/risk": "wrong among accepted",
    "flow/completion": "runs completed",
    "flow/exception_rate": "needed a person or failed",
    "flow/rework": "done again after a person",
    "flow/cycle_p50": "cycle time, median",
    "flow/cycle_p95": "cycle time, 95th percentile",
    "flow/approval_delay_p50": "approval delay, median",
    "flow/approval_delay_p95": "approval delay, 95th percentile",
    "time/latency_p50": "time to answer, median",
    "time/latency_p95": "time to answer, 95th percentile",
    "cost/money_total": "cost in total",
    "cost/money_mean": "cost a case",
    "cost/input_tokens_total": "read in total",
    "cost/input_tokens_mean": "read a case",
    "cost/output_tokens_total": "written in total",
    "cost/output_tokens_mean": "written a case",
    "cost/human_minutes_total": "people's time in total",
    "cost/human_minutes_mean": "people's time a case",
}
AT_RISK: Final = "coverage_at_risk_"


def title(metric: MetricValue) -> str:
    """Return what people call a number; one that has no other name keeps its own."""
    if metric.group == "confidence" and metric.name.startswith(AT_RISK):
        return f"coverage at {share(float(metric.name.removeprefix(AT_RISK)), 0)} wrong"
    return TITLES.get(metric.label) or brief(metric.name)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name."""

    name: str
    value: str
    note: str = ""
    """Its interval, or why there is none."""


def figure(metric: MetricValue, before: MetricValue | None = None) -> Figure:
    """Return a metric as a figure, with what it was in the baseline."""
    note = metric.reason if metric.interval is None else spread(metric.interval, metric.unit)
    value = UNKNOWN if metric.value is None else amount(metric.value, metric.unit)
    if before is not None and before.value is not None:
        note = f"{note}; baseline {amount(before.value, before.unit)}".removeprefix("; ")
    return Figure(title(metric), value, note)


AXIS = scale(0.0, 1.0)
GROUPS: Mapping[Group, str] = {
    "scores": "score",
    "labels": "labels",
    "fields": "fields",
    "acceptance": "acceptance",
}
RULER = {0.0: "0", 0.25: "0.25", 0.5: "0.5", 0.75: "0.75", 1.0: "1"}


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One metric as a row of a table."""

    name: str
    value: str
    interval: str
    strip: Markup
    """Where it stands between 0 and 1; empty for what is no share."""
    baseline: str
    """What it is in the baseline; empty without one, or where it was not measured there."""
    note: str
    """What part of the cases it speaks of, and how the interval was made, or why there is none."""


@dataclass(frozen=True, slots=True)
class Headline:
    """The table of the main numbers."""

    counts: str
    """What was asked, crashed and not scored, in words."""
    groups: tuple[tuple[str, tuple[NumberRow, ...]], ...]
    """What the numbers speak of, with the numbers."""
    ruler: Markup
    has_baseline: bool = False
    kind: str = "headline"


def headline(summary: Summary, before: Summary | None = None) -> Headline:
    """Return the part of the page with the numbers on how good the answers are; ``before`` is the baseline's."""
    found = {
        words: tuple(number(each, earlier(each, before)) for each in summary.metrics if each.group == group)
        for group, words in GROUPS.items()
    }
    picture = ruler(AXIS, RULER, "scale from 0 to 1")
    groups = tuple((words, numbers) for words, numbers in found.items() if numbers)
    return Headline(_counts(summary.tally), groups, drawn(picture), has_baseline=before is not None)


def earlier(metric: MetricValue, before: Summary | None) -> MetricValue | None:
    """Return the same number of the baseline; None without one, or where it was not measured."""
    return None if before is None else before.metric(metric.group, metric.name)


def _counts(tally: Tally) -> str:
    """Return what was asked and what came of it, in words; what is zero is said too, for it is good news."""
    told = [f"{counted(tally.answers, 'answer')} to {counted(tally.cases, 'case')}"]
    told.append(f"the target crashed on {count(tally.crashed) if tally.crashed else 'none'}")
    if tally.unanswered:
        told.append(
            f"{counted(tally.unanswered, 'refusal or time-out', 'refusals and time-outs')}, which count as wrong"
        )
    for each in tally.scored:
        gaps = []
        if each.unscored:
            gaps.append(f"could not score {count(each.unscored)}")
        if each.crashed:
            gaps.append(f"crashed on {count(each.crashed)}")
        if gaps:
            told.append(f"{brief(each.scorer)} {' and '.join(gaps)}")
    if not any(each.unscored or each.crashed for each in tally.scored):
        told.append("every other answer is scored" if tally.crashed else "every answer is scored")
    return f"{'; '.join(told)}."


def number(metric: MetricValue, before: MetricValue | None = None) -> NumberRow:
    """Return a metric as a row of a table, with what it was in the baseline."""
    interval = metric.interval
    picture = ""
    if interval is not None and metric.unit in {"share", "score"} and interval.low >= 0.0 and interval.high <= 1.0:
        whisker = Whisker(interval.estimate, interval.low, interval.high)
        said = f"{amount(interval.estimate, metric.unit)}, {spread(interval, metric.unit)}"
        picture = strip(whisker, AXIS, said)
    return NumberRow(
        name=title(metric),
        value=UNKNOWN if metric.value is None else amount(metric.value, metric.unit),
        interval="" if interval is None else spread(interval, metric.unit),
        strip=drawn(picture),
        baseline="" if before is None or before.value is None else amount(before.value, before.unit),
        note=_note(metric),
    )


def _note(metric: MetricValue) -> str:
    covered = "" if metric.coverage >= 1.0 else f"{share(metric.coverage)} of the cases"
    how = metric.reason if metric.interval is None else metric.interval.method
    return ", ".join(each for each in (covered, how) if each)


MOST_KEYS = 20


@dataclass(frozen=True, slots=True)
class Key:
    """The slices by one metadata key: cases and score of each value."""

    name: str
    values: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One slice as a row of the table."""

    text: str
    cases: str
    number: NumberRow
    """Their score."""
    place: str
    """The id of the place that names its cases."""


@dataclass(frozen=True, slots=True)
class Slices:
    """The slices by every key."""

    metric: str
    keys: tuple[Key, ...]
    left_out: str
    ruler: Markup
    has_baseline: bool = False
    kind: str = "slices"


def slices(found: Sequence[Slice], metric: str, before: Sequence[Slice] | None = None) -> Slices:
    """Return the part of the page on slices, at least one; those of one key stand together.

    ``before`` are the baseline's.
    """
    old = {(each.key, each.value): each.score for each in before or ()}
    keys = [
        Key(brief(key), tuple(_value(at, each, old.get((each.key, each.value))) for at, each in values))
        for key, values in groupby(enumerate(found), key=lambda each: each[1].key)
    ]
    more = len(keys) - MOST_KEYS
    return Slices(
        metric=brief(metric),
        keys=tuple(keys[:MOST_KEYS]),
        left_out=f"{counted(more, 'more key')}" if more > 0 else "",
        ruler=drawn(ruler(AXIS, RULER, "scale from 0 to 1")),
        has_baseline=before is not None,
    )


def slice_place(at: int) -> str:
    """Return the id of the place that names the cases of a slice, by its position among all."""
    return f"slice-{at}"


def value_text(value: Metadatum) -> str:
    """Return a slice's value as people read it."""
    return "none" if value is None else brief(value)


def _value(at: int, each: Slice, before: MetricValue | None) -> Value:
    return Value(value_text(each.value), count(each.cases), number(each.score, before), slice_place(at))


MOST = 40
ALL = "all fields"


@dataclass(frozen=True, slots=True)
class FieldsPart:
    """The fields of one scorer."""

    scorer: str
    chart: Markup
    numbers: Table
    left_out: str
    kind: str = "fields"


def fields(scores: Sequence[FieldScore], *, number: int = 1) -> FieldsPart:
    """Return the part of the page on the fields of one scorer; ``number`` tells several of them apart."""
    shown = [each for each in scores if each.f1.value is not None][:MOST]
    more = len(scores) - len(shown)
    worst = min((each for each in shown if each.field), key=lambda each: each.f1.value or 0.0, default=None)
    told = "" if worst is None else f"the lowest is {brief(worst.field)} with {_number(worst.f1)}"
    chart = bars(
        [_bar(each) for each in shown],
        title="F1 by field",
        description=told,
        longest=1.0,
        name=f"fields-{number}",
    )
    return FieldsPart(
        scorer=brief(scores[0].scorer),
        chart=drawn(chart),
        numbers=named_numbers(
            ("field", "precision", "recall", "F1", "interval", "right", "extra", "missed"),
            [_row(each) for each in scores[:MOST]],
        ),
        left_out=f"{counted(more, 'field')} without an F1, or beyond the first {MOST}, not drawn" if more else "",
    )


def _bar(score: FieldScore) -> Bar:
    interval = score.f1.interval
    return Bar(
        name=brief(score.field) if score.field else ALL,
        value=score.f1.value or 0.0,
        label=_number(score.f1),
        whisker=None if interval is None else Whisker(interval.estimate, interval.low, interval.high),
        class_="bar" if score.field else "bar plain",
    )


def _row(score: FieldScore) -> tuple[str, ...]:
    interval, counts = score.f1.interval, score.counts
    return (
        brief(score.field) if score.field else ALL,
        _number(score.precision),
        _number(score.recall),
        _number(score.f1),
        "" if interval is None else spread(interval, "share"),
        *(significant(each, 4) if each % 1 else f"{each:,.0f}" for each in (counts.hits, counts.extra, counts.missed)),
    )


def _number(metric: MetricValue) -> str:
    return UNKNOWN if metric.value is None else amount(metric.value, metric.unit)
