"""How much is wrong among what is accepted: for every threshold there could be, and at the rule that there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from handrail_evals.errors import InvalidSetting, TooFewCases
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.answers import Right, answered
from handrail_evals.numbers.metrics.confidence import Confident, Ranking
from handrail_evals.numbers.metrics.value import Metric, MetricValue, per_answer, proportion, share
from handrail_evals.numbers.statistics.bootstrap import from_weights
from handrail_evals.numbers.statistics.intervals import Certainty
from handrail_ground.optional import OptionalLibrary

if TYPE_CHECKING:
    import numpy as np
else:
    np = OptionalLibrary("numpy", extra="evals")

AURC = Metric("confidence", "aurc", "score", higher_is_better=False)

COVERAGE = Metric("acceptance", "coverage", "share", higher_is_better=True)

RISK = Metric("acceptance", "risk", "share", higher_is_better=False)


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """What one threshold would come to."""

    threshold: float
    """Answers this confident, 0 to 1, or more are accepted."""
    coverage: float
    """Share of the answers with a confidence that is accepted, 0 to 1."""
    risk: float
    """Share of the accepted ones that is wrong, 0 to 1."""


def check_risks(risks: Sequence[float]) -> None:
    """Refuse risks that are not from 0 to 1.

    Raises:
        InvalidSetting: one is not.
    """
    for risk in risks:
        if not 0.0 <= risk < 1.0:
            raise InvalidSetting(
                f"risk is {risk!r}; give the share of accepted answers that may be wrong, such as 0.02"
            )


def coverage_at(risk: float) -> Metric:
    """Return the metric of the coverage at this risk."""
    return Metric("confidence", f"coverage_at_risk_{risk:g}", "share", higher_is_better=True)


def ranking_values(
    answers: Confident, ranking: Ranking, risks: Sequence[float], certainty: Certainty
) -> tuple[MetricValue, ...]:
    """Return the area under the risk-coverage curve (AURC), and the coverage at each risk.

    All are measured anew on each resample. The area is the mean, over the answers, of the risk when everything at
    least as confident is accepted. Coverage at a risk is the largest whose *observed* risk is no higher: it says what
    the scores could give, and is no threshold to use, for which there is ``handrail_evals.decide.calibrate``.

    Raises:
        InvalidSetting: a risk is not from 0 to 1.
    """
    check_risks(risks)
    metrics = (AURC, *(coverage_at(risk) for risk in risks))
    try:
        made = from_weights(lambda weights: ranking.measures(weights, risks), len(answers), answers.clusters, certainty)
        reason = ""
    except TooFewCases as few:
        made, reason = [None] * len(metrics), str(few)
    alone = ranking.measures(np.ones(len(answers)), risks).tolist()
    return tuple(
        metric.alone(value, reason, coverage=answers.coverage)
        if interval is None
        else metric.of(interval, coverage=answers.coverage)
        for metric, interval, value in zip(metrics, made, alone, strict=True)
    )


def risk_curve(ranking: Ranking, *, most: int = 200) -> tuple[RiskPoint, ...]:
    """Return the risk-coverage curve, strictest threshold first, in at most so many points (2 or more).

    Of more, those nearest to evenly spaced coverages are kept, the first and the last always.
    """
    held, rightly = ranking.counts(np.ones(len(ranking.order)))
    coverage, risk = ranking.curve(held, rightly)
    kept = list(range(len(coverage)))
    if len(coverage) > most:
        wanted = np.linspace(coverage[0], coverage[-1], most)
        kept = sorted({*np.searchsorted(coverage, wanted - 1e-12).tolist()})
    thresholds = ranking.confidence[::-1]
    return tuple(RiskPoint(float(thresholds[each]), float(coverage[each]), float(risk[each])) for each in kept)


def acceptance(cases: Sequence[CaseResult], right: Right, certainty: Certainty) -> tuple[MetricValue, ...]:
    """Return the share of answers used without asking a person, and the share of those that is wrong.

    Both with Wilson's interval; nothing when no answer says whether it was accepted. The coverage of the risk is the
    share of the accepted answers that have a score.
    """
    asked = answered(cases)
    flagged = [each for each in asked if each.accepted is not None]
    if not flagged:
        return ()
    accepted = [each for each in flagged if each.accepted]
    flags = per_answer(flagged, lambda each: float(bool(each.accepted)))
    wrong = per_answer(accepted, lambda each: None if (says := right.says(each)) is None else float(not says))
    scored = share(len(wrong), len(accepted))
    return (
        COVERAGE.measured(
            partial(proportion, flags, certainty), coverage=share(len(flagged), len(asked)), value=flags.mean
        ),
        RISK.measured(partial(proportion, wrong, certainty), coverage=scored, value=wrong.mean)
        if wrong.values
        else RISK.alone(None, "nothing with a score was accepted", coverage=scored),
    )
