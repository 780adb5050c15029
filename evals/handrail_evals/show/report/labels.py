"""The part of the page on labels: which was taken for which, and how well each is told from the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handrail_evals.numbers.metrics.labels import Confusion, LabelScore, label_text
from handrail_evals.show.report.charts.confusion import Matrix, confusion
from handrail_evals.show.report.charts.whisker import Whisker, ruler, scale, strip
from handrail_evals.show.report.drawn import drawn
from handrail_evals.show.report.numbers import UNKNOWN, count, share, spread
from handrail_evals.show.report.table import Table, table
from handrail_evals.show.report.text import brief

if TYPE_CHECKING:
    from markupsafe import Markup

ALL_UP_TO = 11
"""So many labels are shown in the matrix; of more, those with the most mistakes, and the rest in one."""
WORST = 12
MOST = 400
MIXED_UP = 10
AXIS = scale(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Label:
    """One label as a row of a table."""

    name: str
    support: str
    precision: str
    recall: str
    f1: str
    interval: str
    strip: "Markup"


@dataclass(frozen=True, slots=True)
class Labels:
    """The matrix, what is mixed up most, and the labels."""

    chart: "Markup"
    shown: str
    """Which labels the matrix shows, in words."""
    mistakes: Table
    worst: tuple[Label, ...]
    """The labels with the lowest F1."""
    others: tuple[Label, ...]
    left_out: str
    ruler: "Markup"
    template: str = "labels.html.j2"


def labels(matrix: Confusion, scores: Sequence[LabelScore]) -> Labels:
    """Return the part of the page on labels."""
    chosen = chosen_labels(matrix)
    by_f1 = sorted(scores, key=lambda each: (each.f1, -each.support))
    rows = [_label(each) for each in by_f1[:MOST]]
    first = WORST if len(rows) > WORST + 4 else len(rows)
    more = len(by_f1) - len(rows)
    mistakes = [
        (brief(f"{label_text(right)} → {label_text(said)}", 90), count(answers))
        for right, said, answers in matrix.mistakes()
    ]
    return Labels(
        chart=drawn(confusion(condensed(matrix, chosen))),
        shown=_shown(len(chosen), len(matrix.labels)),
        mistakes=table(("expected → got", "answers"), mistakes, MIXED_UP),
        worst=tuple(rows[:first]),
        others=tuple(rows[first:]),
        left_out=f"{more:,} more labels" if more else "",
        ruler=drawn(ruler(AXIS, {0.0: "0%", 0.5: "50%", 1.0: "100%"}, "F1 from 0 to 100%")),
    )


def _shown(chosen: int, of: int) -> str:
    if chosen == of:
        return f"All {of} labels."
    return f"The {chosen} of {of} labels with the most mistakes; the last row and column hold the rest."


def chosen_labels(matrix: Confusion) -> list[int]:
    """Return the positions of the labels to show: those in the most mistakes, then with the most support."""
    everything = range(len(matrix.labels))
    if len(everything) <= ALL_UP_TO:
        return list(everything)
    mistakes = list(matrix.unanswered)
    for right, said, answers in matrix.cells:
        if right != said:
            mistakes[right] += answers
            mistakes[said] += answers
    support = matrix.support
    ranked = sorted(everything, key=lambda each: (-mistakes[each], -support[each], each))
    return sorted(ranked[: ALL_UP_TO - 1])


@dataclass(frozen=True, slots=True)
class Layout:
    """Which row and column a label has in the matrix of chosen ones: the rest share the last."""

    chosen: Sequence[int]
    """The labels' positions in the whole matrix."""
    labels: int
    """How many there are in all."""

    @property
    def rest(self) -> int | None:
        """Return the row and column of all that are not chosen; None: all are."""
        return len(self.chosen) if len(self.chosen) < self.labels else None

    @property
    def size(self) -> int:
        """Return how many rows there are; the column after as many is for no answer."""
        return len(self.chosen) + (self.rest is not None)

    def cells(self) -> Callable[[int, int | None], tuple[int, int]]:
        """Return what tells the row and column of an answer: of what was right, and of what was said, if anything."""
        place, size = {label: position for position, label in enumerate(self.chosen)}, self.size
        return lambda right, said: (
            place.get(right, size - 1),
            size if said is None else place.get(said, size - 1),
        )


def condensed(matrix: Confusion, chosen: Sequence[int]) -> Matrix:
    """Return the matrix of the chosen labels, with one row and column for the rest and a column for no answer."""
    layout = Layout(chosen, len(matrix.labels))
    cell, rest, size = layout.cells(), layout.rest, layout.size
    has_gaps = any(matrix.unanswered)
    counts = [[0] * (size + has_gaps) for _ in range(size)]
    for right, said, answers in matrix.cells:
        row, column = cell(right, said)
        counts[row][column] += answers
    for right, answers in enumerate(matrix.unanswered):
        if answers:
            row, column = cell(right, None)
            counts[row][column] += answers
    names = [label_text(matrix.labels[each]) for each in chosen] + ["all others"] * (rest is not None)
    columns = names + ["no answer, or no label"] * has_gaps
    return Matrix(tuple(names), tuple(columns), tuple(map(tuple, counts)), rest)


def _label(score: LabelScore) -> Label:
    interval, picture = score.interval, ""
    if interval is not None:
        whisker = Whisker(interval.estimate, interval.low, interval.high)
        picture = strip(whisker, AXIS, f"F1 {share(score.f1)}, {spread(interval, 'share')}")
    return Label(
        name=brief(label_text(score.label)),
        support=count(score.support),
        precision=_share(score.precision),
        recall=_share(score.recall),
        f1=share(score.f1),
        interval="" if interval is None else spread(interval, "share"),
        strip=drawn(picture),
    )


def _share(value: float | None) -> str:
    return UNKNOWN if value is None else share(value)
