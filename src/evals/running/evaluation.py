"""What came of running a suite."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals.result.case_result import CaseResult
from evals.result.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A result, and how it came to be this time."""

    result: Result
    asked: int
    """How many cases were put to the target now; the others were there from an earlier, interrupted run."""
    seconds: float
    """How long it took."""
    stopped: str = ""
    """Why it ended before all cases were asked, in words; empty when they were. Running it again goes on."""

    @property
    def crashed(self) -> Sequence[CaseResult]:
        """Return the cases on which the target or a scorer raised."""
        return [each for each in self.result.cases if each.error is not None or each.crashes]

    @property
    def unrecorded(self) -> Sequence[CaseResult]:
        """Return the cases for which the recording holds no answer."""
        return [each for each in self.result.cases if each.error is not None and each.error.type == "RecordingMissing"]
