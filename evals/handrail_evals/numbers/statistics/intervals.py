"""A number with the range it may truly have: of means, of shares, of medians and other quantiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from handrail_evals.errors import InvalidScore, InvalidSetting, TooFewCases
from handrail_evals.numbers.statistics.clusters import Sample, spread
from handrail_ground.optional import OptionalLibrary
from handrail_ground.shares import wilson_bounds

if TYPE_CHECKING:
    import numpy as np
    from scipy import special
else:
    np = OptionalLibrary("numpy", extra="evals")
    special = OptionalLibrary("scipy.special", extra="evals")

STANDARD = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate and its confidence interval, in the unit of what was measured."""

    estimate: float
    """What was measured."""
    low: float
    """Lower end; never above the estimate but for skewed bootstraps."""
    high: float
    """Upper end."""
    level: float
    """Confidence of the interval, 0 to 1, half of what is missing on either side."""
    cases: int
    """How many cases it was measured on."""
    method: str
    """How the interval was made, for people: ``Wilson``, ``t, 40 clusters``, ``BCa bootstrap``."""


def check_level(level: float) -> None:
    """Refuse a confidence level that is not between 0 and 1, such as 95 for 95%.

    Raises:
        InvalidSetting: the level is not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise InvalidSetting(f"level is {level!r}; give a confidence between 0 and 1, such as 0.95")


def critical_value(level: float, degrees: float | None = None) -> float:
    """Return the standard errors on either side of a two-sided interval.

    ``degrees`` are those of Student's t, 1 or more and not always whole; None stands for the normal distribution.

    Raises:
        InvalidSetting: the level is not between 0 and 1.
    """
    check_level(level)
    upper = (1.0 + level) / 2.0
    if degrees is None or math.isinf(degrees):
        return STANDARD.inv_cdf(upper)
    return float(special.stdtrit(degrees, upper))


def lower_tail(statistic: float, degrees: float | None = None) -> float:
    """Return the chance, 0 to 1, of a statistic this low or lower; ``degrees`` as for ``critical_value``."""
    if degrees is None or math.isinf(statistic):
        return STANDARD.cdf(statistic)
    return float(special.stdtr(degrees, statistic))


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """What every interval of a summary has in common; the same certainty gives the same numbers again.

    Raises:
        InvalidSetting: the level is not between 0 and 1, or there are too few resamples.
    """

    seed: int = 0
    """Of the bootstraps' chance."""
    level: float = 0.95
    """Confidence of the intervals, 0 to 1, half of what is missing on either side."""
    resamples: int = 2000
    """How often a bootstrap draws the cases anew, 100 or more."""

    def __post_init__(self) -> None:
        check_level(self.level)
        if self.resamples < 100:
            raise InvalidSetting(f"resamples is {self.resamples!r}; give at least 100, 2000 for a report")


def mean_interval(
    values: Sequence[float],
    clusters: Sequence[str | None] | None = None,
    *,
    level: float = 0.95,
    lowest: float = -math.inf,
    highest: float = math.inf,
) -> Interval:
    """Return the mean with Student's t interval, on the cluster-robust standard error when there are clusters.

    Clusters never narrow it.

    ``lowest`` and ``highest`` are what no mean of such values can leave: the interval ends there at the latest, which
    never makes it miss more often. For a few, very skewed values ``bca_mean`` follows the skew; for right-or-wrong
    scores use ``wilson``.

    Raises:
        TooFewCases: fewer than two values, or all of one cluster.
        InvalidScore: a value is not a finite number.
        InvalidSetting: the level is not between 0 and 1.
    """
    check_level(level)
    around = spread(values, clusters)
    reach = critical_value(level, around.degrees) * around.cautious_error
    return Interval(
        estimate=around.mean,
        low=min(around.mean, max(lowest, around.mean - reach)),
        high=max(around.mean, min(highest, around.mean + reach)),
        level=level,
        cases=around.cases,
        method=f"t, {around.clusters} clusters" if around.clusters < around.cases else "t",
    )


def wilson(outcomes: Sequence[float], clusters: Sequence[str | None] | None = None, *, level: float = 0.95) -> Interval:
    """Return the mean of outcomes from 0 to 1 with the Wilson score interval.

    Outcomes are True and False, or shares such as a case's averaged repeats, for which the interval is a little wide.
    With clusters the counts are divided by the design effect and the normal quantile becomes Student's.

    Raises:
        TooFewCases: there are no outcomes, or they have clusters and all the same one.
        InvalidScore: an outcome is outside 0 to 1.
        InvalidSetting: the level is not between 0 and 1.
    """
    check_level(level)
    for position, outcome in enumerate(outcomes):
        if not 0.0 <= outcome <= 1.0:
            raise InvalidScore(where=f"outcome {position}, which must be from 0 to 1", score=outcome)
    cases = len(outcomes)
    if not cases:
        raise TooFewCases(found=0, needed=1)
    total = math.fsum(outcomes)
    effect, degrees, method = 1.0, None, "Wilson"
    if clusters is not None:
        around = spread(outcomes, clusters)
        if around.clusters < cases:
            effect, degrees = max(1.0, around.design_effect), around.degrees
            method = f"Wilson, {around.clusters} clusters"
    low, high = wilson_bounds(total / effect, cases / effect, critical_value(level, degrees))
    return Interval(estimate=total / cases, low=low, high=high, level=level, cases=cases, method=method)


def quantile(sample: Sample, share: float, certainty: Certainty) -> Interval:
    """Return the value that this share (between 0 and 1) of the values does not exceed.

    The interval runs between two of the values themselves, chosen by the binomial distribution (David and Nagaraja
    2003, section 7.1); it is exact or a little wide. With clusters the ends are the values at Wilson's interval of
    the share (Woodruff 1952, JASA 47, 635).

    Raises:
        TooFewCases: no value is extreme enough for an end: a 95% interval takes 6 values for a median, 72 for a 95th
            percentile.
        InvalidSetting: the share is not between 0 and 1.
    """
    if not 0.0 < share < 1.0:
        raise InvalidSetting(f"share is {share!r}; give a number between 0 and 1, such as 0.95 for p95")
    ordered = sorted(sample.values)
    missing = (1.0 - certainty.level) / 2.0
    needed = math.ceil(math.log(missing) / math.log(max(share, 1.0 - share)))
    if len(ordered) < needed:
        raise TooFewCases(found=len(ordered), needed=needed)
    estimate = value_at(ordered, share)
    if sample.clusters is None:
        first, last = ranks(len(ordered), share, missing)
        low, high, method = ordered[first - 1], ordered[last - 1], "order statistics"
    else:
        within = [float(value <= estimate) for value in sample.values]
        effective = len(ordered) / max(1.0, spread(within, sample.clusters).design_effect)
        if effective < needed:
            raise TooFewCases(found=int(effective), needed=needed, what="cases, counted as clusters make them,")
        around = wilson(within, sample.clusters, level=certainty.level)
        # With ties more than the share lies at or below the value: the width counts, around the share itself.
        low = value_at(ordered, max(0.0, share - (around.estimate - around.low)))
        high = value_at(ordered, min(1.0, share + (around.high - around.estimate)))
        method = around.method.replace("Wilson", "order statistics")
    return Interval(estimate=estimate, low=low, high=high, level=certainty.level, cases=len(ordered), method=method)


def value_at(ordered: list[float], share: float) -> float:
    """Return the smallest of the rising values that at least this share of them does not exceed."""
    return ordered[max(1, math.ceil(share * len(ordered) - 1e-9)) - 1]


def ranks(values: int, share: float, missing: float) -> tuple[int, int]:
    """Return the ranks, from 1, that the quantile lies outside of with at most the missing chance on either side."""
    # Entry k: the chance that at most k values lie at or below the quantile.
    at_most = special.bdtr(np.arange(values), values, share)
    first = int(np.searchsorted(at_most, missing, side="right"))
    last = int(np.searchsorted(at_most, 1.0 - missing, side="left")) + 1
    return first, last
