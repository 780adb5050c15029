"""The main metric for parts of the cases: by language, by customer, by whatever their metadata say."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.measure.case import Metadatum
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.sample import case_count
from handrail_evals.numbers.metrics.scores import average_score
from handrail_evals.numbers.metrics.value import MetricValue

MOST_VALUES = 20
"""A key with more different values is a name or a date, not a slice."""


@dataclass(frozen=True, slots=True)
class Part:
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


def parts(cases: Sequence[CaseResult], *, most: int = MOST_VALUES) -> list[Part]:
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
        Part(key, value, chosen)
        for key, values in groups.items()
        if 2 <= len(values) <= most
        for (_, value), chosen in values.items()
    ]
    return sorted(found, key=lambda each: (each.key, -case_count(each.answers), str(each.value)))
