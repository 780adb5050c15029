"""Which label was taken for which."""

from collections import Counter
from dataclasses import dataclass

from handrail_evals.numbers.metrics.labels import Label, Labelled


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
