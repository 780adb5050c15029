"""Reading order: which pieces of a page are a line together, what is a column of its own, and what comes after what."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from statistics import median
from typing import NamedTuple

_NUMBER_LIKE = re.compile(r"[^\d]{0,6}[\d.,' \-/:%]{1,24}[^\d]{0,5}")
"""An amount, a date, a rate, a count: what stands in the columns of a table."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LEFT_TO_RIGHT = re.compile("[A-Za-z\u00c0-\u024f\u0370-\u052f]")

TWICE = 2.0
"""How near, in points, the same text is drawn again to make it bold."""
MOST_RUNS = 200
"""Runs in a row; what has more is no row of words."""
MOST_VISITS = 400
"""Rows that are looked at in search of columns: what would take more has no columns that are worth it."""
GUTTER = 1.0
"""How wide the gap between two columns is at least, in heights of a line."""
BLOCKS = 1.5
"""As above, between blocks of short lines that stand side by side in rows."""
NEAR = 0.8
"""Blank, in heights of a line, up to which rows are of one block."""
FAR = 2.0
"""Blank, in heights of a line, that no column goes on after."""
PROSE_WORDS = 4.0
"""Words in a line, on average, from which a column is running text."""


class TextRun(NamedTuple):
    """Characters that stand side by side: a word, a line, a cell."""

    start: int
    end: int
    """Places of its characters on the page."""
    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """Return how high it is."""
        return self.bottom - self.top


_LEFT = attrgetter("left")


class _Row(NamedTuple):
    """Runs on one height, from left to right."""

    runs: tuple[TextRun, ...]
    top: float
    bottom: float


def _row(runs: Iterable[TextRun]) -> _Row:
    row = tuple(sorted(runs, key=_LEFT))
    if len(row) == 1:
        return _Row(row, row[0].top, row[0].bottom)
    return _Row(row, min([run.top for run in row]), max([run.bottom for run in row]))


def in_order(lines: Sequence[Sequence[TextRun]]) -> list[tuple[TextRun, ...]]:
    """Return the lines of a page from first to last: columns one after the other, tables row by row.

    Each line is its runs in the order in which they are read; what is drawn twice is there once.
    """
    rows = _rows([row for line in _once(lines) for row in _side_by_side(line)])
    if all(len(row.runs) == 1 for row in rows):
        return [row.runs for row in rows]
    height = median(run.height for row in rows for run in row.runs) or 1.0
    return [_read_from(row) for row in _Search(height).columns(rows)]


def _once(lines: Iterable[Sequence[TextRun]]) -> Iterator[list[TextRun]]:
    """Leave out what is drawn a second time at its own place, as some programs do to make it bold."""
    seen: dict[str, set[tuple[int, int]]] = {}
    for line in lines:
        kept: list[TextRun] = []
        for run in line:
            place = round(run.left / TWICE), round(run.top / TWICE)
            places = seen.get(run.text)
            if places is None:
                seen[run.text] = {place}
            elif any((place[0] + x, place[1] + y) in places for x in (-1, 0, 1) for y in (-1, 0, 1)):
                continue
            else:
                places.add(place)
            kept.append(run)
        if kept:
            yield kept


def _side_by_side(line: list[TextRun]) -> list[_Row]:
    """Return a line as a row, or, where its runs do not stand beside each other, each as its own."""
    row = _row(line)
    if len(line) == 1 or all(before.right <= after.left + 0.25 * after.height for before, after in pairwise(row.runs)):
        return [row]
    return [_row((run,)) for run in line]


def _rows(rows: list[_Row]) -> list[_Row]:
    """Return rows from top to bottom, joined where they overlap by half and stand side by side."""
    joined: list[_Row] = []
    for row in sorted(rows, key=_middle):
        for place in range(len(joined) - 1, max(len(joined) - 4, -1), -1):
            if row.top < joined[place].bottom and _joins(joined[place], row):
                joined[place] = _row((*joined[place].runs, *row.runs))
                break
        else:
            joined.append(row)
    return joined


def _middle(row: _Row) -> float:
    return row.top + row.bottom


def _joins(one: _Row, other: _Row) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    lower, higher = sorted((one.bottom - one.top, other.bottom - other.top))
    if shared < 0.5 * lower or higher > 3 * lower + 1:
        return False
    slack = 0.25 * lower
    return all(
        run.left >= each.right - slack or run.right <= each.left + slack for run in other.runs for each in one.runs
    )


class _Search:
    """The search for columns on one page."""

    def __init__(self, height: float) -> None:
        self._height = height
        """Of a line of the page."""
        self._visits = MOST_VISITS

    def columns(self, rows: list[_Row]) -> Iterator[_Row]:
        """Yield rows in reading order: where columns of text stand side by side, first all of the left one."""
        index = 0
        while index < len(rows):
            zone = self._zone(rows, index)
            if zone is None:
                yield rows[index]
                index += 1
                continue
            end, gutter = zone
            left, right = _split(rows[index:end], gutter)
            yield from self.columns(left)
            yield from self.columns(right)
            index = end

    def _zone(self, rows: list[_Row], first: int) -> tuple[int, float] | None:
        """Return where columns that begin at this row end, and where the gap between them is; None: it begins none."""
        found: tuple[int, float] | None = None
        for low, high in self._gaps(rows[first : first + 2]):
            for end, gutter in self._ends(rows, first, low, high):
                if found is not None and end <= found[0]:
                    continue
                left, right = _split(rows[first:end], gutter)
                if _are_columns(left, right, self._height):
                    found = end, gutter
        return found

    def _gaps(self, rows: list[_Row]) -> list[tuple[float, float]]:
        """Return the wide gaps of the first of two rows; where it is one run, those between it and the second."""
        runs = rows[0].runs
        if len(runs) == 1:
            if len(rows) == 1 or rows[1].top - rows[0].bottom > NEAR * self._height:
                return []
            runs = tuple(sorted((*runs, *rows[1].runs), key=lambda run: run.left))
        return [
            (before.right, after.left)
            for before, after in pairwise(runs)
            if after.left - before.right >= GUTTER * self._height and not (_is_number(before) or _is_number(after))
        ]

    def _ends(self, rows: list[_Row], first: int, low: float, high: float) -> Iterator[tuple[int, float]]:
        """Yield the ends that columns with this gap may have: rows that cross it are beyond, and far ones are."""
        last = rows[first].bottom
        for index in range(first, len(rows)):
            self._visits -= 1
            row = rows[index]
            if index > first and row.top - last > NEAR * self._height:
                yield index, (low + high) / 2
            if self._visits < 0 or row.top - last > FAR * self._height:
                return
            narrower_low, narrower_high = low, high
            for run in row.runs:
                if (run.left + run.right) / 2 < (low + high) / 2:
                    narrower_low = max(narrower_low, run.right)
                else:
                    narrower_high = min(narrower_high, run.left)
            if narrower_high - narrower_low < GUTTER * self._height:
                yield index, (low + high) / 2
                return
            low, high = narrower_low, narrower_high
            last = max(last, row.bottom)
        yield len(rows), (low + high) / 2


def _split(rows: Sequence[_Row], gutter: float) -> tuple[list[_Row], list[_Row]]:
    left = [tuple(run for run in row.runs if run.right <= gutter) for row in rows]
    right = [tuple(run for run in row.runs if run.left >= gutter) for row in rows]
    return [_row(runs) for runs in left if runs], [_row(runs) for runs in right if runs]


def _are_columns(left: list[_Row], right: list[_Row], height: float) -> bool:
    """Return whether two stacks of rows are columns of text, and no columns of one table, nor labels and values."""
    if min(len(left), len(right)) < 2:
        return False
    beside_left = [row.runs[-1] for row in left]
    if _share(run.text.rstrip().endswith((":", "\uff1a")) for run in beside_left) >= 0.4:
        return False
    if any(_share(any(_is_number(run) for run in row.runs) for row in side) >= 0.4 for side in (left, right)):
        return _is_beside_a_table(left, right, height)
    if min(_words(left), _words(right)) >= PROSE_WORDS and max(len(left), len(right)) >= 3:
        return True
    return _are_blocks(left, right, height)


def _is_beside_a_table(left: list[_Row], right: list[_Row], height: float) -> bool:
    """Return whether a table and something else stand side by side: each is whole, and their rows are no grid."""
    few, many = sorted((left, right), key=len)
    on_a_line = _share(
        min(min(abs(row.top - each.top), abs(row.bottom - each.bottom)) for each in many) < 0.15 * height for row in few
    )
    whole = all(_share(not _is_number(row.runs[0]) for row in side) >= 0.5 for side in (left, right))
    return whole and len(few) >= 3 and on_a_line < 0.6


def _are_blocks(left: list[_Row], right: list[_Row], height: float) -> bool:
    """Return whether blocks of short lines, such as addresses, stand side by side by chance: no grid holds them."""
    inner = [after.left - before.right for row in (*left, *right) for before, after in pairwise(row.runs)]
    gap = min(row.runs[0].left for row in right) - max(row.runs[-1].right for row in left)
    if inner and gap < 1.5 * max(inner):
        return False
    if min(_share(len(row.runs) == 1 for row in side) for side in (left, right)) < 0.5:  # the head of a table
        return False
    if _are_labels(left, right, height):
        return False
    tops = [row.top for row in right]
    aligned = _share(min(abs(row.top - top) for top in tops) < 0.25 * height for row in left)
    if aligned > 0.9 and len(left) == len(right):  # a grid: labels and values, unless both sides are addresses
        return gap >= BLOCKS * height and all(any(_has_digit(row) for row in side) for side in (left, right))
    return gap >= BLOCKS * height or aligned < 0.7


def _are_labels(left: list[_Row], right: list[_Row], height: float) -> bool:
    """Return whether rows of one side are words for what stands on the other, such as dates."""
    pairs = [(one, other) for one in left for other in right if abs(one.top - other.top) < 0.25 * height]
    if len(pairs) < len(right) or len(pairs) < 2 or any(_has_digit(one) for one, _ in pairs):
        return False
    return _share(_has_digit(other) for _, other in pairs) > 0.5


def _is_number(run: TextRun) -> bool:
    return _NUMBER_LIKE.fullmatch(run.text) is not None and any(character.isdigit() for character in run.text)


def _has_digit(row: _Row) -> bool:
    return any(character.isdigit() for run in row.runs for character in run.text)


def _words(rows: Sequence[_Row]) -> float:
    return sum(len(run.text.split()) for row in rows for run in row.runs) / len(rows)


def _share(each: Iterable[bool]) -> float:
    found = list(each)
    return sum(found) / len(found) if found else 0.0


def _read_from(row: _Row) -> tuple[TextRun, ...]:
    """Return the runs of a row in the direction in which its script is read."""
    if len(row.runs) == 1:
        return row.runs
    text = "".join(run.text for run in row.runs)
    backwards = len(_RIGHT_TO_LEFT.findall(text)) > len(_LEFT_TO_RIGHT.findall(text))
    return tuple(reversed(row.runs)) if backwards else row.runs
