"""Mean score by scorer, what could not be scored, which answers are right; for all cases and for parts of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.measure.case import Metadatum
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.value import Metric, MetricValue, case_count, mean_score, per_case, share
from handrail_evals.numbers.statistics.clusters import average_repeats
from handrail_evals.numbers.statistics.intervals import Certainty

LARGEST = 1 + 1e-9
"""Of scores from 0 to 1, with what rounding adds."""

MOST_VALUES = 20
"""A key with more different values is a name or a date, not a slice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredCases:
    """What a scorer made of the answers; an answer whose target crashed was not put to it."""

    scorer: str
    scored: int
    """Answers with a score."""
    unscored: int
    """Answers it could not score."""
    crashed: int
    """Answers it raised on."""


def count_scored(cases: Sequence[CaseResult], scorer: str) -> ScoredCases:
    """Return how many answers have a score by this scorer."""
    asked = [each for each in cases if each.error is None]
    crashed = sum(scorer in each.crashes for each in asked)
    scored = sum(score_of(each, scorer) is not None for each in asked)
    return ScoredCases(scorer=scorer, scored=scored, unscored=len(asked) - scored - crashed, crashed=crashed)


def score_of(case: CaseResult, scorer: str) -> float | None:
    """Return the score; None when the answer was not scored, or the target or the scorer crashed."""
    return None if case.error is not None or scorer in case.crashes else case.scores.get(scorer)


def average_score(cases: Sequence[CaseResult], scorer: str, certainty: Certainty) -> MetricValue:
    """Return the mean score over cases, the repeats of each averaged first.

    Wilson's interval where every score is 0 or 1, Student's t otherwise, clustered where cases share a cluster. What
    was not scored, and what crashed, shows as coverage; it is not averaged in.
    """
    sample = per_case(cases, lambda each: score_of(each, scorer))
    scores = (score_of(each, scorer) for each in cases)
    right_or_wrong = all(score in {None, 0.0, 1.0} for score in scores)
    metric = Metric("scores", scorer, "score", higher_is_better=True)
    if not sample.values:
        return metric.alone(None, "no answer was scored", coverage=share(0, len(cases)))
    return metric.measured(
        lambda: mean_score(sample, certainty, right_or_wrong=right_or_wrong),
        coverage=share(len(sample), case_count(cases)),
        value=sample.mean,
    )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The cases with one value of one metadata key."""

    key: str
    value: Metadatum
    cases: int
    score: MetricValue
    """Their mean score, with its interval."""


def slices(
    cases: Sequence[CaseResult], scorer: str, certainty: Certainty, *, most: int = MOST_VALUES
) -> tuple[Slice, ...]:
    """Return the mean score for each value of each metadata key, in the order of ``parts``."""
    return tuple(
        Slice(
            key=each.key,
            value=each.value,
            cases=case_count(each.answers),
            score=average_score(each.answers, scorer, certainty),
        )
        for each in parts(cases, most=most)
    )


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
