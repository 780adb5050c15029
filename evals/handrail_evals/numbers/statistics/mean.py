"""The interval of a mean of any scores: minutes, money, text similarity."""

import math
from collections.abc import Sequence

from handrail_evals.numbers.statistics.clusters import spread
from handrail_evals.numbers.statistics.interval import Interval
from handrail_evals.numbers.statistics.quantiles import check_level, critical_value


def mean_interval(
    values: Sequence[float],
    clusters: Sequence[str | None] | None = None,
    *,
    level: float = 0.95,
    lowest: float = -math.inf,
    highest: float = math.inf,
) -> Interval:
    """Return the mean with Student's t interval, on the cluster-robust standard error when there are clusters.

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
    reach = critical_value(level, around.degrees) * around.standard_error
    return Interval(
        estimate=around.mean,
        low=min(around.mean, max(lowest, around.mean - reach)),
        high=max(around.mean, min(highest, around.mean + reach)),
        level=level,
        cases=around.cases,
        method=f"t, {around.clusters} clusters" if around.clusters < around.cases else "t",
    )
