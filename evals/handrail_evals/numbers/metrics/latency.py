"""How long answers take."""

from collections.abc import Sequence
from functools import partial

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.histogram import Histogram, histogram
from handrail_evals.numbers.metrics.quantile import quantile, value_at
from handrail_evals.numbers.metrics.sample import Sample, answered, per_answer
from handrail_evals.numbers.metrics.value import Group, Metric, MetricValue

QUANTILES = (("p50", 0.5), ("p95", 0.95))


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
