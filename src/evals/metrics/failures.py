"""The cases that failed, by name."""

from collections.abc import Sequence

from evals.metrics.right import Right
from evals.metrics.sample import per_case
from evals.metrics.scores import score_of
from evals.result.case_result import CaseResult


def failing(cases: Sequence[CaseResult], right: Right) -> tuple[str, ...]:
    """Return the names of the cases with an answer that is not right, the lowest mean score first."""
    wrong = dict.fromkeys(each.case for each in cases if right.says(each) is False)
    sample = per_case((each for each in cases if each.case in wrong), lambda each: score_of(each, right.scorer))
    scores = dict(zip(wrong, sample.values, strict=True))
    return tuple(sorted(scores, key=lambda name: scores[name]))


def crashed(cases: Sequence[CaseResult]) -> tuple[str, ...]:
    """Return the names of the cases whose target crashed."""
    return tuple(dict.fromkeys(each.case for each in cases if each.error is not None))
