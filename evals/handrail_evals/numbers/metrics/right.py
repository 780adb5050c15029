"""What counts as right: for whatever asks how often answers are, not how good."""

from dataclasses import dataclass

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.scores import score_of


@dataclass(frozen=True, slots=True)
class Right:
    """What counts as right: a score at or above a number."""

    scorer: str
    """The name of the scorer, usually the main one."""
    at_least: float = 1.0
    """The score from which on an answer is right, in the scorer's unit."""

    def says(self, case: CaseResult) -> bool | None:
        """Return whether an answer is right; None when it has no score."""
        score = score_of(case, self.scorer)
        return None if score is None else score >= self.at_least
