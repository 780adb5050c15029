"""What a comparison lacks that can't tell: how many more cases, and whether they must be of other clusters."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from handrail_evals.numbers.statistics.difference import Difference
from handrail_evals.numbers.statistics.intervals import STANDARD, critical_value
from handrail_evals.numbers.statistics.power import cases_needed

Needed = Callable[[float | None], float]
"""Cases that are needed with so many degrees of freedom; None for many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """What is missing until it can be told, by what has been seen."""

    cases: int
    """How many more cases it probably takes, at least 1."""
    words: str
    """The same for people, and what else must hold."""


def shortfall(
    difference: Difference, *, margin: float, level: float, power: float, scale: float, alarm: float | None = None
) -> Shortfall:
    """Return what is missing, with this power, until a difference can be told from 0 or from minus the margin.

    Where it was seen to be worse by more than the margin, that is what more cases would show; it takes far fewer than
    to show two equally good results, and they would not be shown so. ``alarm`` is the one-sided p-value that shows it
    worse, where several metrics are corrected for and it is worse alone.
    """
    looks_worse = difference.estimate < -margin or alarm is not None
    if looks_worse:
        total = _to_show_worse(difference, alarm or (1.0 - level) / 2.0, power)
    else:
        total = _to_show_equal(difference, margin, level, power, scale)
    more = max(1, total - difference.cases)
    words = [f"about {more:,} more {'case' if more == 1 else 'cases'} needed"]
    if looks_worse:
        words.append(" to show it worse, if the difference stays as it is")
    if _is_clustered(difference):
        words.append(f", from other clusters than these {difference.clusters:,}")
    return Shortfall(cases=more, words="".join(words))


def _is_clustered(difference: Difference) -> bool:
    return difference.clusters < difference.cases


def _to_show_worse(difference: Difference, alarm: float, power: float) -> int:
    """Return how many cases show the difference as it was seen to lie below 0 (Connor 1987)."""
    seen, discordance = abs(difference.estimate), difference.discordance
    success = STANDARD.inv_cdf(power) * math.sqrt(max(0.0, discordance - seen * seen))

    def needed(degrees: float | None) -> float:
        reach = critical_value(1.0 - 2.0 * alarm, degrees) * math.sqrt(discordance)
        return difference.design_effect * ((reach + success) / seen) ** 2

    return _with_clusters(difference, math.ceil(needed(None)), needed)


def _to_show_equal(difference: Difference, margin: float, level: float, power: float, scale: float) -> int:
    """Return how many cases show two equally good results not to differ by the margin.

    Where that many are there already the candidate is not as good: then enough for the difference as it was seen to
    leave 0 or the margin behind.
    """
    planned = cases_needed(
        margin,
        discordance=difference.discordance,
        design_effect=difference.design_effect,
        level=level,
        power=power,
        scale=scale,
        right_or_wrong=difference.method.startswith("paired score"),
    )
    if planned > difference.cases:
        normal = critical_value(level)
        return _with_clusters(
            difference, planned, lambda degrees: planned * (critical_value(level, degrees) / normal) ** 2
        )
    reach = (difference.high - difference.low) / 2.0
    distance = max(difference.estimate + margin, -difference.estimate)
    return math.ceil(difference.cases * (reach / distance) ** 2)


def _with_clusters(difference: Difference, least: int, needed: Needed) -> int:
    """Return the cases that are needed when each cluster brings as many as it did: few clusters are a wide interval."""
    if not _is_clustered(difference):
        return least
    size = difference.cases / difference.clusters
    clusters = max(2, math.ceil(least / size))
    while needed(clusters - 1.0) > clusters * size:
        clusters += 1
    return math.ceil(clusters * size)
