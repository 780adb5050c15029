"""The lines of a page of a PDF as runs: characters without a wide gap between them, such as the cells of a table."""

import ctypes
import re
from collections.abc import Iterator, Sequence

from handrail_ai_steps.documents.readers.order import TextRun
from handrail_ai_steps.documents.readers.pdf_page import Corners, PdfPage, pdfium_lines, unchecked

WIDE = 0.9
"""A gap that is no blank, in heights of a line: about four blanks."""
WIDE_BETWEEN_DIGITS = 0.4
"""As above where digits stand on both sides, which a blank would make one number."""
SPARSE = 0.75
"""Width of a character, on average, in heights, from which there must be a gap among them."""

_WORD = re.compile(r"\S+")
_AMOUNT = re.compile(r"\d[\d.,]{5,}\d")
_GROUPED = re.compile(r"\d{1,3}([.,]\d{3})*([.,]\d+)?|\d+[.,]\d+")
_DECIMALS = re.compile(r"[.,]\d\d(?=\d)")
"""After which an amount may begin that stands in a column of its own, which touches the one before."""
_WORD_AND_NUMBER = re.compile(r"[^\W\d_]{3}(?=\d)|\d(?=[^\W\d_]{3})")
GLUED = 0.09
"""A gap between a word and a number that is meant as a blank, in heights of a line."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
UNSEEN = str.maketrans({**{chr(code): " " for code in range(32)}, "\x02": "-", "\xa0": " ", "\ufffe": "-"})
"""What PDFium gives for what is no character; 2 is its sign for a hyphen at the end of a line."""

_OBJECT = unchecked("FPDFText_GetTextObject")
_OBJECT.restype = ctypes.c_void_p
RECTANGLES = unchecked("FPDFText_CountRects")
RECTANGLE = unchecked("FPDFText_GetRect")


class Rectangles:
    """PDFium's rectangles of a page's text: what one piece of text has in a row."""

    def __init__(self, page: PdfPage) -> None:
        self._handle = page.handle
        self._four = (ctypes.c_double * 4)()
        self._corners = [ctypes.byref(self._four, 8 * index) for index in range(4)]

    def count(self, start: int = 0, length: int = -1) -> int:
        """Return how many some characters have, which ``corners`` tells of from then on."""
        return int(RECTANGLES(self._handle, start, length))

    def all(self, count: int) -> Iterator[Corners]:
        """Yield left, top, right and bottom of so many, as ``corners`` does."""
        handle, four = self._handle, self._four
        left, top, right, bottom = self._corners
        for number in range(count):
            RECTANGLE(handle, number, left, top, right, bottom)
            yield tuple(four)

    def corners(self, number: int) -> Corners:
        """Return left, top, right and bottom in the page's own units, which count from below."""
        RECTANGLE(self._handle, number, *self._corners)
        left, top, right, bottom = self._four
        return left, top, right, bottom


class PageRuns:
    """The runs of one page."""

    def __init__(self, page: PdfPage) -> None:
        self._page = page
        self._handle = page.handle
        self._characters = page.characters
        self._box = page.character_box
        self._rectangles = Rectangles(page)
        self._is_odd = _is_odd(page.characters)

    def lines(self, hidden: Sequence[tuple[int, int]] = ()) -> Iterator[list[TextRun]]:
        """Yield PDFium's lines, in the order of the file, without the characters that are hidden: as runs."""
        for first, last in pdfium_lines(self._characters):
            runs: list[TextRun] = []
            for start, end in _without(first, last, hidden) if hidden else ((first, last),):
                runs += self._split(start, end)
            if runs:
                yield runs

    def _split(self, start: int, end: int) -> list[TextRun]:
        """Return a line of PDFium in the runs that wide gaps make of it."""
        text = self._characters[start:end]
        start += len(text) - len(text.lstrip())
        text = text.strip()
        if not text:
            return []
        count = self._rectangles.count(start, len(text))
        several = count > 1
        if several:
            cells = self._cells(text, start, count)
            if cells:
                return cells
        else:
            whole = self._run(start, start + len(text))
            if "  " not in text and whole.right - whole.left <= SPARSE * whole.height * len(text):
                return [whole]
        cuts = sorted(self._glued(text, start)) if several else []
        words = [(start + word.start(), start + word.end()) for word in _WORD.finditer(text)]
        return self._joined([part for word in words for part in _cut(word, cuts)])

    def _cells(self, text: str, start: int, count: int) -> list[TextRun]:
        """Return the runs of a line as PDFium's rectangles of it show them; none: they do not, in one way or another.

        That takes a quarter of the time of looking at each word, and is enough for most tables: each cell is a piece
        of its own there, and a rectangle.
        """
        if not self._page.upright or "  " in text or (self._is_odd and _is_odd(text)) or not text.isprintable():
            return []
        begins = [0]
        thing = _OBJECT(self._handle, start)
        for word in _WORD.finditer(text, 1):
            at = word.start()
            if text[at - 1] == " " and (other := _OBJECT(self._handle, start + at)) != thing:
                begins.append(at)
                thing = other
        if len(begins) != count:
            return []
        _, top, _, bottom = self._box(start)
        height = bottom - top
        runs: list[TextRun] = []
        began, left, right = 0, 0.0, 0.0
        for number, begin in enumerate(begins):
            next_left, _, next_right, _ = self._rectangles.corners(number)
            end = begins[number + 1] if number + 1 < count else len(text)
            if next_left < right or next_right - next_left > SPARSE * height * (end - begin) + height:
                return []
            if number == 0:
                left = next_left
            elif next_left - right > height * (
                WIDE_BETWEEN_DIGITS if text[begin - 2].isdigit() and text[begin].isdigit() else WIDE
            ):
                runs.append(self._cell(text, start, began, begin - 1, (left, top, right, bottom)))
                began, left = begin, next_left
            right = next_right
        runs.append(self._cell(text, start, began, len(text), (left, top, right, bottom)))
        return runs

    def _cell(self, text: str, start: int, began: int, ended: int, corners: Corners) -> TextRun:
        left, top, right, bottom = corners
        shift = self._page.crop[0]
        shown = text[began:ended].translate(UNSEEN)
        return TextRun(start + began, start + ended, shown, left - shift, top, right - shift, bottom)

    def _joined(self, words: list[tuple[int, int]]) -> list[TextRun]:
        """Return the runs that words form which have no wide gap between them."""
        runs: list[TextRun] = []
        characters, box = self._characters, self._box
        began = ended = -1
        left = top = right = bottom = 0.0
        last: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
        for start, end in words:
            first = box(start)
            if began < 0 or start == ended or self._is_wide(ended - 1, last, start, first):
                if began >= 0:
                    shown = characters[began:ended].translate(UNSEEN)
                    runs.append(TextRun(began, ended, shown, left, top, right, bottom))
                began = start
                left, top, right, bottom = first
            last = first if end - start == 1 else box(end - 1)
            ended = end
            if last[2] >= right and first[0] >= left and last[1] == top and last[3] == bottom:
                right = last[2]
            else:
                left, top = min(left, first[0], last[0]), min(top, first[1], last[1])
                right, bottom = max(right, first[2], last[2]), max(bottom, first[3], last[3])
        runs.append(TextRun(began, ended, characters[began:ended].translate(UNSEEN), left, top, right, bottom))
        return runs

    def _run(self, start: int, end: int) -> TextRun:
        left, top, right, bottom = self._box(start)
        if end - start > 1:
            other = self._box(end - 1)
            left, top = min(left, other[0]), min(top, other[1])
            right, bottom = max(right, other[2]), max(bottom, other[3])
        return TextRun(start, end, self._characters[start:end].translate(UNSEEN), left, top, right, bottom)

    def _glued(self, text: str, start: int) -> Iterator[int]:
        """Yield where something begins that has no blank before it: an amount after another, a word and a number."""
        for amounts in _AMOUNT.finditer(text):
            if not _GROUPED.fullmatch(amounts[0]):
                for first in _DECIMALS.finditer(text, amounts.start(), amounts.end()):
                    if _OBJECT(self._handle, start + first.end()) != _OBJECT(self._handle, start + first.end() - 1):
                        yield start + first.end()
        for each in _WORD_AND_NUMBER.finditer(text):
            before, after = self._box(start + each.end() - 1), self._box(start + each.end())
            if after[0] - before[2] > GLUED * (before[3] - before[1]):
                yield start + each.end()

    def _is_wide(self, before: int, left: Corners, after: int, right: Corners) -> bool:
        """Return whether the gap between two characters is wide."""
        one, other = self._characters[before], self._characters[after]
        if one > "\u058f" or other > "\u058f":
            backwards = bool(_RIGHT_TO_LEFT.match(one)), bool(_RIGHT_TO_LEFT.match(other))
            if backwards[0] != backwards[1]:
                return False  # where the direction changes, what follows does not stand beside
            if backwards[0]:
                left, right = right, left
        height, gap = left[3] - left[1], right[0] - left[2]
        if not (one.isdigit() and other.isdigit()) or gap > height * WIDE:
            return gap > height * WIDE
        written = after - before == 2 and _OBJECT(self._handle, before) == _OBJECT(self._handle, after)
        return gap > height * WIDE_BETWEEN_DIGITS and not written  # a blank of Courier is as wide as a digit


def _is_odd(text: str) -> bool:
    """Return whether the places of the words in a text must be looked at one by one."""
    return bool(
        _RIGHT_TO_LEFT.search(text)
        or _WORD_AND_NUMBER.search(text)
        or any(not _GROUPED.fullmatch(each) for each in _AMOUNT.findall(text))
    )


def _cut(word: tuple[int, int], cuts: list[int]) -> Iterator[tuple[int, int]]:
    start, end = word
    for cut in cuts:
        if start < cut < end:
            yield start, cut
            start = cut
    yield start, end


def _without(start: int, end: int, hidden: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield what is left of a range when hidden ones are taken out of it; they are ascending and disjoint."""
    for first, last in hidden:
        if last <= start or first >= end:
            continue
        if first > start:
            yield start, first
        start = max(start, last)
    if start < end:
        yield start, end
