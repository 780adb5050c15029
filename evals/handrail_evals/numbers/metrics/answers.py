"""Answers one by one: which are right, what the repeats of a case come to, and which step a mistake came from."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from handrail_evals.measure.case import Metadatum
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.target import Flow, StepTrace

LARGEST = 1 + 1e-9
"""Of scores from 0 to 1, with what rounding adds."""

MOST_VALUES = 20
"""A key with more different values is a name or a date, not a slice."""

Fault: TypeAlias = Literal["differs", "error", "unattributed"]
"""How a step is to blame: it came to something else than expected, it raised, or nobody knows."""

REVIEW = "/review"
"""What the name of a person's answer to a doubtful step ends with."""


def answered(cases: Iterable[CaseResult]) -> list[CaseResult]:
    """Return the answers whose target did not crash; a refusal counts as one, a crash says nothing."""
    return [each for each in cases if each.error is None]


def case_count(cases: Iterable[CaseResult]) -> int:
    """Return how many cases these are answers to."""
    return len({each.case for each in cases})


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


def score_of(case: CaseResult, scorer: str) -> float | None:
    """Return the score; None when the answer was not scored, or the target or the scorer crashed."""
    return None if case.error is not None or scorer in case.crashes else case.scores.get(scorer)


def average_repeats(scores: Sequence[float | None]) -> float | None:
    """Return the mean of a case's scored repeats, or None when none was scored.

    Averaging first keeps the case the unit: repeats narrow the noise of the model's answers, never the chance of
    having drawn these cases.
    """
    scored = [score for score in scores if score is not None]
    return math.fsum(scored) / len(scored) if scored else None


def case_means(by_case: Mapping[str, Sequence[CaseResult]], scorer: str) -> list[float]:
    """Return the mean of the repeats of each case that has a score."""
    means = (average_repeats([score_of(each, scorer) for each in repeats]) for repeats in by_case.values())
    return [mean for mean in means if mean is not None]


@dataclass(frozen=True, slots=True)
class Right:
    """What counts as right: a score at or above a number."""

    scorer: str
    """The name of the scorer, usually the main one."""
    at_least: float = 1.0
    """The score from which on an answer is right, in the scorer's unit; above 1 says that the scale goes beyond 1."""

    def says(self, case: CaseResult) -> bool | None:
        """Return whether an answer is right; None when it has no score."""
        score = score_of(case, self.scorer)
        return None if score is None else self.at_least <= score and not self.is_beyond(score)

    def is_beyond(self, score: float) -> bool:
        """Return whether a score is above 1 where nobody said that scores may be: 3 may be 3 of 100."""
        return score > LARGEST and self.at_least <= 1


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


@dataclass(frozen=True, slots=True)
class SliceAnswers:
    """The answers to the cases with one value of one metadata key."""

    key: str
    value: Metadatum
    answers: Sequence[CaseResult]


def parts(cases: Sequence[CaseResult], *, most: int = MOST_VALUES) -> list[SliceAnswers]:
    """Return the answers for each value of each metadata key, keys in order of name, the most cases first.

    A key with one value only, or with more than ``most``, is left out; so are cases without the key.
    """
    groups: dict[str, dict[tuple[type, Metadatum], list[CaseResult]]] = {}
    for each in cases:
        for key, given in each.metadata.items():
            value = str(given) if isinstance(given, float) and not math.isfinite(given) else given
            # With its type: true and 1 are two values.
            groups.setdefault(key, {}).setdefault((type(value), value), []).append(each)
    found = [
        SliceAnswers(key, value, chosen)
        for key, values in groups.items()
        if 2 <= len(values) <= most
        for (_, value), chosen in values.items()
    ]
    return sorted(found, key=lambda each: (each.key, -case_count(each.answers), str(each.value)))


def blamed(flow: Flow, expected: Mapping[str, Any]) -> tuple[str, Fault]:
    """Return the step that a failure is put down to, and how it is to blame."""
    reviewed = {step.name.removesuffix(REVIEW) for step in flow.steps if step.name.endswith(REVIEW)}
    for step in flow.steps:
        if step.error or step.name in reviewed:
            continue
        name = step.name if step.name in expected else step.name.removesuffix(REVIEW)
        if name in expected and settled(step) and not same_json(step.output, expected[name]):
            return step.name, "differs"
    failing = next((step.name for step in flow.steps if step.error), None)
    return ("", "unattributed") if failing is None else (failing, "error")


def settled(step: StepTrace) -> bool:
    """Return whether the step came to a value: an open question has not."""
    return not (step.kind in {"human", "timer", "event", "child"} and step.seconds is None)


def same_json(left: object, right: object) -> bool:
    """Return whether two JSON values are equal: 1 equals 1.0, and true is no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same_json, left, right))
    return bool(left == right)
