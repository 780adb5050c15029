"""Precision, recall and F1 of extracted fields, each and all together (micro)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from handrail_evals.errors import TooFewCases
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.scorer import Counts
from handrail_evals.numbers.metrics.answers import answered, clusters_of
from handrail_evals.numbers.metrics.value import Metric, MetricValue, share
from handrail_evals.numbers.statistics.bootstrap import Kinds, from_sums
from handrail_evals.numbers.statistics.intervals import Certainty, Interval
from handrail_ground.optional import OptionalLibrary

if TYPE_CHECKING:
    import numpy as np

    from handrail_evals.numbers.statistics.bootstrap import Floats
else:
    np = OptionalLibrary("numpy", extra="evals")

NONE = Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldScore:
    """How well one field is extracted, by one scorer; the counts are summed over all answers first (micro)."""

    scorer: str
    field: str
    """The field's name; empty for all of them together."""
    counts: Counts
    """What was found, made up and missed, over all answers."""
    precision: MetricValue
    """Of what was found, the share that is right."""
    recall: MetricValue
    """Of what is there, the share that was found."""
    f1: MetricValue
    """Harmonic mean of the two."""


def field_scores(cases: Sequence[CaseResult], scorer: str, certainty: Certainty) -> tuple[FieldScore, ...]:
    """Return all fields together, then each in order of appearance; nothing when the scorer counts no fields.

    Coverage is the share of answers with counts; of one that the scorer gave none for, it is not known what it missed.
    """
    asked = answered(cases)
    counted = [each for each in asked if each.fields.get(scorer)]
    if not counted:
        return ()
    tables = [each.fields[scorer] for each in counted]
    names = list(dict.fromkeys(name for table in tables for name in table))
    totals = [reduce(add, (table.get(name, NONE) for table in tables)) for name in names]
    totals.insert(0, reduce(add, totals))
    try:
        made = ratio_intervals(tables, names, clusters_of(counted), certainty)
        reason = "nothing to divide by on too many resamples"
    except TooFewCases as few:
        made, reason = [(None, None, None)] * len(totals), str(few)
    coverage = share(len(counted), len(asked))

    def value(name: str, number: float | None, interval: Interval | None) -> MetricValue:
        metric = Metric("fields", name, "share", higher_is_better=True)
        if interval is not None:
            return metric.of(interval, coverage=coverage)
        return metric.alone(number, "nothing to divide by" if number is None else reason, coverage=coverage)

    return tuple(
        FieldScore(
            scorer=scorer,
            field=name,
            counts=total,
            precision=value(title(scorer, name, "precision"), total.precision, precision),
            recall=value(title(scorer, name, "recall"), total.recall, recall),
            f1=value(title(scorer, name, "f1"), total.f1, f1),
        )
        for name, total, (precision, recall, f1) in zip(["", *names], totals, made, strict=True)
    )


def title(scorer: str, field: str, measure: str) -> str:
    """Return a metric's name, such as ``fields.total.f1``."""
    return f"{scorer}.{field}.{measure}" if field else f"{scorer}.{measure}"


def ratio_intervals(
    tables: Sequence[Mapping[str, Counts]],
    names: Sequence[str],
    clusters: Sequence[str | None] | None,
    certainty: Certainty,
) -> list[tuple[Interval | None, Interval | None, Interval | None]]:
    """Return the intervals of precision, recall and F1, of all fields together and then of each.

    Raises:
        TooFewCases: fewer than two answers, or all of one cluster.
    """
    rows = np.asarray(
        [[number for name in names for number in as_numbers(table.get(name, NONE))] for table in tables],
        dtype=np.float64,
    )

    def ratios(sums: "Floats") -> "Floats":
        each = sums.reshape(len(sums), len(names), 3)
        counts = np.concatenate([each.sum(axis=1, keepdims=True), each], axis=1)
        hits, extra, missed = counts[..., 0], counts[..., 1], counts[..., 2]
        with np.errstate(invalid="ignore"):
            measured = [hits / (hits + extra), hits / (hits + missed), 2.0 * hits / (2.0 * hits + extra + missed)]
        return np.stack(measured, axis=2).reshape(len(sums), -1)

    flat = iter(from_sums(Kinds.of_each(rows, clusters), ratios, len(rows), certainty))
    return list(zip(flat, flat, flat, strict=True))


def as_numbers(counts: Counts) -> tuple[float, float, float]:
    """Return hits, extra and missed."""
    return counts.hits, counts.extra, counts.missed
