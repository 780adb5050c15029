"""Money, tokens and people's minutes; what is unknown is left out and shows as coverage, it is not zero."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.average import mean_amount
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.sample import answered, case_count, per_case, share
from handrail_evals.numbers.metrics.value import Metric, MetricValue, Unit

Amount = Callable[[CaseResult], float | None]

AMOUNTS: Final[Sequence[tuple[str, Unit, Amount]]] = (
    ("money", "money", lambda each: each.money),
    ("input_tokens", "tokens", lambda each: each.input_tokens),
    ("output_tokens", "tokens", lambda each: each.output_tokens),
    ("human_minutes", "minutes", lambda each: each.human_minutes),
)


def costs(cases: Sequence[CaseResult], certainty: Certainty) -> tuple[MetricValue, ...]:
    """Return total and mean of each amount that is known of at least one answer.

    The total adds up every answer; the mean is over cases, the repeats of each averaged first.
    """
    asked = answered(cases)
    return tuple(
        value for name, unit, amount in AMOUNTS for value in total_and_mean(asked, name, unit, amount, certainty)
    )


def total_and_mean(
    asked: Sequence[CaseResult], name: str, unit: Unit, amount: Amount, certainty: Certainty
) -> tuple[MetricValue, ...]:
    """Return total and mean of one amount, nothing when it is never known."""
    known = [value for each in asked if (value := amount(each)) is not None]
    if not known:
        return ()
    sample = per_case(asked, amount)
    covered = share(len(known), len(asked))
    unknown = len(asked) - len(known)
    reason = f"a total, unknown for {unknown} of {len(asked)} answers" if unknown else "a total, not an estimate"
    return (
        Metric("cost", f"{name}_total", unit, higher_is_better=False).alone(math.fsum(known), reason, coverage=covered),
        Metric("cost", f"{name}_mean", unit, higher_is_better=False).measured(
            partial(mean_amount, sample, certainty),
            coverage=share(len(sample), case_count(asked)),
            value=sample.mean,
        ),
    )
