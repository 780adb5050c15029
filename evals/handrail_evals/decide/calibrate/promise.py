"""What is promised about the values that nobody looks at, and the exact chances of counts of errors it rests on."""

import math
from dataclasses import dataclass, replace
from typing import Any

from handrail_evals.errors import InvalidSetting

NEGLIGIBLE = 1e-17
"""Terms below this share of the sum no longer change it in double precision."""
BISECTIONS = 60


def at_most(errors: int, labels: int, risk: float) -> float:
    """Return the chance to see at most ``errors`` wrong among ``labels`` when each is wrong with chance ``risk``.

    It is the exact p-value of the hypothesis that the risk is ``risk`` or more. Without labels it is 1. A risk is
    above 0 and below 1.
    """
    if errors >= labels:
        return 1.0
    # From the mean outwards the terms only fall. Summed on the other side they could all be too small to be told from
    # 0, and far too many errors would look impossible instead of certain.
    if errors < labels * risk:
        return min(1.0, _tail(errors, labels, risk))
    return max(0.0, 1.0 - _tail(labels - errors - 1, labels, 1 - risk))


def _tail(count: int, labels: int, chance: float) -> float:
    """Return the chance of ``count`` or fewer among ``labels``, where ``count`` is at most their mean."""
    term = math.exp(
        math.lgamma(labels + 1)
        - math.lgamma(count + 1)
        - math.lgamma(labels - count + 1)
        + count * math.log(chance)
        + (labels - count) * math.log1p(-chance)
    )
    odds = (1 - chance) / chance
    total = 0.0
    for each in range(count, -1, -1):
        total += term
        if term <= NEGLIGIBLE * total:
            break
        term *= each / (labels - each + 1) * odds
    return total


def upper_bound(errors: int, labels: int, delta: float) -> float:
    """Return the risk that is exceeded with a chance of at most ``delta`` (Clopper and Pearson, 1934); 1 at most."""
    if errors >= labels:
        return 1.0
    low, high = errors / labels, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if at_most(errors, labels, middle) > delta:
            low = middle
        else:
            high = middle
    return high


def labels_for(errors: int, risk: float, delta: float) -> int:
    """Return how few labels with ``errors`` among them show, with chance 1 - delta, that the risk is smaller."""
    low, high = errors, errors + 1
    while at_most(errors, high, risk) > delta:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if at_most(errors, middle, risk) > delta:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, slots=True)
class Promise:
    """At most ``target`` of what is accepted is wrong, and this is untrue with a chance of at most ``delta``.

    Raises:
        InvalidSetting: a number is outside its range.
    """

    target: float
    """Largest share of wrong values among the accepted ones, above 0 and below 1."""
    delta: float = 0.05
    """Chance that the promise is broken, above 0 and below 1; the chance is over the labels that were drawn."""

    def __post_init__(self) -> None:
        for name, number in (("target", self.target), ("delta", self.delta)):
            given: Any = number  # whatever a caller without a type checker gave
            if not isinstance(given, int | float) or not 0.0 < given < 1.0:
                raise InvalidSetting(f"{name} is {number!r}; give a share above 0 and below 1, such as 0.02")

    @property
    def floor(self) -> int:
        """How many accepted labels without an error are needed before anything may be accepted."""
        return labels_for(0, self.target, self.delta)

    def split(self, parts: int) -> "Promise":
        """Return what each of so many thresholds must keep, so that all of them together keep this promise.

        Raises:
            InvalidSetting: fewer than 1 part.
        """
        given: Any = parts
        if not isinstance(given, int) or given < 1:
            raise InvalidSetting(
                f"parts is {parts!r}; give a whole number, 1 or more: one for each model, group or look"
            )
        return replace(self, delta=self.delta / parts)
