"""The parts of the page with the numbers: of all answers, of slices, of runs, and of what answers take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markupsafe import Markup

from handrail_evals.measure.case import Metadatum
from handrail_evals.numbers.metrics.answers import Fault
from handrail_evals.numbers.metrics.cost import Histogram
from handrail_evals.numbers.metrics.flow import Attribution, Blame
from handrail_evals.numbers.metrics.scores import Slice
from handrail_evals.numbers.metrics.value import Group, MetricValue
from handrail_evals.numbers.summary.summary import Summary, Tally
from handrail_evals.show.report.charts import (
    Bar,
    Bucket,
    StackPart,
    Whisker,
    bars,
    drawn,
    histogram,
    ruler,
    scale,
    stack,
    strip,
)
from handrail_evals.show.report.writing import UNKNOWN, amount, brief, count, counted, seconds, share, spread
from handrail_evals.show.tables import Row, Table
from handrail_ground.shares import in_digits

TITLES: Final[Mapping[tuple[Group, str], str]] = {
    ("labels", "accuracy"): "accuracy",
    ("labels", "macro_f1"): "macro F1",
    ("confidence", "has_confidence"): "has a confidence",
    ("confidence", "brier"): "Brier score",
    ("confidence", "ece"): "calibration error (ECE)",
    ("confidence", "aurc"): "area under risk-coverage",
    ("acceptance", "coverage"): "accepted without a person",
    ("acceptance", "risk"): "wrong among accepted",
    ("flow", "completion"): "runs completed",
    ("flow", "exception_rate"): "needed a person or failed",
    ("flow", "rework"): "done again after a person",
    ("flow", "cycle_p50"): "cycle time, median",
    ("flow", "cycle_p95"): "cycle time, 95th percentile",
    ("flow", "approval_delay_p50"): "approval delay, median",
    ("flow", "approval_delay_p95"): "approval delay, 95th percentile",
    ("time", "latency_p50"): "time to answer, median",
    ("time", "latency_p95"): "time to answer, 95th percentile",
    ("cost", "money_total"): "cost in total",
    ("cost", "money_mean"): "cost a case",
    ("cost", "input_tokens_total"): "read in total",
    ("cost", "input_tokens_mean"): "read a case",
    ("cost", "output_tokens_total"): "written in total",
    ("cost", "output_tokens_mean"): "written a case",
    ("cost", "human_minutes_total"): "people's time in total",
    ("cost", "human_minutes_mean"): "people's time a case",
}
AT_RISK: Final = "coverage_at_risk_"

AXIS = scale(0.0, 1.0)
GROUPS: Mapping[Group, str] = {
    "scores": "score",
    "labels": "labels",
    "fields": "fields",
    "acceptance": "acceptance",
}
RULER = {0.0: "0", 0.25: "0.25", 0.5: "0.5", 0.75: "0.75", 1.0: "1"}
MOST_KEYS = 20
MOST_STEPS = 15
DECIDERS: Mapping[str, tuple[str, str]] = {
    "decided_by_rule": ("rules", "p1"),
    "decided_by_model": ("models", "p2"),
    "decided_by_person": ("people", "p3"),
    "decided_by_policy": ("policies", "p4"),
}
FAULTS: Mapping[Fault, str] = {
    "differs": "other value than expected",
    "error": "raised an error",
    "unattributed": "nobody knows which step",
}


def title(metric: MetricValue) -> str:
    """Return what people call a number; one that has no other name keeps its own."""
    if metric.group == "confidence" and metric.name.startswith(AT_RISK):
        return f"coverage at {in_digits(float(metric.name.removeprefix(AT_RISK)))} wrong"
    return TITLES.get((metric.group, metric.name)) or brief(metric.name)


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


def named_numbers(columns: Row, rows: Sequence[Row], most: int = 100) -> Table:
    """Return a table of numbers, named by the first cell of each row: at most so many rows, and how many more."""
    more = len(rows) - most
    numbers = frozenset(range(1, len(columns)))
    return Table("Numbers", columns, tuple(rows[:most]), numbers, f"{more:,} more" if more > 0 else "")


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
        whisker = Whisker.of(interval)
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


def slices(found: Sequence[Slice], before: Sequence[Slice] | None = None) -> Slices:
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
        metric=brief(found[0].score.name),
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


@dataclass(frozen=True, slots=True)
class WorkflowPart:
    """How the runs went."""

    figures: tuple[Figure, ...]
    deciders: Markup
    """Empty when nobody decided anything."""
    blames: Markup
    """Empty when nothing failed."""
    numbers: Table
    failures: str
    kind: str = "workflow"


def workflow(
    metrics: Sequence[MetricValue], attribution: Attribution | None, before: Summary | None = None
) -> WorkflowPart:
    """Return the part of the page on the metrics of the group ``flow``."""
    blames = attribution.blames if attribution is not None else ()
    return WorkflowPart(
        figures=tuple(figure(each, earlier(each, before)) for each in metrics if each.name not in DECIDERS),
        deciders=drawn(_deciders(metrics)),
        blames=drawn(_blames(blames)),
        numbers=named_numbers(("step", "how", "failures", "share", "interval"), [_blame_row(each) for each in blames]),
        failures="" if attribution is None else counted(attribution.failures, "failed run"),
    )


def _deciders(metrics: Sequence[MetricValue]) -> str:
    shares = {each.name: each.value for each in metrics}
    parts = [
        StackPart(words, value, class_) for name, (words, class_) in DECIDERS.items() if (value := shares.get(name))
    ]
    return stack(parts, title="Who decides the steps", name="deciders") if parts else ""


def _blames(blames: Sequence[Blame]) -> str:
    if not blames:
        return ""
    total = sum(each.failures for each in blames)
    rows = [
        Bar(
            name=_blamed_step(each),
            value=each.failures / total,
            label=f"{count(each.failures)}, {share(each.failures / total)}",
            whisker=None if each.interval is None else Whisker.of(each.interval),
            class_="bar plain" if each.fault == "unattributed" else "bar bad",
        )
        for each in blames[:MOST_STEPS]
    ]
    described = ", ".join(f"{_blamed_step(each)} {each.failures}" for each in blames[:3])
    return bars(rows, title="Where failures come from", description=described, longest=1.0, name="blames")


def _blamed_step(blame: Blame) -> str:
    return brief(blame.step) if blame.step else "not known"


def _blame_row(blame: Blame) -> tuple[str, ...]:
    interval = blame.interval
    return (
        _blamed_step(blame),
        FAULTS[blame.fault],
        count(blame.failures),
        "" if interval is None else share(interval.estimate),
        "" if interval is None else spread(interval, "share"),
    )


@dataclass(frozen=True, slots=True)
class Effort:
    """The figures, and how time spreads."""

    figures: tuple[Figure, ...]
    chart: Markup
    """Empty when nothing took time."""
    buckets: Table
    kind: str = "effort"


def effort(metrics: Sequence[MetricValue], latency: Histogram, before: Summary | None = None) -> Effort:
    """Return the part of the page on the metrics of the groups ``time`` and ``cost``."""
    edges = list(zip(latency.edges, latency.edges[1:], latency.counts, strict=False))
    marks = {
        each.name.removeprefix("latency_"): each.value
        for each in metrics
        if each.group == "time" and each.value is not None
    }
    picture = ""
    if edges:
        buckets = [Bucket(low, high, cases) for low, high, cases in edges]
        picture = histogram(buckets, title="time to answer", write=seconds, marks=marks, name="latency")
    rows = [(f"{seconds(low)} to {seconds(high)}", count(cases)) for low, high, cases in edges if cases]
    return Effort(
        figures=tuple(figure(each, earlier(each, before)) for each in metrics),
        chart=drawn(picture),
        buckets=named_numbers(("took", "answers"), rows),
    )
