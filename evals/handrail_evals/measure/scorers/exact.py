"""Right when the answer is the expected value."""

from dataclasses import dataclass
from typing import Any, Literal

from handrail_evals.measure.scorer import Answered, Score
from handrail_evals.measure.scorers.equality import same


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """Compares typed values, or the JSON data they are stored as; built by ``exact``."""

    name: str = "exact"
    needs_expected: Literal[True] = True

    @property
    def version(self) -> str:
        """Return the kind and its revision: there are no settings."""
        return "exact/1"

    def compare(self, value: Any, expected: Any, /) -> float:
        """Return 1 when the value is the expected one, else 0."""
        return 1.0 if same(value, expected) else 0.0

    def __call__(self, answer: Answered[Any, Any, Any], /) -> Score | bool:
        """Score an answer; a wrong one that looks right says which types differ."""
        output, expected = answer.output, answer.expected
        if same(output, expected):
            return True
        if str(output) != str(expected):
            return False
        kinds = f"a {type(output).__name__}, not a {type(expected).__name__}"
        return Score(0.0, reason=f"{output!r} is {kinds}") if type(output) is not type(expected) else False


def exact(*, name: str = "exact") -> Exact:
    """Score 1 when the output is the expected value, else 0.

    An enum's member equals its value, a model its fields, a date its ISO text: what a case file can hold. 1 is not
    True and not ``"1"``, None equals only None, NaN nothing.
    """
    return Exact(name=name)
