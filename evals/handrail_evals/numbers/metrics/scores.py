"""Mean score by scorer, and what could not be scored."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.average import mean_score
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.sample import case_count, per_case, share
from handrail_evals.numbers.metrics.value import Metric, MetricValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What a scorer made of the answers; an answer whose target crashed was not put to it."""

    scorer: str
    scored: int
    """Answers with a score."""
    unscored: int
    """Answers it could not score."""
    crashed: int
    """Answers it raised on."""


def count_scored(cases: Sequence[CaseResult], scorer: str) -> Scored:
    """Return how many answers have a score by this scorer."""
    asked = [each for each in cases if each.error is None]
    crashed = sum(scorer in each.crashes for each in asked)
    scored = sum(score_of(each, scorer) is not None for each in asked)
    return Scored(scorer=scorer, scored=scored, unscored=len(asked) - scored - crashed, crashed=crashed)


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
