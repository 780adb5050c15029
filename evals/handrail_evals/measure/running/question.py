"""One case of a suite, ready to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from handrail_evals.measure.case import UNLABELLED, Case, nothing
from handrail_evals.measure.fingerprint import hash_of, jsonable
from handrail_evals.measure.result.case_result import NOBODY_SAID, CaseResult
from handrail_evals.measure.result.storable import escaped


@dataclass(frozen=True)
class Question:
    """A case, with what a result says of it as JSON data."""

    case: Case[Any, Any]
    input: Any
    input_hash: str
    expected: Any = UNLABELLED
    steps: Mapping[str, Any] = field(default_factory=nothing)
    metadata: Mapping[str, Any] = field(default_factory=nothing)
    repeat: int = 0

    @classmethod
    def of(cls, case: Case[Any, Any]) -> "Question":
        """Return the question of a case.

        Raises:
            DataError: its input, or what should come of it, has no JSON form.
        """
        data = jsonable(case.input, where=f"the input of {case.place}")
        expected: Any = UNLABELLED
        if case.expected is not UNLABELLED:
            expected = escaped(jsonable(case.expected, where=f"the expected value of {case.place}"))
        steps, metadata = (
            escaped(jsonable(dict(value), where=f"{name} of {case.place}")) if value else nothing()
            for name, value in (("steps", case.steps), ("metadata", case.metadata))
        )
        return cls(case, data, hash_of(data), expected, steps, metadata)

    @property
    def key(self) -> tuple[str, int]:
        """Return the case's name and the repeat, by which its answer is found."""
        return self.case.name, self.repeat

    @cached_property
    def expected_hash(self) -> str:
        """Return a hash of what is right, as a result has it."""
        return NOBODY_SAID if self.expected is UNLABELLED else hash_of(self.expected)

    @property
    def tells_truth(self) -> bool:
        """Return whether input and expected value say what is right, when a result holds them."""
        return self.input is not None or self.expected is not UNLABELLED

    def is_told_in(self, answer: CaseResult) -> bool:
        """Return whether a stored answer was scored as the case is now, and not against another truth."""
        case = self.case
        now = [self.expected_hash, case.must_pass, case.cluster, dict(self.metadata), dict(self.steps)]
        then = [answer.truth, answer.must_pass, answer.cluster, dict(answer.metadata), dict(answer.steps)]
        return hash_of(then) == hash_of(now)
