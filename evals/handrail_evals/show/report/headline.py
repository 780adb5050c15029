"""The part of the page with the main numbers, each with its interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handrail_evals.numbers.metrics.value import Group, MetricValue
from handrail_evals.numbers.summary.summary import Summary, Tally
from handrail_evals.show.report.charts.whisker import Whisker, ruler, scale, strip
from handrail_evals.show.report.drawn import drawn
from handrail_evals.show.report.numbers import UNKNOWN, amount, count, counted, share, spread
from handrail_evals.show.report.text import brief
from handrail_evals.show.report.titles import title

if TYPE_CHECKING:
    from markupsafe import Markup

AXIS = scale(0.0, 1.0)
GROUPS: Mapping[Group, str] = {
    "scores": "score",
    "labels": "labels",
    "fields": "fields",
    "acceptance": "acceptance",
}
RULER = {0.0: "0", 0.25: "0.25", 0.5: "0.5", 0.75: "0.75", 1.0: "1"}


@dataclass(frozen=True, slots=True)
class Number:
    """One metric as a row of a table."""

    name: str
    value: str
    interval: str
    strip: "Markup"
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
    groups: tuple[tuple[str, tuple[Number, ...]], ...]
    """What the numbers speak of, with the numbers."""
    ruler: "Markup"
    has_baseline: bool = False
    template: str = "headline.html.j2"


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


def number(metric: MetricValue, before: MetricValue | None = None) -> Number:
    """Return a metric as a row of a table, with what it was in the baseline."""
    interval = metric.interval
    picture = ""
    if interval is not None and metric.unit in {"share", "score"} and interval.low >= 0.0 and interval.high <= 1.0:
        whisker = Whisker(interval.estimate, interval.low, interval.high)
        said = f"{amount(interval.estimate, metric.unit)}, {spread(interval, metric.unit)}"
        picture = strip(whisker, AXIS, said)
    return Number(
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
