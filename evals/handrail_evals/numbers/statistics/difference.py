"""The mean difference between two results on the same cases."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.errors import InvalidScore, InvalidSetting, TooFewCases
from handrail_evals.numbers.statistics.clusters import Spread, spread
from handrail_evals.numbers.statistics.quantiles import check_level, critical_value, lower_tail
from handrail_evals.numbers.statistics.score import score_bounds

FEW = 20
"""With fewer cases that differ, most others not, a mean is not yet near enough to normal for Student's t."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Candidate minus baseline with its interval, in the unit of the score."""

    estimate: float
    """The mean difference; below 0 the candidate scored lower."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""
    level: float
    """Confidence of the interval, 0 to 1, half of what is missing on either side."""
    p_worse: float
    """One-sided p-value, 0 to 1, of a candidate that is no worse; below half of 1 - level exactly when high < 0."""
    cases: int
    """Pairs."""
    clusters: int
    """Clusters they come from; a case without one is a cluster of its own."""
    discordance: float
    """Mean squared difference; for right-or-wrong scores the share of cases that only one side got right."""
    design_effect: float
    """How many times more cases clusters make necessary; 1 without clusters."""
    method: str
    """How the interval was made, for people."""


def paired_difference(
    differences: Sequence[float],
    clusters: Sequence[str | None] | None = None,
    *,
    level: float = 0.95,
    scale: float = 1.0,
) -> Difference:
    """Return the mean of the differences with its interval.

    Right-or-wrong scores, and others while only few cases differ, get Tango's score interval, with the counts divided
    by the design effect when there are clusters; the rest gets Student's t on the cluster-robust standard error.
    ``scale`` is the largest difference two scores can have, 1 for scores from 0 to 1.

    Raises:
        TooFewCases: fewer than two cases, or all of one cluster.
        InvalidScore: a difference is not a finite number.
        InvalidSetting: the level is not between 0 and 1, or the scale not above 0.
    """
    check_level(level)
    if not (scale > 0.0 and math.isfinite(scale)):
        raise InvalidSetting(f"scale is {scale!r}; give the largest difference two scores can have, 1 for shares")
    if len(differences) < 2:
        raise TooFewCases(found=len(differences), needed=2)
    for position, difference in enumerate(differences):
        if not math.isfinite(difference):
            raise InvalidScore(where=f"difference {position}", score=difference)
    around = spread(differences, clusters)
    if counted(differences, scale):
        return by_counts(differences, around, level=level, scale=scale)
    return by_moments(differences, around, level=level, scale=scale)


def counted(differences: Sequence[float], scale: float) -> bool:
    """Tell whether gains and losses say it all, or are all there is to go by."""
    changed = [abs(difference) for difference in differences if difference]
    if all(size == scale for size in changed):
        return True
    return len(changed) < FEW and 2 * len(changed) < len(differences)


def by_counts(differences: Sequence[float], around: Spread, *, level: float, scale: float) -> Difference:
    """Return the difference with a score interval on gains and losses, counted in parts of the scale.

    A gain of a third of the scale counts as a third of a gain. That is never too narrow: among differences with the
    same gains and losses, whole ones vary most.
    """
    largest = max(scale, *map(abs, differences))
    # Clusters that seem to help are chance: they never narrow the interval.
    effect = max(1.0, around.design_effect)
    clustered = around.clusters < around.cases
    degrees = around.degrees if clustered else None
    gains = math.fsum(difference for difference in differences if difference > 0) / largest / effect
    losses = -math.fsum(difference for difference in differences if difference < 0) / largest / effect
    low, high = score_bounds(gains, losses, around.cases / effect, critical=critical_value(level, degrees))
    statistic = (gains - losses) / math.sqrt(gains + losses) if gains + losses > 0.0 else 0.0
    return Difference(
        estimate=around.mean,
        low=low * largest,
        high=high * largest,
        level=level,
        p_worse=lower_tail(statistic, degrees),
        cases=around.cases,
        clusters=around.clusters,
        discordance=mean_square(differences),
        design_effect=effect,
        method=f"paired score, {around.clusters} clusters" if clustered else "paired score",
    )


def by_moments(differences: Sequence[float], around: Spread, *, level: float, scale: float) -> Difference:
    """Return the difference with Student's t on its cluster-robust standard error, within what differences can be."""
    largest = max(scale, *map(abs, differences))
    error = around.standard_error
    reach = critical_value(level, around.degrees) * error
    statistic = around.mean / error if error > 0.0 else math.copysign(math.inf, around.mean)
    clustered = around.clusters < around.cases
    return Difference(
        estimate=around.mean,
        low=max(-largest, around.mean - reach),
        high=min(largest, around.mean + reach),
        level=level,
        p_worse=lower_tail(statistic, around.degrees),
        cases=around.cases,
        clusters=around.clusters,
        discordance=mean_square(differences),
        design_effect=around.design_effect,
        method=f"paired t, {around.clusters} clusters" if clustered else "paired t",
    )


def mean_square(differences: Sequence[float]) -> float:
    """Return the mean of the squares."""
    return math.fsum(difference * difference for difference in differences) / len(differences)
