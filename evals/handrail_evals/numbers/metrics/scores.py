"""Mean score by scorer, and what could not be scored; for all cases and for parts of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.measure.case import Metadatum
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.answers import MOST_VALUES, answered, case_count, parts, score_of
from handrail_evals.numbers.metrics.value import Metric, MetricValue, mean_score, per_case, share, shows_no_spread
from handrail_evals.numbers.statistics.intervals import Certainty


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
    asked = answered(cases)
    crashed = sum(scorer in each.crashes for each in asked)
    scored = sum(score_of(each, scorer) is not None for each in asked)
    return ScoredCases(scorer=scorer, scored=scored, unscored=len(asked) - scored - crashed, crashed=crashed)


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
    if shows_no_spread(sample):
        reason = f"no interval: all {len(sample)} scores are alike, and nobody said what they can be"
        return metric.alone(sample.mean, reason, coverage=share(len(sample), case_count(cases)))
    return metric.measured(
        lambda: mean_score(sample, certainty, right_or_wrong=right_or_wrong),
        coverage=share(len(sample), case_count(cases)),
        value=sample.mean,
    )


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
