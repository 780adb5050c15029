"""A share of some cases, and the range that it may truly have."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

CRITICAL_95: Final = 1.9599639845400536
"""Standard errors on either side of an interval of 95%: where a normal distribution has 97.5% below."""


LAST_OF_TWO_DIGITS = 0.0995
"""What is above it is 10% or more, rounded to two digits."""
MOST_DECIMALS = 18
"""So many tell all numbers from each other that are near 1."""


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


def percent(share: float) -> str:
    """Return a share in percent, in two digits or three, without the sign: 0.45, 4.5, 45 or 100."""
    return in_percent(share, sign="") if share > LAST_OF_TWO_DIGITS else in_digits(share, 2, sign="")


def in_percent(share: float, places: int = 0, *, sign: str = "%") -> str:
    """Return a share in percent, with so many decimals, or as many as tell it from nothing and from all.

    A share of 0.999999999 is not told as 100%, nor one of 0.0001 as 0%: that something never happens, or always.
    """
    told = ""
    for digits in range(places, MOST_DECIMALS):
        told = f"{100 * share:.{digits}f}"
        if not _is_told_as_whole(float(told), share):
            return f"{told}{sign}"
    return f"{100 * share:.1g}{sign}"  # nearer to nothing than so many decimals tell


def in_digits(share: float, digits: int = 3, *, sign: str = "%") -> str:
    """Return a share in percent, in so many digits, or as many as tell it from all: 0.00012%, 4.5%, 99.9999%."""
    told = ""
    for more in range(digits, MOST_DECIMALS):
        told = f"{100 * share:.{more}g}"
        if not _is_told_as_whole(float(told), share):
            break
    if "e-" in told and 100 * share >= 10.0**-MOST_DECIMALS:
        told = f"{float(told):.{MOST_DECIMALS}f}".rstrip("0")
    return f"{told}{sign}"


def _is_told_as_whole(told: float, share: float) -> bool:
    """Return whether what is told is nothing or all, and the share is neither."""
    return (told == 0.0 and share != 0.0) or (told == 100.0 and share != 1.0)


def decimals(*numbers: float, fewest: int = 3) -> tuple[str, ...]:
    """Return numbers with three decimals, or as many as tell each from the others, from 0 and from 1.

    A confidence of 0.99998 is below a threshold of 0.99999, and neither is 1.000.
    """
    known = {0.0, 1.0, *numbers}
    told: dict[float, str] = {}
    for digits in range(fewest, MOST_DECIMALS):
        told = {each: f"{each:.{digits}f}" for each in known}
        if len(set(told.values())) == len(known):
            break
    return tuple(told[each] for each in numbers)


def decimal(number: float, *, fewest: int = 3) -> str:
    """Return a number with three decimals, or as many as tell it from 0 and from 1."""
    return decimals(number, fewest=fewest)[0]


def signed(number: float, *, fewest: int = 3) -> str:
    """Return a difference with its sign, and as many decimals as tell it from 0: +0.083, -0.00004."""
    return f"{'-' if number < 0 else '+'}{decimal(abs(number), fewest=fewest)}"


def below(share: float, limit: float, places: int = 0) -> str:
    """Return a share in percent that is below a limit, with as many decimals as show it: 94.96% where 95% is asked."""
    told = ""
    for digits in range(places, MOST_DECIMALS):
        told = in_percent(share, digits, sign="")
        if float(told) < 100 * limit:
            break
    return f"{told}%"


def critical_of(comparisons: int) -> float:
    """Return the standard errors at which one of so many comparisons is taken for a change by chance once in twenty.

    That is in all of them together (Bonferroni): each alone would be once in twenty at ``CRITICAL_95``.
    """
    from statistics import NormalDist  # noqa: PLC0415 -- few compare, and it loads fractions and chance

    return NormalDist().inv_cdf(1.0 - 0.025 / max(1, comparisons))


class Weighed(NamedTuple):
    """What cases come to that were picked unevenly: each stands for one over its chance."""

    part: float
    """The weights of those that are so, added up."""
    whole: float
    """Those of all."""
    squares: float
    """The squares of those of all."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """How many of some cases are so, with Wilson's interval of 95%; of none, nothing is known.

    Where cases were picked unevenly, share and interval are those of so many evenly picked ones as tell as much (Kish).

    Raises:
        ValueError: there are more of them than cases, or fewer than none.
    """

    part: int
    whole: int
    weighed: Weighed | None = None
    """What they come to where they were picked unevenly; None: each stands for one."""

    @classmethod
    def of_weights(cls, groups: Iterable[tuple[float, int, int]]) -> Self:
        """Return the share of groups of cases: of each, the weight of a case, how many are so, and how many it has."""
        found = [each for each in groups if each[2]]
        part, whole = sum(so for _, so, _ in found), sum(count for _, _, count in found)
        if all(weight == 1.0 for weight, _, _ in found):
            return cls(part, whole)
        sums = (
            sum(weight * so for weight, so, _ in found),
            sum(weight * count for weight, _, count in found),
            sum(weight * weight * count for weight, _, count in found),
        )
        return cls(part, whole, Weighed(*sums))

    def __post_init__(self) -> None:
        if not 0 <= self.part <= self.whole:
            raise ValueError(f"{self.part} of {self.whole} is no share")

    @property
    def rate(self) -> float | None:
        """Return the share, 0 to 1; None: there are no cases."""
        part, whole = (self.part, self.whole) if self.weighed is None else self.weighed[:2]
        return part / whole if whole else None

    @property
    def telling(self) -> tuple[float, float]:
        """Return how many evenly picked cases tell as much, and how many of them would be so."""
        if self.weighed is None or not self.weighed.whole:
            return self.part, self.whole
        part, whole, squares = self.weighed
        telling = whole * whole / squares
        return min(telling, part / whole * telling), telling

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return Wilson's interval of 95%; None: there are no cases."""
        return wilson_bounds(*self.telling, CRITICAL_95) if self.whole else None

    def differs_from(self, other: "Proportion", *, critical: float = CRITICAL_95) -> bool:
        """Return whether two shares differ by more than chance: the interval of their difference (Newcombe) leaves 0.

        Intervals that overlap are no sign that shares are alike, so they are not what is looked at. ``critical`` are
        the standard errors on either side; of many comparisons each needs more of them, see ``critical_of``.
        """
        if self.rate is None or other.rate is None:
            return False
        mine = wilson_bounds(*self.telling, critical)
        its = wilson_bounds(*other.telling, critical)
        difference = self.rate - other.rate
        low = difference - math.hypot(self.rate - mine[0], its[1] - other.rate)
        high = difference + math.hypot(mine[1] - self.rate, other.rate - its[0])
        return low > 0.0 or high < 0.0

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        low, high = self.interval or (None, None)
        return {"part": self.part, "whole": self.whole, "rate": self.rate, "low": low, "high": high}
