"""What answers take: money, tokens, people's minutes, time; what is unknown is left out and shows as coverage."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.answers import answered, case_count
from handrail_evals.numbers.metrics.value import (
    Group,
    Metric,
    MetricValue,
    Unit,
    mean_amount,
    per_answer,
    per_case,
    share,
)
from handrail_evals.numbers.statistics.clusters import Sample
from handrail_evals.numbers.statistics.intervals import Certainty, quantile, value_at

Amount = Callable[[CaseResult], float | None]

AMOUNTS: Final[Sequence[tuple[str, Unit, Amount]]] = (
    ("money", "money", lambda each: each.money),
    ("input_tokens", "tokens", lambda each: each.input_tokens),
    ("output_tokens", "tokens", lambda each: each.output_tokens),
    ("human_minutes", "minutes", lambda each: each.human_minutes),
)

STEPS = 10
"""Bars to a decade, each a quarter wider than the last."""

LEAST = 1e-6
"""What is smaller counts as this: a microsecond."""

QUANTILES = (("p50", 0.5), ("p95", 0.95))


def costs(cases: Sequence[CaseResult], certainty: Certainty) -> tuple[MetricValue, ...]:
    """Return total and mean of each amount that is known of at least one answer.

    The total adds up every answer; the mean is over cases, the repeats of each averaged first.
    """
    asked = answered(cases)
    return tuple(
        value for name, unit, amount in AMOUNTS for value in total_and_mean(asked, name, unit, amount, certainty)
    )


def total_and_mean(
    asked: Sequence[CaseResult], name: str, unit: Unit, amount: Amount, certainty: Certainty
) -> tuple[MetricValue, ...]:
    """Return total and mean of one amount, nothing when it is never known."""
    known = [value for each in asked if (value := amount(each)) is not None]
    if not known:
        return ()
    sample = per_case(asked, amount)
    covered = share(len(known), len(asked))
    unknown = len(asked) - len(known)
    reason = f"a total, unknown for {unknown} of {len(asked)} answers" if unknown else "a total, not an estimate"
    return (
        Metric("cost", f"{name}_total", unit, higher_is_better=False).alone(math.fsum(known), reason, coverage=covered),
        Metric("cost", f"{name}_mean", unit, higher_is_better=False).measured(
            partial(mean_amount, sample, certainty),
            coverage=share(len(sample), case_count(asked)),
            value=sample.mean,
        ),
    )


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges."""

    edges: tuple[float, ...]
    """Rising, one more than counts; empty when there are no values."""
    counts: tuple[int, ...]
    """Values from one edge up to, and without, the next."""


def histogram(values: Iterable[float]) -> Histogram:
    """Return the histogram of values of 0 or more, from the bar of the least to that of the largest."""
    bars = [math.floor(math.log10(max(value, LEAST)) * STEPS) for value in values]
    if not bars:
        return Histogram((), ())
    first, last = min(bars), max(bars)
    counts = [0] * (last - first + 1)
    for bar in bars:
        counts[bar - first] += 1
    return Histogram(tuple(10 ** (each / STEPS) for each in range(first, last + 2)), tuple(counts))


def latency(cases: Sequence[CaseResult], certainty: Certainty) -> tuple[MetricValue, ...]:
    """Return the median and the 95th percentile of the seconds from question to answer; crashes are left out."""
    return quantiles("time", "latency", per_answer(answered(cases), lambda each: each.seconds), certainty)


def latency_histogram(cases: Sequence[CaseResult]) -> Histogram:
    """Return how many answers took how many seconds; crashes are left out."""
    return histogram(each.seconds for each in answered(cases))


def quantiles(
    group: Group, name: str, sample: Sample, certainty: Certainty, *, coverage: float = 1.0
) -> tuple[MetricValue, ...]:
    """Return the median and the 95th percentile of some seconds; nothing of nothing."""
    if not sample.values:
        return ()
    ordered = sorted(sample.values)
    return tuple(
        Metric(group, f"{name}_{short}", "seconds", higher_is_better=False).measured(
            partial(quantile, sample, at, certainty),
            coverage=coverage,
            value=value_at(ordered, at),
        )
        for short, at in QUANTILES
    )
