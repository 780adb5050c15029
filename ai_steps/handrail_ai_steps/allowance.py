"""How much one call of a step may take: one deadline and one budget, shared by every model, try and guard."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.deadline import Deadline
from handrail_ai_steps.errors import InvalidTask
from handrail_guards.acceptance import Doubt
from handrail_guards.numbers import is_count, is_finite, is_number
from handrail_guards.outcome import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call of a step may take, all models, retries and re-asking included.

    Raises:
        InvalidTask: a limit is no number above 0, or ``reasks`` no whole number.
    """

    seconds: float = 60.0
    """From the call to its outcome, more than 0; the time for loading a library and for waiting is not counted."""
    seconds_each: float | Mapping[str, float] | None = None
    """For each model of a cascade, more than 0, or by a model's name; without: what is left, shared equally by the
    models still to be asked."""
    seconds_waiting: float | None = None
    """For waiting for a turn under a model's ``per_minute`` and ``max_concurrent``, 0 or more; None: no limit."""
    tokens: int | None = None
    """Input and output tokens together, 1 or more; None: no limit."""
    money: float | None = None
    """In the price table's currency, more than 0; None: no limit."""
    reasks: int = 2
    """How often one model is told why its answer was sent back, 0 or more: by guards, and because it does not fit."""

    def __post_init__(self) -> None:
        if not (is_finite(self.seconds) and self.seconds > 0):
            raise InvalidTask(f"Limits(seconds={self.seconds!r}): give a number of seconds above 0")
        waiting = self.seconds_waiting
        if waiting is not None and not (is_number(waiting) and waiting >= 0):
            raise InvalidTask(f"Limits(seconds_waiting={self.seconds_waiting!r}): give 0 or more, or None for no limit")
        each: Any = self.seconds_each  # whatever somebody without a type checker gave
        by_name = each.items() if isinstance(each, Mapping) else [("", each)]
        for name, limit in (*((f"seconds_each {of}".strip(), limit) for of, limit in by_name), ("money", self.money)):
            if limit is not None and not (is_finite(limit) and limit > 0):
                raise InvalidTask(f"Limits({name}={limit!r}): give a number above 0, or None for no limit")
        if self.tokens is not None and not is_count(self.tokens, least=1):
            raise InvalidTask(f"Limits(tokens={self.tokens!r}): give a whole number above 0, or None for no limit")
        if not is_count(self.reasks):
            raise InvalidTask(f"Limits(reasks={self.reasks!r}): give a whole number, 0 or more")


@dataclass(slots=True)
class Purse:
    """Tokens and money: what may be spent of them, and what was; an allowance and each request in it count alike."""

    max_tokens: int | None
    """Input and output together; None: no limit."""
    max_money: float | None
    """In the price table's currency; None: no limit."""
    tokens_spent: int = 0
    money_spent: float = 0.0
    """Where a price is known; what is unknown is not counted, and so has to be looked for."""

    def spend(self, *tokens: int | None, money: float | None) -> None:
        """Count what a try took; None: nobody knows."""
        self.tokens_spent += sum(each or 0 for each in tokens)
        self.money_spent += money or 0.0

    @property
    def tokens(self) -> int | None:
        """Return the tokens left, 0 or more, or None without a limit."""
        return None if self.max_tokens is None else max(0, self.max_tokens - self.tokens_spent)

    @property
    def money(self) -> float | None:
        """Return the money left, 0 or more, or None without a limit."""
        return None if self.max_money is None else max(0.0, self.max_money - self.money_spent)


class Allowance:
    """What is left of the limits during one call."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the clock; ``clock`` gives seconds."""
        self.limits = limits
        self.deadline = Deadline(limits.seconds, clock, waiting=limits.seconds_waiting)
        self.purse = Purse(limits.tokens, limits.money)
        self._unpriced: tuple[str, str] | None = None
        """Why nobody knows what an attempt cost, and what to do about it."""

    def spend(self, attempts: Iterable[Attempt]) -> None:
        """Count what attempts took."""
        for attempt in attempts:
            self.purse.spend(attempt.input_tokens, attempt.output_tokens, money=attempt.money)
            if attempt.money is None and attempt.result not in {"failed", "timed_out", "over_budget"}:
                self._unpriced = _why_unpriced(attempt)

    @property
    def seconds(self) -> float:
        """Return the seconds left, 0 or more."""
        return self.deadline.left

    def share(self, models: int, name: str = "") -> Deadline:
        """Return the deadline of the next model, when so many are still to be asked, it included."""
        each = self.limits.seconds_each
        each = each.get(name) if isinstance(each, Mapping) else each
        return self.deadline.within(self.seconds / models if each is None else each)

    def exhausted(self) -> Doubt | None:
        """Return what is used up, or None while another model may be asked."""
        if self.seconds <= 0:
            return Doubt("timed_out", f"no answer within {self.limits.seconds:g} seconds")
        purse = self.purse
        if purse.tokens == 0:
            spent = f"{purse.max_tokens} tokens is used up ({purse.tokens_spent} spent)"
            return Doubt("over_budget", f"the budget of {spent}")
        if purse.money == 0:
            return Doubt("over_budget", f"the budget of {purse.max_money:g} is used up ({purse.money_spent:g} spent)")
        if purse.money is not None and self._unpriced:
            return Doubt(
                "over_budget",
                f"{self._unpriced[0]}, so a budget of {self.limits.money:g} cannot be kept; {self._unpriced[1]}",
            )
        return None


def _why_unpriced(attempt: Attempt) -> tuple[str, str]:
    """Return why nobody knows what an attempt cost, and what to do about it."""
    if attempt.input_tokens is None or attempt.output_tokens is None:
        said = f"{attempt.model} did not say how many tokens an answer took"
        return said, "limit tokens in place of money, which are estimated where nobody says"
    return f"the price of {attempt.model} is unknown", "add the model to the price table"
