"""How many cases a comparison needs, and how small a difference it can see.

The sample size is that of McNemar's test (Connor 1987, Biometrics 43, 207), with the quantile of the interval that the
gate draws, a discordance that may be any mean squared difference, and a design effect for clusters.
"""

import math

from evals.errors import InvalidSetting
from evals.statistics.quantiles import STANDARD, check_level, critical_value


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
    margin: float, *, discordance: float, design_effect: float = 1.0, level: float = 0.95, power: float = 0.8
) -> int:
    """Return how many pairs show, with this power, that two equally good results do not differ by the margin.

    ``margin`` is in the unit of the score; ``discordance`` is the mean squared difference, for right-or-wrong scores
    the share of cases that only one side gets right. At least as many as without any discordant case.

    Raises:
        InvalidSetting: a number is out of its range.
    """
    check_level(level)
    check_plan(discordance, design_effect, power)
    if not (margin > 0.0 and math.isfinite(margin)):
        raise InvalidSetting(f"margin is {margin!r}; give how much worse is still fine, above 0, such as 0.02")
    interval, success = critical_value(level), STANDARD.inv_cdf(power)
    reach = interval * math.sqrt(discordance) + success * math.sqrt(max(0.0, discordance - margin * margin))
    return math.ceil((reach / margin) ** 2 * design_effect)


def smallest_detectable(
    cases: int, *, discordance: float, design_effect: float = 1.0, level: float = 0.95, power: float = 0.8
) -> float | None:
    """Return the smallest difference, in the unit of the score, that this many pairs show with this power.

    None when no difference that fits the discordance can be shown: the cases are too few.

    Raises:
        InvalidSetting: a number is out of its range.
    """
    check_level(level)
    check_plan(discordance, design_effect, power)
    if cases < 1:
        raise InvalidSetting(f"cases is {cases!r}; give how many the suite has, at least 1")
    interval, success = critical_value(level), STANDARD.inv_cdf(power)
    # The sample-size formula solved for the margin: a quadratic, of which the larger root is meant.
    effective = cases / design_effect
    inner = effective + success * success - interval * interval
    if inner < 0.0:
        return None
    root = math.sqrt(effective) * interval + success * math.sqrt(inner)
    smallest = math.sqrt(discordance) * root / (effective + success * success)
    return smallest if smallest * smallest <= discordance else None
