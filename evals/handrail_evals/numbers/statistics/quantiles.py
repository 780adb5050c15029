"""How many standard errors a confidence takes, and how unlikely a number of standard errors is."""

import math
from statistics import NormalDist

from handrail_evals.errors import InvalidSetting
from handrail_evals.libraries import needs

STANDARD = NormalDist()


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
    with needs("evals"):
        from scipy.special import stdtrit  # noqa: PLC0415 -- importing evals stays light

    return float(stdtrit(degrees, upper))


def lower_tail(statistic: float, degrees: float | None = None) -> float:
    """Return the chance, 0 to 1, of a statistic this low or lower; ``degrees`` as for ``critical_value``."""
    if degrees is None or math.isinf(statistic):
        return STANDARD.cdf(statistic)
    with needs("evals"):
        from scipy.special import stdtr  # noqa: PLC0415 -- importing evals stays light

    return float(stdtr(degrees, statistic))
