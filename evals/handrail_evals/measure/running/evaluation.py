"""What came of running a suite."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A result, and how it came to be this time."""

    result: Result
    asked: int
    """How many answers were asked of the target now; the others were there from an earlier run."""
    scored_again: int = 0
    """How many answers that were there were scored again: what is right had changed, or a scorer had crashed."""
    seconds: float
    """How long it took."""
    stopped: str = ""
    """Why it ended before all cases were asked, in words; empty when they were. Running it again goes on."""

    @property
    def wanted(self) -> int:
        """Return how many answers a whole result has."""
        header = self.result.header
        return header.cases * header.repeats

    @property
    def already_there(self) -> int:
        """Return how many answers were there from an earlier run, and not asked for now."""
        return len(self.result.cases) - self.asked

    @property
    def lost(self) -> int:
        """Return how many answers are missing although nothing stopped the run; above 0 it has measured too little."""
        return 0 if self.stopped else self.wanted - len(self.result.cases)

    @property
    def crashed(self) -> Sequence[CaseResult]:
        """Return the cases on which the target or a scorer raised."""
        return [each for each in self.result.cases if each.error is not None or each.crashes]

    @property
    def unrecorded(self) -> Sequence[CaseResult]:
        """Return the cases for which the recording holds no answer."""
        return [each for each in self.result.cases if each.error is not None and each.error.type == "RecordingMissing"]

    @property
    def unscored(self) -> bool:
        """Return whether there are answers and no scorer has a score for any of them."""
        cases = self.result.cases
        return bool(cases) and all(score is None for case in cases for score in case.scores.values())

    @property
    def unscored_must_pass(self) -> Sequence[str]:
        """Return the must-pass cases with a score above 1, whose scale nobody has said."""
        high = (each for each in self.result.cases if each.must_pass and not each.passes)
        return [each.case for each in high if any(score is not None and score > 1 for score in each.scores.values())]
