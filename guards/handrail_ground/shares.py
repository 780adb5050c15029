"""A share of some cases, and the range that it may truly have."""

import math
from dataclasses import dataclass
from typing import Any, Final

CRITICAL_95: Final = 1.9599639845400536
"""Standard errors on either side of an interval of 95%: where a normal distribution has 97.5% below."""


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


def critical_of(comparisons: int) -> float:
    """Return the standard errors at which one of so many comparisons is taken for a change by chance once in twenty.

    That is in all of them together (Bonferroni): each alone would be once in twenty at ``CRITICAL_95``.
    """
    from statistics import NormalDist  # noqa: PLC0415 -- few compare, and it loads fractions and chance

    return NormalDist().inv_cdf(1.0 - 0.025 / max(1, comparisons))


@dataclass(frozen=True, slots=True)
class Proportion:
    """How many of some cases are so, with Wilson's interval of 95%; of none, nothing is known.

    Raises:
        ValueError: there are more of them than cases, or fewer than none.
    """

    part: int
    whole: int

    def __post_init__(self) -> None:
        if not 0 <= self.part <= self.whole:
            raise ValueError(f"{self.part} of {self.whole} is no share")

    @property
    def rate(self) -> float | None:
        """Return the share, 0 to 1; None: there are no cases."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return Wilson's interval of 95%; None: there are no cases."""
        return wilson_bounds(self.part, self.whole, CRITICAL_95) if self.whole else None

    def differs_from(self, other: "Proportion", *, critical: float = CRITICAL_95) -> bool:
        """Return whether two shares differ by more than chance: the interval of their difference (Newcombe) leaves 0.

        Intervals that overlap are no sign that shares are alike, so they are not what is looked at. ``critical`` are
        the standard errors on either side; of many comparisons each needs more of them, see ``critical_of``.
        """
        if self.rate is None or other.rate is None:
            return False
        mine = wilson_bounds(self.part, self.whole, critical)
        its = wilson_bounds(other.part, other.whole, critical)
        difference = self.rate - other.rate
        low = difference - math.hypot(self.rate - mine[0], its[1] - other.rate)
        high = difference + math.hypot(mine[1] - self.rate, other.rate - its[0])
        return low > 0.0 or high < 0.0

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        low, high = self.interval or (None, None)
        return {"part": self.part, "whole": self.whole, "rate": self.rate, "low": low, "high": high}
