"""Medians and other quantiles with intervals that assume nothing of how the values are spread."""

import math

from handrail_evals.errors import InvalidSetting, TooFewCases
from handrail_evals.libraries import needs
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.sample import Sample
from handrail_evals.numbers.statistics.clusters import spread
from handrail_evals.numbers.statistics.interval import Interval
from handrail_evals.numbers.statistics.proportion import wilson


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
    with needs("evals"):
        import numpy as np  # noqa: PLC0415 -- importing evals stays light
        from scipy.special import bdtr  # noqa: PLC0415 -- as above

    # Entry k: the chance that at most k values lie at or below the quantile.
    at_most = bdtr(np.arange(values), values, share)
    first = int(np.searchsorted(at_most, missing, side="right"))
    last = int(np.searchsorted(at_most, 1.0 - missing, side="left")) + 1
    return first, last
