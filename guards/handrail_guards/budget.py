"""What a judgement may cost, and the check before each call whether the next one still fits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail_guards.errors import InvalidGuard
from handrail_guards.outcome import Attempt
from handrail_guards.verdict import OnFail, Verdict

UnknownPrice: TypeAlias = Literal["refuse", "ignore"]
"""What a money limit makes of an attempt whose price is unknown, which is not zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits on tokens, money and time, checked before money is spent and not after.

    Raises:
        InvalidGuard: no limit at all, or one that is not positive.
    """

    tokens: int | None = None
    """Input and output together, more than 0; None: no limit."""
    money: float | None = None
    """In the price table's currency, more than 0."""
    seconds: float | None = None
    """Time in calls, more than 0."""
    unknown_price: UnknownPrice = "refuse"
    """With a money limit, whether to go on after an attempt of unknown price."""
    on_fail: OnFail = "review"
    name: str = "budget"

    def __post_init__(self) -> None:
        limits = {"tokens": self.tokens, "money": self.money, "seconds": self.seconds}
        if all(limit is None for limit in limits.values()):
            raise InvalidGuard("a budget without limits allows everything; give tokens, money or seconds")
        for unit, limit in limits.items():
            if limit is not None and not (limit > 0 and math.isfinite(limit)):
                raise InvalidGuard(f"{unit} is {limit!r}; give a number above 0, or None for no limit")
        if self.on_fail in ("reask", "fix", "drop"):
            raise InvalidGuard(
                f"on_fail={self.on_fail!r} cannot give a budget back; use 'review', 'refuse' or 'fallback'"
            )

    def verdict(self, attempts: Sequence[Attempt], *, tokens: int = 0, money: float = 0.0) -> Verdict:
        """Return whether one more call of at most so many tokens and so much money fits after these attempts."""
        reason = (
            self._tokens_reason(attempts, tokens)
            or self._money_reason(attempts, money)
            or self._seconds_reason(attempts)
        )
        return Verdict(self.name, not reason, reason, on_fail=self.on_fail)

    def _tokens_reason(self, attempts: Sequence[Attempt], more: int) -> str:
        if self.tokens is None:
            return ""
        spent = sum((each.input_tokens or 0) + (each.output_tokens or 0) for each in attempts)
        if spent + max(more, 1) > self.tokens:
            return f"{spent} tokens spent, {max(more, 1)} more would pass the budget of {self.tokens}"
        return ""

    def _money_reason(self, attempts: Sequence[Attempt], more: float) -> str:
        if self.money is None:
            return ""
        unknown = [each.model for each in attempts if each.money is None]
        if unknown and self.unknown_price == "refuse":
            return (
                f"the price of {unknown[0]} is unknown, so the budget of {self.money:g} cannot be kept; add its price"
            )
        spent = math.fsum(each.money or 0.0 for each in attempts)
        if spent + more > self.money or spent >= self.money:
            return f"{spent:g} spent, {more:g} more would pass the budget of {self.money:g}"
        return ""

    def _seconds_reason(self, attempts: Sequence[Attempt]) -> str:
        spent = math.fsum(each.seconds for each in attempts)
        if self.seconds is not None and spent >= self.seconds:
            return f"{spent:.1f} s spent of a budget of {self.seconds:g} s"
        return ""
