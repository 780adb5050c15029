"""The difference between two results on the same cases: how large it may be, and whether chance alone would make it.

The score interval of paired proportions is Tango's (1998, Statistics in Medicine 17, 891). It stays honest where few
cases differ, and even where none does: no difference seen in 100 cases is no proof that there is none, and the usual
standard error would be zero.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handrail_evals.errors import DataError, InvalidScore, InvalidSetting, TooFewCases
from handrail_evals.numbers.statistics.clusters import Spread, spread
from handrail_evals.numbers.statistics.intervals import check_level, critical_value, lower_tail
from handrail_ground.optional import OptionalLibrary

if TYPE_CHECKING:
    from scipy import special
else:
    special = OptionalLibrary("scipy.special", extra="evals")

FEW = 20
"""With fewer cases that differ, most others not, a mean is not yet near enough to normal for Student's t."""

ROUNDING = 1e-12
"""Of the scale: differences that are nearer to each other are alike, and show nothing of how much they vary."""


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
    """Mean squared difference; for right-or-wrong scores the share of cases that only one side got right.

    Where gains and losses are counted in parts of the scale, those parts: they vary most.
    """
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

    Right-or-wrong scores, and others while only few cases differ or all differ by the same, get Tango's score interval,
    with the counts divided by the design effect when there are clusters; the rest gets Student's t on the
    cluster-robust standard error.
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
    """Tell whether gains and losses say it all, or are all there is to go by.

    The latter is so where all differences are alike: Student's t would be certain of the next, from two cases on.
    """
    changed = [abs(difference) for difference in differences if difference]
    if all(size == scale for size in changed) or max(differences) - min(differences) <= ROUNDING * scale:
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
        discordance=math.fsum(map(abs, differences)) * largest / around.cases,
        design_effect=effect,
        method=f"paired score, {around.clusters} clusters" if clustered else "paired score",
    )


def by_moments(differences: Sequence[float], around: Spread, *, level: float, scale: float) -> Difference:
    """Return the difference with Student's t on its cluster-robust standard error, within what differences can be."""
    largest = max(scale, *map(abs, differences))
    error = around.cautious_error
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
        design_effect=max(1.0, around.design_effect),
        method=f"paired t, {around.clusters} clusters" if clustered else "paired t",
    )


def mean_square(differences: Sequence[float]) -> float:
    """Return the mean of the squares."""
    return math.fsum(difference * difference for difference in differences) / len(differences)


def variance(difference: float, gains: float, losses: float, cases: float) -> float:
    """Return the variance of ``gains - losses`` if the true difference of proportions were ``difference``."""
    # The share of losses that is most likely at this difference is the upper root of a x² + b x + c.
    a = 2.0 * cases
    b = -gains - losses + (2.0 * cases - gains + losses) * difference
    c = -losses * difference * (1.0 - difference)
    root = math.sqrt(max(0.0, b * b - 4.0 * a * c))
    # Of two equal forms the one that does not subtract near numbers.
    share = (root - b) / (2.0 * a) if b <= 0.0 else -2.0 * c / (root + b)
    return max(0.0, cases * (2.0 * share + difference * (1.0 - difference)))


def score_bounds(gains: float, losses: float, cases: float, *, critical: float) -> tuple[float, float]:
    """Return the lowest and highest difference, -1 to 1, that the counts do not contradict.

    ``gains`` and ``losses`` are the cases that only the candidate, and only the baseline, got right. They need not be
    whole: averaged repeats count in parts, clustered cases count less than one. ``critical`` is the number of
    standard errors.
    """
    estimate = (gains - losses) / cases

    def contradicted(difference: float) -> bool:
        distance = gains - losses - cases * difference
        return distance * distance > critical * critical * variance(difference, gains, losses, cases)

    return edge(contradicted, estimate, -1.0), edge(contradicted, estimate, 1.0)


def edge(contradicted: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return where the differences that fit end, to within 1e-12, between one that fits and the end of the scale."""
    if not contradicted(outside):
        return outside
    while abs(outside - inside) > 1e-12:
        middle = (inside + outside) / 2.0
        if contradicted(middle):
            outside = middle
        else:
            inside = middle
    return inside


def mcnemar(gains: int, losses: int) -> float:
    """Return the exact two-sided p-value, 0 to 1, that gains and losses are equally likely (McNemar 1947).

    Raises:
        DataError: a count is below 0.
    """
    if gains < 0 or losses < 0:
        raise DataError(f"{gains} gains and {losses} losses: counts start at 0")
    if gains + losses == 0:
        return 1.0
    return min(1.0, 2.0 * float(special.bdtr(min(gains, losses), gains + losses, 0.5)))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return each metric's p-value, 0 to 1, adjusted so that all together keep their error rate (Holm 1979).

    A metric is called different when its adjusted p-value is at most the error rate meant for all of them.

    Raises:
        DataError: a p-value is outside 0 to 1.
    """
    for name, p_value in p_values.items():
        if not 0.0 <= p_value <= 1.0:
            raise DataError(f"metric {name!r}: p-value {p_value!r} is not from 0 to 1")
    adjusted: dict[str, float] = {}
    largest = 0.0
    for position, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - position) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}
