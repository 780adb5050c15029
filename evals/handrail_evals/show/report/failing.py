"""The cases that fail, worst first: must-pass cases, then those the baseline got right, then the lowest score."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import Result
from handrail_evals.numbers.metrics.answers import Right, average_repeats, blamed, score_of

Change: TypeAlias = Literal["broken", "new", "other input", "same", "fixed"]
"""Against the baseline: ``new`` is not in it, ``other input`` was asked otherwise, ``same`` failed then too."""

_ORDER: Mapping[Change | None, int] = {"broken": 0, "new": 1, "other input": 1, None: 1, "same": 2, "fixed": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A case that fails, that only the baseline failed, or that is right; with what there is to hold it against."""

    result: CaseResult
    """Its first repeat that fails; of a case that is right, its first."""
    failed: int
    """How many of its repeats fail; 0 for a case that is right."""
    repeats: int
    """How many of them were put to the target."""
    change: Change | None
    """None: there is no baseline, or both are right."""
    baseline: CaseResult | None
    """What the baseline made of it; None: it has none, or not of this input."""
    score: float | None
    """The mean main score of its repeats; None when none has one."""
    blamed: str
    """The step a workflow's failure came from; empty: none is known."""

    @property
    def rank(self) -> tuple[bool, bool, int, float, bool]:
        """Return what the cases are sorted by; without a score nothing is known to be right."""
        result = self.result
        score = -math.inf if self.score is None else self.score
        return (self.change == "fixed", not result.must_pass, _ORDER[self.change], score, result.accepted is not True)


def failing(result: Result, right: Right, *, baseline: Result | None = None) -> list[Failing]:
    """Return the cases that fail, and with a baseline those that only it failed, worst first."""
    before = None if baseline is None else baseline.by_case
    found: list[Failing] = []
    for name, repeats in result.by_case.items():
        earlier = None if before is None else before.get(name, ())
        found.extend(_judged(repeats, right, earlier))
    return sorted(found, key=lambda each: each.rank)


def passing(result: Result, right: Right, names: Iterable[str]) -> list[Failing]:
    """Return these cases, none of whose repeats fails."""
    return [
        Failing(
            result=repeats[0],
            failed=0,
            repeats=len(repeats),
            change=None,
            baseline=None,
            score=average_repeats([score_of(each, right.scorer) for each in repeats]),
            blamed="",
        )
        for repeats in (result.by_case[name] for name in names)
    ]


def fails(result: CaseResult, right: Right) -> bool:
    """Return whether an answer is wrong, crashed, or could not be scored because the scorer crashed.

    A case that must pass fails when any scorer gives less than 1, too: so does the gate see it.
    """
    if result.error is not None or right.scorer in result.crashes:
        return True
    must = result.must_pass and any(score is None or score < 1.0 for score in result.scores.values())
    return must or right.says(result) is False


def _judged(repeats: Sequence[CaseResult], right: Right, before: Sequence[CaseResult] | None) -> Iterator[Failing]:
    wrong = [each for each in repeats if fails(each, right)]
    change, old = _change(repeats[0], before, right, is_wrong=bool(wrong))
    if wrong or change == "fixed":
        shown = wrong[0] if wrong else repeats[0]
        yield Failing(
            result=shown,
            failed=len(wrong),
            repeats=len(repeats),
            change=change,
            baseline=old,
            score=average_repeats([score_of(each, right.scorer) for each in repeats]),
            blamed=blamed(shown.flow, shown.steps)[0] if wrong and shown.flow is not None else "",
        )


def _change(
    now: CaseResult, before: Sequence[CaseResult] | None, right: Right, *, is_wrong: bool
) -> tuple[Change | None, CaseResult | None]:
    if before is None:
        return None, None
    if not before:
        return "new", None
    if before[0].input_hash != now.input_hash:
        return "other input", None
    was_wrong = [each for each in before if fails(each, right)]
    if was_wrong:
        return ("same" if is_wrong else "fixed"), was_wrong[0]
    return "broken", before[0]
