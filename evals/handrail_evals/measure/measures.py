"""What every result says about its cases beside the scores: time, money, people, acceptance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from handrail_evals.measure.result.case_result import CaseResult

MACRO_F1: Final = "macro_f1"
"""What the one metric is called that is no mean of cases: it is made of all of them together."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of a case, turned so that higher is better."""

    of: Callable[[CaseResult], float | None]
    unit: str
    follows_output: bool = True
    """Whether the same answer gives the same number: two equal answers can differ in time and money."""

    def __call__(self, case: CaseResult) -> float | None:
        """Return the number; None when it is not known."""
        return self.of(case)


def _less(name: str) -> Callable[[CaseResult], float | None]:
    def negated(case: CaseResult) -> float | None:
        value: float | None = getattr(case, name)
        return None if value is None else -value

    return negated


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "coverage": Measure(lambda case: None if case.accepted is None else float(case.accepted), "share", False),
        "seconds": Measure(_less("seconds"), "seconds, counted below zero", False),
        "money": Measure(_less("money"), "money, counted below zero", False),
        "human_minutes": Measure(_less("human_minutes"), "minutes, counted below zero", False),
    }
)
"""By name; what is better when it is less is counted below zero, so that a margin of 0.5 seconds reads the same."""
