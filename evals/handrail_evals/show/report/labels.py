"""The parts of the page on labels and on fields: which was taken for which, and how well each is told."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handrail_evals.numbers.metrics.fields import FieldScore
from handrail_evals.numbers.metrics.labels import Confusion, LabelScore, label_names
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.show.report.charts import (
    WIDTH,
    Bar,
    Whisker,
    bars,
    drawn,
    element,
    escaped,
    picture,
    rectangle,
    ruler,
    scale,
    strip,
    text,
)
from handrail_evals.show.report.metrics import named_numbers
from handrail_evals.show.report.writing import (
    UNKNOWN,
    amount,
    brief,
    brief_count,
    count,
    counted,
    fitted,
    share,
    significant,
    spread,
)
from handrail_evals.show.tables import Table

NAMES = 108.0
"""Units for the names at the left."""
NAME_COLUMNS = 14
MATRIX_TOP = 36.0
LARGEST_CELL = 34.0
STEPS = 5
"""Of the heat: few enough to tell apart, and each has a text colour that stands out on it."""

ALL_UP_TO = 11
"""So many labels are shown in the matrix; of more, those with the most mistakes, and the rest in one."""
WORST = 12
MOST_LABELS = 400
MIXED_UP = 10
AXIS = scale(0.0, 1.0)

MOST_FIELDS = 40
ALL_FIELDS = "all fields"


@dataclass(frozen=True, slots=True)
class Matrix:
    """Counts of answers by what was expected (rows) and got (columns).

    The first columns are the rows' labels, in their order; more may follow, such as one for no answer.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    """Their names; the first are the rows', in their order."""
    counts: tuple[tuple[int, ...], ...]
    """A line for each row, a count for each column."""
    rest: int | None = None
    """Which row and column holds the labels that are not shown, all in one; None: all are shown."""

    def kind(self, row: int, column: int) -> str:
        """Return ``right``, ``wrong``, or ``rest`` where right and wrong are summed up."""
        if row != column:
            return "wrong"
        return "rest" if row == self.rest else "right"

    def most(self, kind: str) -> int:
        """Return the largest count of a kind; of wrong ones, among the labels that are shown by themselves.

        The rest would outshine them all: it sums up many labels.
        """
        shown = [place for place in range(len(self.rows)) if kind == "rest" or place != self.rest]
        return max(
            (self.counts[row][column] for row in shown for column in shown if self.kind(row, column) == kind), default=0
        )


def confusion(matrix: Matrix, *, name: str = "confusion") -> str:
    """Return the matrix as a heat map; columns bear the numbers that the rows' names have."""
    across = len(matrix.columns)
    cell = min(LARGEST_CELL, (WIDTH - NAMES) / max(1, across))
    most = {kind: matrix.most(kind) for kind in ("right", "wrong", "rest")}
    parts = [
        text(NAMES - 24, MATRIX_TOP - 9, "expected ↓", class_="note", anchor="end"),
        text(NAMES + 4, MATRIX_TOP - 25, "got →", class_="note"),
    ]
    for column, label in enumerate(matrix.columns):
        head = str(column + 1) if column < len(matrix.rows) else "–"
        number = text(NAMES + (column + 0.5) * cell, MATRIX_TOP - 9, head, class_="tick", anchor="middle")
        parts.append(element("g", element("title", escaped(label)), number))
    for row, label in enumerate(matrix.rows):
        y = MATRIX_TOP + row * cell
        parts.append(_row_name(label, row, y + cell / 2 + 3.5))
        for column, cases in enumerate(matrix.counts[row]):
            kind = matrix.kind(row, column)
            box = (NAMES + column * cell, y, cell - 1, cell - 1)
            tip = f"expected {label}, got {matrix.columns[column]}: {counted(cases, 'answer')}"
            drawn = _cell(box, cases, f"{kind}-{heat(cases, most[kind])}", tip)
            link = f"#{cell_place(row, column, name=name)}"
            parts.append(element("a", drawn, href=link, aria_label=tip) if cases else drawn)
    height = MATRIX_TOP + len(matrix.rows) * cell
    # A picture's parts are hidden from those who hear the page: links must not be.
    return picture(name, "Confusion matrix", _described(matrix), height, *parts, role="group")


def cell_place(row: int, column: int, *, name: str = "confusion") -> str:
    """Return the id of the place that names the cases of a cell."""
    return f"{name}-{row}-{column}"


def heat(cases: int, most: int) -> int:
    """Return the step of the heat, 0 for none; on the root of the count, so that a few cases are seen too."""
    if not cases:
        return 0
    if not most:
        return STEPS
    return min(STEPS, max(1, math.ceil(math.sqrt(cases / most) * STEPS)))


def _row_name(label: str, row: int, y: float) -> str:
    shown = fitted(label, NAME_COLUMNS)
    return element(
        "g",
        element("title", escaped(label)),
        text(NAMES - 24, y, shown, class_="tick", anchor="end"),
        text(NAMES - 6, y, str(row + 1), class_="tick", anchor="end"),
    )


def _cell(box: tuple[float, float, float, float], cases: int, class_: str, tip: str) -> str:
    if not cases:
        return rectangle(box, class_)
    left, top, wide, high = box
    written = text(
        left + wide / 2, top + high / 2 + 3.2, brief_count(cases), class_=f"cell on-{class_}", anchor="middle"
    )
    return rectangle(box, class_, tip) + written


def _described(matrix: Matrix) -> str:
    right = sum(line[row] for row, line in enumerate(matrix.counts) if row != matrix.rest)
    total = sum(map(sum, matrix.counts))
    return f"{counted(total, 'answer')}; {right:,} of them on the diagonal, right"


@dataclass(frozen=True, slots=True)
class Label:
    """One label as a row of a table."""

    name: str
    support: str
    precision: str
    recall: str
    f1: str
    interval: str
    strip: Markup


@dataclass(frozen=True, slots=True)
class LabelsPart:
    """The matrix, what is mixed up most, and the labels."""

    chart: Markup
    shown: str
    """Which labels the matrix shows, in words."""
    mistakes: Table
    worst: tuple[Label, ...]
    """The labels with the lowest F1."""
    others: tuple[Label, ...]
    left_out: str
    ruler: Markup
    kind: str = "labels"


def labels(matrix: Confusion, scores: Sequence[LabelScore]) -> LabelsPart:
    """Return the part of the page on labels."""
    name = label_names(matrix.labels)
    chosen = chosen_labels(matrix)
    by_f1 = sorted(scores, key=lambda each: (each.f1, -each.support))
    rows = [_label(each, name(each.label)) for each in by_f1[:MOST_LABELS]]
    first = WORST if len(rows) > WORST + 4 else len(rows)
    more = len(by_f1) - len(rows)
    mistakes = [
        (brief(f"{name(right)} → {name(said)}", 90), count(answers)) for right, said, answers in matrix.mistakes()
    ]
    return LabelsPart(
        chart=drawn(confusion(condensed(matrix, chosen))),
        shown=_shown(len(chosen), len(matrix.labels)),
        mistakes=named_numbers(("expected → got", "answers"), mistakes, MIXED_UP),
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
    name = label_names(matrix.labels)
    names = [name(matrix.labels[each]) for each in chosen] + ["all others"] * (rest is not None)
    columns = names + ["no answer, or no label"] * has_gaps
    return Matrix(tuple(names), tuple(columns), tuple(map(tuple, counts)), rest)


def _label(score: LabelScore, name: str) -> Label:
    interval, picture = score.interval, ""
    if interval is not None:
        whisker = Whisker.of(interval)
        picture = strip(whisker, AXIS, f"F1 {share(score.f1)}, {spread(interval, 'share')}")
    return Label(
        name=brief(name),
        support=count(score.support),
        precision=_share(score.precision),
        recall=_share(score.recall),
        f1=share(score.f1),
        interval="" if interval is None else spread(interval, "share"),
        strip=drawn(picture),
    )


def _share(value: float | None) -> str:
    return UNKNOWN if value is None else share(value)


@dataclass(frozen=True, slots=True)
class FieldsPart:
    """The fields of one scorer."""

    scorer: str
    chart: Markup
    numbers: Table
    left_out: str
    kind: str = "fields"


def fields(scores: Sequence[FieldScore], *, number: int = 1) -> FieldsPart:
    """Return the part of the page on the fields of one scorer; ``number`` tells several of them apart."""
    shown = [each for each in scores if each.f1.value is not None][:MOST_FIELDS]
    more = len(scores) - len(shown)
    worst = min((each for each in shown if each.field), key=lambda each: each.f1.value or 0.0, default=None)
    told = "" if worst is None else f"the lowest is {brief(worst.field)} with {_number(worst.f1)}"
    chart = bars(
        [_field_bar(each) for each in shown],
        title="F1 by field",
        description=told,
        longest=1.0,
        name=f"fields-{number}",
    )
    return FieldsPart(
        scorer=brief(scores[0].scorer),
        chart=drawn(chart),
        numbers=named_numbers(
            ("field", "precision", "recall", "F1", "interval", "right", "extra", "missed"),
            [_field_row(each) for each in scores[:MOST_FIELDS]],
        ),
        left_out=f"{counted(more, 'field')} without an F1, or beyond the first {MOST_FIELDS}, not drawn"
        if more
        else "",
    )


def _field_bar(score: FieldScore) -> Bar:
    interval = score.f1.interval
    return Bar(
        name=brief(score.field) if score.field else ALL_FIELDS,
        value=score.f1.value or 0.0,
        label=_number(score.f1),
        whisker=None if interval is None else Whisker.of(interval),
        class_="bar" if score.field else "bar plain",
    )


def _field_row(score: FieldScore) -> tuple[str, ...]:
    interval, counts = score.f1.interval, score.counts
    return (
        brief(score.field) if score.field else ALL_FIELDS,
        _number(score.precision),
        _number(score.recall),
        _number(score.f1),
        "" if interval is None else spread(interval, "share"),
        *(significant(each, 4) if each % 1 else f"{each:,.0f}" for each in (counts.hits, counts.extra, counts.missed)),
    )


def _number(metric: MetricValue) -> str:
    return UNKNOWN if metric.value is None else amount(metric.value, metric.unit)
