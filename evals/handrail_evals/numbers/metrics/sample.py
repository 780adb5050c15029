"""The numbers that something is measured on, each with the cluster it came from."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.statistics.repeats import average_repeats


@dataclass(frozen=True, slots=True)
class Sample:
    """Numbers, and what they share with each other."""

    values: Sequence[float]
    clusters: Sequence[str | None] | None = None
    """One for each value, None for a value that stands alone; None as a whole when all do."""

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return len(self.values)

    @property
    def mean(self) -> float | None:
        """Return the mean; None of nothing."""
        return math.fsum(self.values) / len(self.values) if self.values else None


def answered(cases: Iterable[CaseResult]) -> list[CaseResult]:
    """Return the answers whose target did not crash; a refusal counts as one, a crash says nothing."""
    return [each for each in cases if each.error is None]


def clusters_of(answers: Sequence[CaseResult]) -> list[str | None] | None:
    """Return each answer's cluster: its case's, or its case where that was asked several times; None when none has one.

    Answers to one question are not independent, so the repeats of a case are a cluster.
    """
    times = Counter(each.case for each in answers)
    if len(times) == len(answers) and all(each.cluster is None for each in answers):
        return None
    # The marks keep a case apart from a cluster of the same name.
    return [
        f"cluster {each.cluster}" if each.cluster is not None else f"case {each.case}" if times[each.case] > 1 else None
        for each in answers
    ]


def per_case(cases: Iterable[CaseResult], number: Callable[[CaseResult], float | None]) -> Sample:
    """Return one number a case, the mean of its repeats that have one; cases without any are left out."""
    found: dict[str, list[float | None]] = {}
    clusters: dict[str, str | None] = {}
    for each in cases:
        found.setdefault(each.case, []).append(number(each))
        clusters[each.case] = each.cluster
    means = {name: average_repeats(numbers) for name, numbers in found.items()}
    kept = {name: mean for name, mean in means.items() if mean is not None}
    shared = [clusters[name] for name in kept]
    return Sample(list(kept.values()), None if all(each is None for each in shared) else shared)


def per_answer(answers: Sequence[CaseResult], number: Callable[[CaseResult], float | None]) -> Sample:
    """Return one number an answer, with repeats of a case as a cluster; answers without one are left out."""
    kept = [(each, value) for each in answers if (value := number(each)) is not None]
    return Sample([value for _, value in kept], clusters_of([each for each, _ in kept]))


def share(part: int, whole: int) -> float:
    """Return the part of the whole, 0 to 1; of nothing, all was covered."""
    return part / whole if whole else 1.0


def case_count(cases: Iterable[CaseResult]) -> int:
    """Return how many cases these are answers to."""
    return len({each.case for each in cases})
