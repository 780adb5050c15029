"""How a suite is run: how many cases at once, how fast, when to stop, and what it has taken so far."""

import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.result.case_result import CaseResult
from handrail_guards.numbers import is_finite

CONCURRENCY = 20
"""Cases put to a target at once when nothing is said: servers that people pay for are seldom slower for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a run may take; None: no limit. The cases in flight when it is used up are finished.

    Raises:
        InvalidSetting: a limit is not above 0.
    """

    money: float | None = None
    """In the price table's currency; a model whose price is unknown stops the run, as the budget cannot be kept."""
    tokens: int | None = None
    """Input and output tokens together."""
    seconds: float | None = None
    """From the beginning of the run."""

    def __post_init__(self) -> None:
        for name in ("money", "tokens", "seconds"):
            limit = getattr(self, name)
            if limit is not None and not (is_finite(limit) and limit > 0):
                raise InvalidSetting(f"Budget({name}={limit!r}): give a number above 0, or None for no limit")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a suite is run.

    Raises:
        InvalidSetting: a number is not above 0.
    """

    concurrency: int = CONCURRENCY
    """Cases put to the target at once, 1 or more."""
    _: KW_ONLY
    per_second: float | None = None
    """Cases begun in a second, evenly spaced; None: any number."""
    timeout_seconds: float | None = None
    """For one case; None: as long as the target takes."""
    budget: Budget = Budget()
    keep_inputs: bool = True
    """Whether the result holds inputs and expected values, which reports show, or only the inputs' hashes."""

    def __post_init__(self) -> None:
        if type(self.concurrency) is not int or self.concurrency < 1:
            raise InvalidSetting(f"concurrency is {self.concurrency!r}; give 1 or more")
        for name in ("per_second", "timeout_seconds"):
            number = getattr(self, name)
            if number is not None and not (is_finite(number) and number > 0):
                raise InvalidSetting(f"{name} is {number!r}; give a number above 0, or None for no limit")


class Spending:
    """Counts what cases take; what an earlier, killed run of the same result took counts too, but not its time."""

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        self.money = 0.0
        self.tokens = 0
        self.unpriced = ""
        """The model whose price is unknown, if there is one."""
        self._budget = budget
        self._clock = clock
        self._begun = clock()

    def count(self, case: CaseResult) -> None:
        """Count one case."""
        self.tokens += (case.input_tokens or 0) + (case.output_tokens or 0)
        if case.money is not None:
            self.money += case.money
        elif case.input_tokens or case.output_tokens:
            self.unpriced = case.model or "a model"

    @property
    def exhausted(self) -> str:
        """Return what is used up, in words; empty while the run may go on."""
        budget = self._budget
        if budget.money is not None and self.unpriced:
            return f"the price of {self.unpriced} is unknown, so a budget of {budget.money:g} cannot be kept"
        if budget.money is not None and self.money >= budget.money:
            return f"the budget of {budget.money:g} is used up ({self.money:.4g} spent)"
        if budget.tokens is not None and self.tokens >= budget.tokens:
            return f"the budget of {budget.tokens:,} tokens is used up ({self.tokens:,} spent)"
        if budget.seconds is not None and self._clock() - self._begun >= budget.seconds:
            return f"the {budget.seconds:g} seconds are over"
        return ""
