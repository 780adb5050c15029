"""The mean of a sample, with the interval that fits its numbers."""

from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.sample import Sample
from handrail_evals.numbers.statistics.bootstrap import bca_mean
from handrail_evals.numbers.statistics.interval import Interval
from handrail_evals.numbers.statistics.mean import mean_interval
from handrail_evals.numbers.statistics.proportion import wilson

MANY = 2000
"""From here on the mean of skewed amounts is near enough to normal, and a bootstrap says the same as Student's t."""


def proportion(sample: Sample, certainty: Certainty) -> Interval:
    """Return a share with its Wilson interval.

    Raises:
        TooFewCases: there is nothing, or all of one cluster.
    """
    return wilson(sample.values, sample.clusters, level=certainty.level)


def mean_score(sample: Sample, certainty: Certainty, *, right_or_wrong: bool) -> Interval:
    """Return the mean of scores: Wilson for right-or-wrong ones, Student's t for others.

    Scores from 0 to 1 that are all alike get Wilson's too: t would promise that the next is no different. The interval
    of scores from 0 to 1 stays within 0 and 1.

    Raises:
        TooFewCases: fewer than two scores (one for right-or-wrong ones), or all of one cluster.
    """
    shares = all(0.0 <= value <= 1.0 for value in sample.values)
    alike = shares and len(set(sample.values)) == 1
    if right_or_wrong or alike:
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
    return bca_mean(
        sample.values,
        sample.clusters,
        seed=certainty.seed,
        level=certainty.level,
        resamples=certainty.resamples,
    )
