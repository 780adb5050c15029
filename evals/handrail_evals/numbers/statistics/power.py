"""How many cases a comparison needs, and how small a difference it can see.

Power is the chance that the gate's interval, drawn from two equally good results, lies above minus the margin. It is
counted exactly over everything that can come out: the usual formula (Connor 1987, Biometrics 43, 207) takes the
variance of no difference, and the score interval at minus the margin is wider, so it promises too much where few cases
differ.
"""

import math
from typing import TYPE_CHECKING

from handrail_evals.errors import InvalidSetting
from handrail_evals.numbers.statistics.difference import variance
from handrail_evals.numbers.statistics.intervals import STANDARD, check_level, critical_value
from handrail_ground.optional import OptionalLibrary

if TYPE_CHECKING:
    from scipy import special
else:
    special = OptionalLibrary("scipy.special", extra="evals")

MANY = 5_000
"""Cases that differ, from which on their counts are as good as normal."""

TAIL = 6.0
"""How far from the expected number of cases that differ is looked, in standard deviations: the rest is below 1e-8."""

PRECISION = 1e-4
"""Of the smallest difference, relative."""


def check_plan(discordance: float, design_effect: float, power: float) -> None:
    """Refuse a plan that cannot work.

    Raises:
        InvalidSetting: a number is out of its range.
    """
    if not (discordance >= 0.0 and math.isfinite(discordance)):
        raise InvalidSetting(f"discordance is {discordance!r}; give the share of cases that only one side gets right")
    if not (design_effect > 0.0 and math.isfinite(design_effect)):
        raise InvalidSetting(f"design_effect is {design_effect!r}; it is above 0, and 1 without clusters")
    if not 0.5 <= power < 1.0:
        raise InvalidSetting(f"power is {power!r}; give a chance of success from 0.5 to below 1, such as 0.8")


def cases_needed(
    margin: float,
    *,
    discordance: float,
    design_effect: float = 1.0,
    level: float = 0.95,
    power: float = 0.8,
    scale: float = 1.0,
    right_or_wrong: bool = True,
) -> int:
    """Return how many pairs show, with this power, that two equally good results do not differ by the margin.

    ``margin`` is in the unit of the score; ``discordance`` is the mean squared difference, for right-or-wrong scores
    the share of cases that only one side gets right; ``scale`` is the largest difference two scores can have. For
    right-or-wrong scores it is counted exactly, and at least as many as without any discordant case; for others the
    differences are taken for normal, with Student's t as the gate has it: few cases need more.

    Raises:
        InvalidSetting: a number is out of its range.
    """
    check_level(level)
    check_plan(discordance, design_effect, power)
    if not (margin > 0.0 and math.isfinite(margin)):
        raise InvalidSetting(f"margin is {margin!r}; give how much worse is still fine, above 0, such as 0.02")
    critical, part, share = critical_value(level), margin / scale, discordance / (scale * scale)
    if not right_or_wrong or share > 1.0 or part >= 1.0:
        return math.ceil(_pairs_of_scores(margin, discordance, level, power) * design_effect)
    return math.ceil(_pairs_needed(part, share, critical, power) * design_effect)


def smallest_detectable(
    cases: int, *, discordance: float, design_effect: float = 1.0, level: float = 0.95, power: float = 0.8
) -> float | None:
    """Return the smallest margin that this many pairs show two equally good results to stay within, with this power.

    It is from 0 to 1, the scores being so, too. None when no difference that fits the discordance can be shown: the
    cases are too few.

    Raises:
        InvalidSetting: a number is out of its range.
    """
    check_level(level)
    check_plan(discordance, design_effect, power)
    if cases < 1:
        raise InvalidSetting(f"cases is {cases!r}; give how many the suite has, at least 1")
    critical, pairs = critical_value(level), max(1, math.floor(cases / design_effect))
    low, high = 0.0, min(math.sqrt(discordance), 1.0 - 1e-9)
    if high <= 0.0 or power_of(pairs, high, discordance, critical=critical) < power:
        return None
    while high - low > PRECISION * high:
        middle = (low + high) / 2.0
        if power_of(pairs, middle, discordance, critical=critical) < power:
            low = middle
        else:
            high = middle
    return high


def power_of(pairs: int, margin: float, discordance: float, *, critical: float) -> float:
    """Return the chance that two equally good results, of right-or-wrong scores, are shown not to differ by the margin.

    ``margin`` and ``discordance`` are shares, 0 to 1; ``critical`` is the interval's number of standard errors.
    """
    if pairs * discordance > MANY:
        return _power_of_many(pairs, margin, discordance, critical)
    spread = TAIL * math.sqrt(pairs * discordance * (1.0 - discordance)) + TAIL
    first = max(0, math.floor(pairs * discordance - spread))
    last = min(pairs, math.ceil(pairs * discordance + spread))
    least = _least_gains(first, 0, pairs, margin, critical)
    chance = math.fsum(_binomial(first, gains, 0.5) for gains in range(least, first + 1))
    total = 0.0
    for differing in range(first, last + 1):
        if differing > first:  # one more case that differs: Pascal's triangle takes the chance along
            chance += 0.5 * _binomial(differing - 1, least - 1, 0.5)
            more = _least_gains(differing, least, pairs, margin, critical)
            chance -= math.fsum(_binomial(differing, gains, 0.5) for gains in range(least, more))
            least = more
        total += _binomial(pairs, differing, discordance) * min(1.0, max(0.0, chance))
    return total


def _least_gains(differing: int, least: int, pairs: int, margin: float, critical: float) -> int:
    """Return the fewest gains, of so many cases that differ, with which the interval lies above minus the margin.

    One more than there are when no number of gains is enough; with ``least`` less one it is known not to.
    """
    while least <= differing:
        distance = 2.0 * least - differing + pairs * margin
        if distance > 0.0 and distance * distance > critical**2 * variance(-margin, least, differing - least, pairs):
            break
        least += 1
    return least


def _power_of_many(pairs: float, margin: float, discordance: float, critical: float) -> float:
    """Return the power where the counts are as good as normal, the interval's width being that of the expected ones."""
    half = discordance / 2.0
    distance = margin * math.sqrt(pairs) - critical * math.sqrt(variance(-margin, half, half, 1.0))
    if discordance == 0.0:
        return float(distance > 0.0)
    return STANDARD.cdf(distance / math.sqrt(discordance))


def _pairs_of_scores(margin: float, discordance: float, level: float, power: float) -> int:
    """Return the fewest pairs of scores between right and wrong that reach the power, by the non-central t."""
    reach = critical_value(level) + STANDARD.inv_cdf(power)
    pairs = max(2, math.ceil(discordance * (reach / margin) ** 2))
    if discordance == 0.0:
        return pairs
    while pairs < MANY:
        away = margin * math.sqrt(pairs / discordance)
        if special.nctdtr(pairs - 1.0, away, critical_value(level, pairs - 1.0)) <= 1.0 - power:
            break
        pairs += 1
    return pairs


def _pairs_needed(margin: float, discordance: float, critical: float, power: float) -> int:
    """Return the fewest pairs that reach the power; all but exactly, as it rises in small teeth."""
    unseen = math.floor(critical * critical * (1.0 - margin) / margin) + 1
    if discordance == 0.0:
        return unseen
    half = discordance / 2.0
    width = critical * math.sqrt(variance(-margin, half, half, 1.0)) + STANDARD.inv_cdf(power) * math.sqrt(discordance)
    about = max(unseen, math.ceil((width / margin) ** 2))
    if about * discordance > MANY:
        return about

    def reaches(pairs: int) -> bool:
        return power_of(pairs, margin, discordance, critical=critical) >= power

    step = max(1, about // 50)
    low, high = about, about
    while not reaches(high):
        low, high, step = high, high + step, step * 2
    while low > unseen and reaches(low):
        low, high, step = max(unseen, low - step), low, step * 2
    if reaches(low):
        return low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def _binomial(trials: int, hits: int, chance: float) -> float:
    """Return the chance of so many hits."""
    if not 0 <= hits <= trials:
        return 0.0
    if chance in {0.0, 1.0}:
        return float(hits == (trials if chance else 0))
    ways = math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
    return math.exp(ways + hits * math.log(chance) + (trials - hits) * math.log1p(-chance))
