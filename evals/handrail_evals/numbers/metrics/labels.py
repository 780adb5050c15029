"""Answers that are labels: which was taken for which, and how well each is told from the others."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from handrail_evals.errors import TooFewCases
from handrail_evals.measure.case import UNLABELLED
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.scorer import Counts
from handrail_evals.numbers.metrics.answers import answered, clusters_of
from handrail_evals.numbers.metrics.value import Metric, MetricValue, proportion
from handrail_evals.numbers.statistics.bootstrap import Kinds, from_sums
from handrail_evals.numbers.statistics.clusters import Sample
from handrail_evals.numbers.statistics.intervals import Certainty, Interval
from handrail_ground.optional import OptionalLibrary

if TYPE_CHECKING:
    import numpy as np

    from handrail_evals.numbers.statistics.bootstrap import Floats
else:
    np = OptionalLibrary("numpy", extra="evals")

Label: TypeAlias = str | bool | int | None
"""As JSON has it; None: "no label fits" was the answer, which is not the lack of one."""

LONGEST = 80
"""Characters of a label; what is longer, or has several lines, is text that no confusion matrix helps with."""

FEW = 20
"""So many different values may be labels even if none occurs twice."""

MOST = 500
"""More different values are names or numbers, however often they repeat."""

ACCURACY = Metric("labels", "accuracy", "share", higher_is_better=True)

MACRO_F1 = Metric("labels", "macro_f1", "share", higher_is_better=True)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Answers with labels: what was expected, what was said."""

    labels: tuple[Label, ...]
    """Every label expected or said, the most often expected first."""
    expected: Sequence[int]
    """For each answer, the position of the label that is right."""
    said: Sequence[int | None]
    """For each answer, the position of its label; None where there was no answer, or one that is no label."""
    clusters: Sequence[str | None] | None
    """For each answer; None when all stand alone."""
    cases: Sequence[str]
    """For each answer, the name of its case."""
    coverage: float
    """Share, 0 to 1, of the answers whose case says what is right."""

    def __len__(self) -> int:
        """Return how many answers there are."""
        return len(self.expected)


def is_label(value: object) -> TypeGuard[Label]:
    """Return whether a JSON value can be a label: a short line, a whole number, true, false or null."""
    if isinstance(value, str):
        return len(value) <= LONGEST and "\n" not in value
    return value is None or isinstance(value, bool | int)


def labelled(cases: Sequence[CaseResult]) -> Labelled | None:
    """Return the answers to compare label by label, or None when the expected values are not labels.

    They are when each of them is a short line, a whole number, true, false or null, and they repeat: there are at most
    20 different ones, or half as many as cases, and never more than 500. Answers of a crashed target, and of
    cases that do not say what is right, are left out.
    """
    asked = answered(cases)
    known = [each for each in asked if each.expected is not UNLABELLED]
    if not known or not all(is_label(each.expected) for each in known):
        return None
    # As JSON, so that true and 1 are two labels.
    expected = [json.dumps(each.expected) for each in known]
    said = [json.dumps(each.output) if each.answered and is_label(each.output) else None for each in known]
    support = Counter(expected)
    if len(support) > min(MOST, max(FEW, len({each.case for each in known}) // 2)):
        return None
    spoken = {each for each in said if each is not None}
    order = sorted({*support, *spoken}, key=lambda label: (-support[label], label))
    place = {label: position for position, label in enumerate(order)}
    return Labelled(
        labels=tuple(json.loads(label) for label in order),
        expected=[place[label] for label in expected],
        said=[None if label is None else place[label] for label in said],
        clusters=clusters_of(known),
        cases=[each.case for each in known],
        coverage=len(known) / len(asked),
    )


def label_text(label: Label) -> str:
    """Return a label as people read it."""
    if label is None:
        return "no label"
    return label if isinstance(label, str) else json.dumps(label)


def label_names(labels: Iterable[Label]) -> Callable[[Label], str]:
    """Return what tells these labels as people read them; a text that reads like another label is in quotes."""
    alike = Counter(map(label_text, labels))

    def name(label: Label) -> str:
        text = label_text(label)
        return json.dumps(label, ensure_ascii=False) if isinstance(label, str) and alike[text] > 1 else text

    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts of answers by the label that is right and the label that was said."""

    labels: tuple[Label, ...]
    """The most often expected first; None is the label "no label fits"."""
    cells: tuple[tuple[int, int, int], ...]
    """Position of the right label, position of the one said, answers: only cells that are not empty, in order."""
    unanswered: tuple[int, ...]
    """For each label, how often it was right where there was no answer, or one that is no label."""

    @property
    def support(self) -> tuple[int, ...]:
        """Return how often each label is right."""
        counts = list(self.unanswered)
        for right, _, answers in self.cells:
            counts[right] += answers
        return tuple(counts)

    @property
    def said(self) -> tuple[int, ...]:
        """Return how often each label was said."""
        counts = [0] * len(self.labels)
        for _, said, answers in self.cells:
            counts[said] += answers
        return tuple(counts)

    def matrix(self) -> list[list[int]]:
        """Return the whole matrix: a row for each right label, a column for each label said."""
        rows = [[0] * len(self.labels) for _ in self.labels]
        for right, said, answers in self.cells:
            rows[right][said] = answers
        return rows

    def mistakes(self) -> list[tuple[Label, Label, int]]:
        """Return what was taken for what (right, said, answers), the most frequent first."""
        wrong = [cell for cell in self.cells if cell[0] != cell[1]]
        wrong.sort(key=lambda cell: (-cell[2], cell[0], cell[1]))
        return [(self.labels[right], self.labels[said], answers) for right, said, answers in wrong]


def confusion(answers: Labelled) -> Confusion:
    """Return the confusion matrix."""
    counts = Counter(zip(answers.expected, answers.said, strict=True))
    unanswered = [0] * len(answers.labels)
    cells: list[tuple[int, int, int]] = []
    for (right, said), times in counts.items():
        if said is None:
            unanswered[right] = times
        else:
            cells.append((right, said, times))
    return Confusion(labels=answers.labels, cells=tuple(sorted(cells)), unanswered=tuple(unanswered))


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
