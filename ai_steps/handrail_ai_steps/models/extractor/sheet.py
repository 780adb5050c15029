"""A document prepared for the extractor: its pieces of text in reading order, and where they stand."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from handrail_ai_steps.documents.document import PAGE_BREAK, Document
from handrail_ai_steps.documents.page import Box, Page, TextLine

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Truths: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

MOST_PIECES = 1500
"""Only so many pieces of a document are read: an answer takes milliseconds whatever is sent."""
LONGEST_PIECE = 200
"""Only so many characters of a piece are compared."""
TAB = 4
"""Characters that a tab is worth where there are no boxes."""
SHARED = 0.4
"""Of the lower piece's height: pieces beside each other share so much of it."""

_PIECE = re.compile(r"[^\t\n\f]*[^\s]")


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A run of text without a wide gap: a line, or a cell of a row."""

    start: int
    """In code points of the document's text."""
    end: int
    text: str
    page: int
    """0 or more."""
    row: int
    """Which line of the text it is in, 0 or more over all pages."""
    box: Box


@dataclass(frozen=True, slots=True)
class PieceSheet:
    """A document's pieces, with their places as shares of the text on their page."""

    text: str
    pieces: tuple[TextPiece, ...]
    boxes: Floats
    """Left, top, right and bottom for each piece, 0 to 1 on its page."""
    heights: Floats
    """In heights of the median piece."""
    gaps: Floats
    """How far below the piece before it each stands, in heights of the median piece; the first has 0."""
    rows: Ints
    pages: Ints

    def beside(self, spots: Ints) -> Truths:
        """Return for each of these pieces which others stand left of it in its row."""
        top, bottom = self.boxes[:, 1], self.boxes[:, 3]
        shared = np.minimum(bottom, bottom[spots, None]) - np.maximum(top, top[spots, None])
        lower = np.minimum(bottom - top, (bottom - top)[spots, None])
        left = self.boxes[:, 0] + self.boxes[:, 2] < (self.boxes[:, 0] + self.boxes[:, 2])[spots, None]
        in_row = (shared > SHARED * lower) | (self.rows == self.rows[spots, None])
        found: Truths = in_row & left & (self.pages == self.pages[spots, None])
        found[np.arange(len(spots)), spots] = False
        return found

    def in_row(self, spots: Ints, by: int) -> Truths:
        """Return for each of these pieces which ones are so many rows below it."""
        found: Truths = self.rows == self.rows[spots, None] + by
        return found


def as_table(columns: Sequence[Any]) -> Floats:
    """Return the columns, of numbers or of truths, beside each other."""
    table = np.empty((len(columns[0]), len(columns)), np.float32)
    for place, column in enumerate(columns):
        table[:, place] = column
    return table


def sheet_of_documents(documents: Sequence[Document]) -> PieceSheet:
    """Return the sheet of one document or of several, one after the other, parted as pages are."""
    return _sheet(PAGE_BREAK.join(each.text for each in documents), [p for each in documents for p in each.pages])


def sheet_of_text(text: str) -> PieceSheet:
    """Return the sheet of a text without boxes."""
    pages = [Page(number=number, text=each) for number, each in enumerate(text.split(PAGE_BREAK), 1)]
    return _sheet(text, pages)


def _sheet(text: str, pages: Sequence[Page]) -> PieceSheet:
    pieces = list(_pieces(pages))[:MOST_PIECES]
    boxes = np.array([(p.box.left, p.box.top, p.box.right, p.box.bottom) for p in pieces], np.float32).reshape(-1, 4)
    of_page = np.array([p.page for p in pieces], np.int64)
    heights = boxes[:, 3] - boxes[:, 1]
    gaps = np.zeros(len(pieces), np.float32)
    places = boxes.copy()
    for page in np.unique(of_page):
        mine = np.flatnonzero(of_page == page)
        middle = max(float(np.median(heights[mine])), 1e-6)
        heights[mine] /= middle
        gaps[mine[1:]] = (boxes[mine[1:], 1] - boxes[mine[:-1], 3]) / middle
        low, high = boxes[mine, :2].min(axis=0), boxes[mine, 2:].max(axis=0)
        reach = np.maximum(high - low, 1e-6)
        places[mine] = (boxes[mine] - np.tile(low, 2)) / np.tile(reach, 2)
    rows = np.array([p.row for p in pieces], np.int64)
    return PieceSheet(text, tuple(pieces), places, np.clip(heights, 0, 4), np.clip(gaps, -3, 5), rows, of_page)


def _pieces(pages: Sequence[Page]) -> Iterator[TextPiece]:
    start_of_page = row = 0
    for number, page in enumerate(pages):
        placed = sorted((each for each in page.lines if each.box is not None), key=lambda each: each.start)
        start_of_line = at = 0
        for line, text in enumerate(page.text.split("\n")):
            end_of_line = start_of_line + len(text)
            while at < len(placed) and placed[at].end <= start_of_line:
                at += 1
            mine = []
            while at < len(placed) and placed[at].start < end_of_line:
                mine.append(placed[at])
                at += 1
            for start, end, box in _runs(text, start_of_line, mine, line):
                where = start_of_page + start, start_of_page + end
                yield TextPiece(*where, page.text[start:end], number, row, box)
            row += bool(text.strip())
            start_of_line = end_of_line + 1
        start_of_page += len(page.text) + len(PAGE_BREAK)


def _runs(text: str, start: int, placed: Sequence[TextLine], line: int) -> Iterator[tuple[int, int, Box]]:
    """Yield where each piece of a line of text begins and ends in its page, and its box."""
    parts = placed or [TextLine(start, start + len(text))]
    for part in parts:
        inside = text[part.start - start : part.end - start]
        for match in _PIECE.finditer(inside):
            first, last = match.start() + len(match[0]) - len(match[0].lstrip()), match.end()
            box = (
                _between(part.box, first, last, len(inside))
                if part.box
                else _typed(text, part.start - start + first, part.start - start + last, line)
            )
            yield part.start + first, part.start + last, box


def _between(box: Box, first: int, last: int, length: int) -> Box:
    """Return the box of a part of a line, as if all of its characters were as wide."""
    width = (box.right - box.left) / max(length, 1)
    return Box(box.left + width * first, box.top, box.left + width * last, box.bottom)


def _typed(text: str, first: int, last: int, line: int) -> Box:
    """Return where a part of a line stands in a text without boxes, two units high as characters are."""
    left = first + (TAB - 1) * text.count("\t", 0, first)
    return Box(left, 2.0 * line, left + last - first, 2.0 * line + 1.6)
