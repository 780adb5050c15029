"""One number of a report: what it is, how sure it is, and how much of the data it speaks of; and how it is measured."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail_evals.errors import TooFewCases
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.answers import average_repeats, clusters_of
from handrail_evals.numbers.statistics.bootstrap import bca_mean
from handrail_evals.numbers.statistics.clusters import Sample
from handrail_evals.numbers.statistics.intervals import Certainty, Interval, mean_interval, wilson

Unit: TypeAlias = Literal["share", "score", "seconds", "money", "tokens", "minutes", "count"]
"""What a number is in; a share and most scores are from 0 to 1, money is in the price table's currency."""

Group: TypeAlias = Literal["scores", "labels", "fields", "confidence", "acceptance", "cost", "time", "flow"]
"""What a number speaks of; a name is unique within its group."""

ROUNDING = 1e-12
"""Scores that are nearer than this are alike: their spread is lost when it is squared."""

MANY = 2000
"""From here on the mean of skewed amounts is near enough to normal, and a bootstrap says the same as Student's t."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue:
    """A number with its interval, or without one and why."""

    group: Group
    name: str
    """Unique in its group; in the group ``scores`` it is the scorer's."""
    unit: Unit
    higher_is_better: bool | None
    """None where neither is: a count, a share of steps."""
    value: float | None
    """What was measured; None when nothing could be."""
    interval: Interval | None
    """None when there are too few cases for one, or when the number is a count, not an estimate."""
    reason: str = ""
    """Why there is no interval, or no number; empty with an interval."""
    coverage: float
    """Share, 0 to 1, of the cases (or answers, steps) it could have been measured on that it was measured on."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number is, before it is measured."""

    group: Group
    name: str
    unit: Unit
    higher_is_better: bool | None = None

    def of(self, interval: Interval, *, coverage: float = 1.0) -> MetricValue:
        """Return the number with its interval."""
        return self._made(interval.estimate, interval, "", coverage)

    def alone(self, value: float | None, reason: str, *, coverage: float = 1.0) -> MetricValue:
        """Return a number that has no interval, or no number at all, and why."""
        return self._made(value, None, reason, coverage)

    def measured(
        self, make: Callable[[], Interval], *, coverage: float = 1.0, value: float | None = None
    ) -> MetricValue:
        """Return the number with the interval that is made, or without it where there are too few cases.

        ``value`` is what was measured, shown also when no interval can be made.
        """
        try:
            return self.of(make(), coverage=coverage)
        except TooFewCases as few:
            return self.alone(
                value, f"no interval: {few.found} cases or clusters, {few.needed} needed", coverage=coverage
            )

    def _made(self, value: float | None, interval: Interval | None, reason: str, coverage: float) -> MetricValue:
        return MetricValue(
            group=self.group,
            name=self.name,
            unit=self.unit,
            higher_is_better=self.higher_is_better,
            value=value,
            interval=interval,
            reason=reason,
            coverage=coverage,
        )


def per_case(cases: Iterable[CaseResult], number: Callable[[CaseResult], float | None]) -> Sample:
    """Return one number a case, the mean of its repeats that have one; cases without any are left out."""
    found: dict[str, list[float | None]] = {}
    clusters: dict[str, str | None] = {}
    for each in cases:
        found.setdefault(each.case, []).append(number(each))
        clusters[each.case] = each.cluster
    means = {name: average_repeats(numbers) for name, numbers in found.items()}
    kept = {name: mean for name, mean in means.items() if mean is not None}
    shared = [clusters[name] for name in kept]
    return Sample(list(kept.values()), None if all(each is None for each in shared) else shared)


def per_answer(answers: Sequence[CaseResult], number: Callable[[CaseResult], float | None]) -> Sample:
    """Return one number an answer, with repeats of a case as a cluster; answers without one are left out."""
    kept = [(each, value) for each in answers if (value := number(each)) is not None]
    return Sample([value for _, value in kept], clusters_of([each for each, _ in kept]))


def share(part: int, whole: int) -> float:
    """Return the part of the whole, 0 to 1; of nothing, all was covered."""
    return part / whole if whole else 1.0


def proportion(sample: Sample, certainty: Certainty) -> Interval:
    """Return a share with its Wilson interval.

    Raises:
        TooFewCases: there is nothing, or all of one cluster.
    """
    return wilson(sample.values, sample.clusters, level=certainty.level)


def are_shares(sample: Sample) -> bool:
    """Return whether all numbers are from 0 to 1."""
    return all(0.0 <= value <= 1.0 for value in sample.values)


def are_alike(sample: Sample) -> bool:
    """Return whether there are numbers, and all are the same but for rounding."""
    return len(sample) > 0 and max(sample.values) - min(sample.values) < ROUNDING


def shows_no_spread(sample: Sample) -> bool:
    """Return whether several scores on a scale beyond 0 and 1 are alike: t would say that the next is no different."""
    return len(sample) > 1 and are_alike(sample) and not are_shares(sample)


def mean_score(sample: Sample, certainty: Certainty, *, right_or_wrong: bool) -> Interval:
    """Return the mean of scores: Wilson for right-or-wrong ones, Student's t for others.

    Scores from 0 to 1 that are all alike get Wilson's too: t would promise that the next is no different. The interval
    of scores from 0 to 1 stays within 0 and 1.

    Raises:
        TooFewCases: fewer than two scores (one for right-or-wrong ones), or all of one cluster.
    """
    shares = are_shares(sample)
    if right_or_wrong or (shares and are_alike(sample)):
        return wilson(sample.values, sample.clusters, level=certainty.level)
    if not shares:
        return mean_interval(sample.values, sample.clusters, level=certainty.level)
    return mean_interval(sample.values, sample.clusters, level=certainty.level, lowest=0.0, highest=1.0)


def mean_amount(sample: Sample, certainty: Certainty) -> Interval:
    """Return the mean of amounts such as money and minutes: BCa bootstrap for the skew, t for 2,000 and more.

    Amounts that are all alike get an interval of no width that says so.

    Raises:
        TooFewCases: fewer than two amounts, or all of one cluster.
    """
    if len(sample) > 1 and len(set(sample.values)) == 1:
        (alike,) = set(sample.values)
        return Interval(
            estimate=alike,
            low=alike,
            high=alike,
            level=certainty.level,
            cases=len(sample),
            method="no variation seen",
        )
    if len(sample) >= MANY:
        return mean_interval(sample.values, sample.clusters, level=certainty.level, lowest=0.0)
    return bca_mean(sample.values, sample.clusters, certainty)
