"""Risk and coverage at the acceptance rule that the step has now."""

from collections.abc import Sequence
from functools import partial

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.average import proportion
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.right import Right
from handrail_evals.numbers.metrics.sample import answered, per_answer, share
from handrail_evals.numbers.metrics.value import Metric, MetricValue

COVERAGE = Metric("acceptance", "coverage", "share", higher_is_better=True)
RISK = Metric("acceptance", "risk", "share", higher_is_better=False)


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
