"""The cases that failed, by name."""

from collections.abc import Sequence

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.right import Right
from handrail_evals.numbers.metrics.scores import score_of
from handrail_evals.numbers.statistics.repeats import average_repeats


def failing(cases: Sequence[CaseResult], right: Right) -> tuple[str, ...]:
    """Return the names of the cases with an answer that is not right, the lowest mean score first."""
    wrong = {each.case for each in cases if right.says(each) is False}
    scores: dict[str, list[float | None]] = {}
    for each in cases:
        if each.case in wrong:
            scores.setdefault(each.case, []).append(score_of(each, right.scorer))
    means = {name: average_repeats(found) or 0.0 for name, found in scores.items()}
    return tuple(sorted(means, key=lambda name: means[name]))


def crashed(cases: Sequence[CaseResult]) -> tuple[str, ...]:
    """Return the names of the cases whose target crashed."""
    return tuple(dict.fromkeys(each.case for each in cases if each.error is not None))
