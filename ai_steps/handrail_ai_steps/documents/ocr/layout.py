"""Lines of a picture in reading order: columns of running text one after the other, rows with a tab between pieces."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, TypeAlias, assert_never

from handrail_ai_steps.documents.page import Box, TextLine

Turn: TypeAlias = Literal[0, 90, 180, 270]
"""By how many degrees a picture has to be turned clockwise to stand upright."""

WIDE_GAP = 0.9
"""Of a line's height: pieces of a row that stand further apart are parted by a tab."""
SAME_ROW = 0.5
"""Of the lower piece's height: pieces of a row share so much of it."""
COLUMN_LINES = 4
"""A column has at least so many lines, of at least ``COLUMN_LETTERS`` each in the middle: else it is one of a table."""
COLUMN_LETTERS = 20
ACROSS = 0.2
"""Of a region's lines: so many may stand across the gap between columns, as headings do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrLine:
    """A line, or a piece of one, that was read from a picture."""

    text: str
    box: Box
    """In pixels."""
    score: float | None = None
    """From 0 to 1."""


def laid_out(lines: Iterable[OcrLine]) -> tuple[str, tuple[TextLine, ...]]:
    """Return the text of a page, and where each line begins and ends in it, in reading order."""
    pieces: list[str] = []
    placed: list[TextLine] = []
    length = 0
    for row in _rows_in_order([each for each in lines if each.text.strip()]):
        if pieces:
            pieces.append("\n")
            length += 1
        for at, line in enumerate(row):
            if at:
                before = row[at - 1].box
                pieces.append("\t" if line.box.left - before.right > WIDE_GAP * _height(line.box) else " ")
                length += 1
            text = " ".join(line.text.split())
            placed.append(TextLine(length, length + len(text), line.box, line.score))
            pieces.append(text)
            length += len(text)
    return "".join(pieces), tuple(placed)


def upright(box: Box, width: float, height: float, turn: Turn) -> Box:
    """Return where a box stands when the picture of this size is turned clockwise."""
    match turn:
        case 0:
            return box
        case 90:
            return Box(height - box.bottom, box.left, height - box.top, box.right)
        case 180:
            return Box(width - box.right, height - box.bottom, width - box.left, height - box.top)
        case 270:
            return Box(box.top, width - box.right, box.bottom, width - box.left)
        case _:
            assert_never(turn)


def _rows_in_order(lines: Sequence[OcrLine]) -> Iterator[list[OcrLine]]:
    gap = _column_gap(lines)
    if gap is None:
        yield from _rows(lines)
        return
    left: list[OcrLine] = []
    right: list[OcrLine] = []
    for line in sorted(lines, key=lambda each: each.box.top):
        if line.box.right <= gap:
            left.append(line)
        elif line.box.left >= gap:
            right.append(line)
        else:
            yield from _rows_in_order(left)
            yield from _rows_in_order(right)
            yield [line]
            left, right = [], []
    yield from _rows_in_order(left)
    yield from _rows_in_order(right)


def _column_gap(lines: Sequence[OcrLine]) -> float | None:
    """Return where the gap between two columns of running text is, or None: there is none."""
    if len(lines) < 2 * COLUMN_LINES:
        return None
    for gap in sorted({each.box.right + 1 for each in lines}):
        left = [each for each in lines if each.box.right <= gap]
        right = [each for each in lines if each.box.left >= gap]
        if len(lines) - len(left) - len(right) > ACROSS * len(lines):
            continue
        if all(len(each) >= COLUMN_LINES and _running(each) for each in (left, right)):
            return gap
    return None


def _running(lines: Sequence[OcrLine]) -> bool:
    """Return whether lines are of running text, and not the cells of a table's column."""
    return median(len(each.text) for each in lines) >= COLUMN_LETTERS


def _rows(lines: Sequence[OcrLine]) -> Iterator[list[OcrLine]]:
    """Yield the rows of lines that stand beside each other, from top to bottom, each from left to right."""
    rows: list[list[OcrLine]] = []
    for line in sorted(lines, key=lambda each: each.box.top + each.box.bottom):
        row = next((each for each in reversed(rows[-4:]) if _in_row(line, each)), None)
        if row is None:
            rows.append([line])
        else:
            row.append(line)
    for row in sorted(rows, key=lambda each: min(line.box.top + line.box.bottom for line in each)):
        yield sorted(row, key=lambda each: each.box.left)


def _in_row(line: OcrLine, row: Sequence[OcrLine]) -> bool:
    """Return whether a line stands in the row: beside its nearest piece, and over none."""
    nearest = min(row, key=lambda each: _distance(line.box, each.box))
    shared = min(line.box.bottom, nearest.box.bottom) - max(line.box.top, nearest.box.top)
    if shared < SAME_ROW * min(_height(line.box), _height(nearest.box)):
        return False
    return all(_distance(line.box, each.box) > -SAME_ROW * _height(line.box) for each in row)


def _distance(one: Box, other: Box) -> float:
    """Return how far two boxes stand apart from left to right; less than 0: they overlap."""
    return max(one.left, other.left) - min(one.right, other.right)


def _height(box: Box) -> float:
    return max(box.bottom - box.top, 1.0)
