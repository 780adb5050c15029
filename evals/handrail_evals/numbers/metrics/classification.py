"""Accuracy, macro F1, and precision, recall and F1 of each label."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from handrail_evals.errors import TooFewCases
from handrail_evals.libraries import needs
from handrail_evals.measure.scorer import Counts
from handrail_evals.numbers.metrics.average import proportion
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.confusion import Confusion
from handrail_evals.numbers.metrics.labels import Label, Labelled
from handrail_evals.numbers.metrics.resampling import Kinds, from_sums
from handrail_evals.numbers.metrics.sample import Sample
from handrail_evals.numbers.metrics.value import Metric, MetricValue
from handrail_evals.numbers.statistics.interval import Interval

if TYPE_CHECKING:
    from handrail_evals.numbers.metrics.resampling import Floats

ACCURACY = Metric("labels", "accuracy", "share", higher_is_better=True)
MACRO_F1 = Metric("labels", "macro_f1", "share", higher_is_better=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """How well one label is told from the others."""

    label: Label
    support: int
    """Answers to cases where it is right."""
    said: int
    """Answers that said it."""
    precision: float | None
    """Of the answers that said it, the share where it is right, 0 to 1; None when it was never said."""
    recall: float | None
    """Of the answers where it is right, the share that said it, 0 to 1; None when it is never right."""
    f1: float
    """Harmonic mean of the two, 0 to 1."""
    interval: Interval | None
    """Of the F1; None with too few answers for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """How well labels are told apart."""

    accuracy: MetricValue
    """Share of the answers that are right, with Wilson's interval."""
    macro_f1: MetricValue
    """Mean F1 of the labels that are right or said at least once, with a recomputed bootstrap interval."""
    labels: tuple[LabelScore, ...]
    """The most often expected first."""


def classification(answers: Labelled, matrix: Confusion, certainty: Certainty) -> Classification:
    """Return how well labels are told apart; ``matrix`` is the confusion of the same answers.

    The bootstrap measures every F1 anew on each resample; a label that is not in a resample does not count in its mean.
    """
    right = Sample([float(e == s) for e, s in zip(answers.expected, answers.said, strict=True)], answers.clusters)
    counts = label_counts(matrix)
    f1s = [each.f1 or 0.0 for each in counts]
    try:
        macro, *each_f1 = f1_intervals(answers, certainty)
        reason = "too many labels come and go between resamples"
    except TooFewCases as few:
        macro, each_f1, reason = None, [None] * len(f1s), str(few)
    mean = sum(f1s) / len(f1s)
    return Classification(
        accuracy=ACCURACY.measured(partial(proportion, right, certainty), coverage=answers.coverage, value=right.mean),
        macro_f1=MACRO_F1.of(macro, coverage=answers.coverage)
        if macro
        else MACRO_F1.alone(mean, reason, coverage=answers.coverage),
        labels=tuple(
            LabelScore(
                label=label,
                support=support,
                said=said,
                precision=count.precision,
                recall=count.recall,
                f1=f1,
                interval=interval,
            )
            for label, support, said, count, f1, interval in zip(
                matrix.labels, matrix.support, matrix.said, counts, f1s, each_f1, strict=True
            )
        ),
    )


def label_counts(matrix: Confusion) -> list[Counts]:
    """Return for each label how often it was said rightly, said wrongly, and missed."""
    hits = {right: answers for right, said, answers in matrix.cells if right == said}
    sizes = enumerate(zip(matrix.support, matrix.said, strict=True))
    return [
        Counts(hits.get(place, 0), said - hits.get(place, 0), support - hits.get(place, 0))
        for place, (support, said) in sizes
    ]


def f1_intervals(answers: Labelled, certainty: Certainty) -> Sequence[Interval | None]:
    """Return the intervals of macro F1, then of each label's F1.

    Raises:
        TooFewCases: fewer than two answers, or all of one cluster.
    """
    with needs("evals"):
        import numpy as np  # noqa: PLC0415 -- importing evals stays light

    labels = len(answers.labels)
    # What was no label falls into a spare column.
    cells = np.asarray(
        [
            (right, labels if label is None else label)
            for right, label in zip(answers.expected, answers.said, strict=True)
        ],
        dtype=np.intp,
    )
    distinct, row_of = np.unique(cells, axis=0, return_inverse=True)
    row_of = row_of.reshape(-1)
    expected, said = distinct.T
    # Two columns a label: how often it was said rightly, and how often it is right plus how often it was said.
    rows, each = np.zeros((len(expected), 2 * labels + 1)), np.arange(len(expected))
    right = expected == said
    rows[each[right], expected[right]] = 1.0
    rows[each, labels + expected] += 1.0
    rows[each, labels + said] += 1.0

    def f1s(sums: "Floats") -> "Floats":
        hits, sizes = sums[:, :labels], sums[:, labels : 2 * labels]
        with np.errstate(invalid="ignore"):
            single = 2.0 * hits / sizes
        present = sizes > 0.0
        macro = np.where(present, single, 0.0).sum(axis=1) / np.maximum(1, present.sum(axis=1))
        return np.concatenate([macro[:, None], single], axis=1)

    return from_sums(Kinds.of(rows, row_of, answers.clusters), f1s, len(answers), certainty)
