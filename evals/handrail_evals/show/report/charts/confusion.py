"""Confusion matrix: what should have been said against what was said, for the labels that matter most.

Each cell with answers is a link to the place of the page that names the cases behind it, see ``place``.
"""

import math
from dataclasses import dataclass

from handrail_evals.show.report.charts.svg import WIDTH, element, escaped, picture, rectangle, text
from handrail_evals.show.report.numbers import brief_count, counted
from handrail_evals.show.report.text import fitted

NAMES = 108.0
"""Units for the names at the left."""
NAME_COLUMNS = 14
TOP = 36.0
LARGEST_CELL = 34.0
STEPS = 5
"""Of the heat: few enough to tell apart, and each has a text colour that stands out on it."""


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
        text(NAMES - 24, TOP - 9, "expected ↓", class_="note", anchor="end"),
        text(NAMES + 4, TOP - 25, "got →", class_="note"),
    ]
    for column, label in enumerate(matrix.columns):
        head = str(column + 1) if column < len(matrix.rows) else "–"
        number = text(NAMES + (column + 0.5) * cell, TOP - 9, head, class_="tick", anchor="middle")
        parts.append(element("g", element("title", escaped(label)), number))
    for row, label in enumerate(matrix.rows):
        y = TOP + row * cell
        parts.append(_row_name(label, row, y + cell / 2 + 3.5))
        for column, cases in enumerate(matrix.counts[row]):
            kind = matrix.kind(row, column)
            box = (NAMES + column * cell, y, cell - 1, cell - 1)
            tip = f"expected {label}, got {matrix.columns[column]}: {counted(cases, 'answer')}"
            drawn = _cell(box, cases, f"{kind}-{heat(cases, most[kind])}", tip)
            link = f"#{place(row, column, name=name)}"
            parts.append(element("a", drawn, href=link, aria_label=tip) if cases else drawn)
    height = TOP + len(matrix.rows) * cell
    # A picture's parts are hidden from those who hear the page: links must not be.
    return picture(name, "Confusion matrix", _described(matrix), height, *parts, role="group")


def place(row: int, column: int, *, name: str = "confusion") -> str:
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
