"""The interval of a share: accuracy, coverage, exception rate."""

import math
from collections.abc import Sequence

from handrail_evals.errors import InvalidScore, TooFewCases
from handrail_evals.numbers.statistics.clusters import spread
from handrail_evals.numbers.statistics.interval import Interval
from handrail_evals.numbers.statistics.quantiles import check_level, critical_value


def wilson_bounds(successes: float, cases: float, critical: float) -> tuple[float, float]:
    """Return the ends of the Wilson score interval (Wilson 1927); the counts need not be whole."""
    share = successes / cases
    square = critical * critical / cases
    center = (share + square / 2.0) / (1.0 + square)
    # Rounding takes a share a hair past 0 or 1, and then the root of a negative number.
    variance = max(0.0, share * (1.0 - share)) / cases + square / (4.0 * cases)
    reach = critical * math.sqrt(variance) / (1.0 + square)
    # At a share of 0 or 1 the interval ends there; rounding must not move the end past the estimate.
    return max(0.0, min(share, center - reach)), min(1.0, max(share, center + reach))


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
