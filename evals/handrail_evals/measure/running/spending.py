"""What a run has taken so far, held against its budget."""

import time
from collections.abc import Callable

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.running.settings import Budget


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
