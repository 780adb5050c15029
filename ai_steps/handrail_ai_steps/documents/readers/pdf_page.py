"""One page of a PDF: its characters as PDFium has them, where they stand on the displayed page, and its text."""

import ctypes
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from handrail_ai_steps.documents.page import Box, TextLine
from handrail_ai_steps.documents.readers.order import Run, in_order
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium_c
    from pypdfium2_raw.bindings import _libs

WIDE = 0.9
"""A gap that is no blank, in heights of a line: about four blanks."""
WIDE_BETWEEN_DIGITS = 0.4
"""As above where digits stand on both sides, which a blank would make one number."""
SPARSE = 0.75
"""Width of a character, on average, in heights, from which there must be a gap among them."""

_SINGLE_SPACED = re.compile(r"[^ ]+(?: [^ ]+)*")
_WORD = re.compile(r"\S+")
_AMOUNT = re.compile(r"\d[\d.,]{5,}\d")
_GROUPED = re.compile(r"\d{1,3}([.,]\d{3})*([.,]\d+)?|\d+[.,]\d+")
_DECIMALS = re.compile(r"[.,]\d\d(?=\d)")
"""After which an amount may begin that stands in a column of its own, which touches the one before."""
_WORD_AND_NUMBER = re.compile(r"[^\W\d_]{3}(?=\d)|\d(?=[^\W\d_]{3})")
GLUED = 0.09
"""A gap between a word and a number that is meant as a blank, in heights of a line."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_UNSEEN = str.maketrans({**{chr(code): " " for code in range(32)}, "\x02": "-", "\xa0": " ", "\ufffe": "-"})
"""What PDFium gives for what is no character; 2 is its sign for a hyphen at the end of a line."""
_UNSEEN_IN_LINES = {code: shown for code, shown in _UNSEEN.items() if code != 10}


def _unchecked(name: str) -> Any:
    """Return a function of PDFium that converts no arguments: a quarter of the time, for what is called often."""
    return _libs["pdfium"][name]


_LOOSE_BOX = _unchecked("FPDFText_GetLooseCharBox")
_UNICODE = _unchecked("FPDFText_GetUnicode")
_OBJECT = _unchecked("FPDFText_GetTextObject")
_OBJECT.restype = ctypes.c_void_p
_RECTANGLES = _unchecked("FPDFText_CountRects")
_RECTANGLE = _unchecked("FPDFText_GetRect")


Corners: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom."""


class Piece(NamedTuple):
    """A part of the page's text whose characters stand one after the other in PDFium's list, too."""

    start: int
    """Place in the page's text."""
    character: int
    """Place in PDFium's list."""
    length: int


class PageText(NamedTuple):
    """The text of a page, in reading order."""

    text: str
    lines: tuple[TextLine, ...]
    pieces: tuple[Piece, ...]


class PdfPage:
    """An open page."""

    def __init__(self, page: Any, text_page: Any, *, most: int | None = None) -> None:
        """Take both handles of PDFium, which stay the caller's to close; no more than ``most`` characters are read."""
        self._most = most
        self.is_cut = False
        """It has more characters than ``most``."""
        self.page = page
        self.text_page = text_page
        self.width = float(pdfium_c.FPDF_GetPageWidthF(page))
        self.height = float(pdfium_c.FPDF_GetPageHeightF(page))
        self.rotation = 90 * max(pdfium_c.FPDFPage_GetRotation(page), 0)
        """By how many degrees it is turned clockwise to be displayed."""
        crop = pdfium_c.FS_RECTF()
        pdfium_c.FPDF_GetPageBoundingBox(page, crop)
        self.crop = crop.left, crop.bottom, crop.right, crop.top
        """What of it is displayed, in its own units, from its lower left corner."""
        self._upright = not self.rotation
        self._handle = ctypes.c_void_p(ctypes.cast(text_page, ctypes.c_void_p).value)
        self._rectangle = (ctypes.c_float * 4)()
        self._reference = ctypes.byref(self._rectangle)
        self._four = (ctypes.c_double * 4)()
        self._corners = [ctypes.byref(self._four, 8 * index) for index in range(4)]
        self.characters = self._characters()
        """One for each place in PDFium's list."""

    def boxes(self, start: int, end: int) -> Iterator[Box]:
        """Yield where some characters stand on the displayed page, a box for each line of them."""
        for first, last in _lines(self.characters[start:end]):
            seen = [
                box
                for index in range(start + first, start + last)
                if not self.characters[index].isspace() and (box := self.character_box(index))[2] > box[0]
            ]
            if seen:
                yield around(seen)

    def object_box(self, thing: Any) -> Box | None:
        """Return where one of the page's objects stands on the displayed page."""
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        if not pdfium_c.FPDFPageObj_GetBounds(thing, left, bottom, right, top):
            return None
        return Box(*self.displayed(left.value, top.value, right.value, bottom.value))

    def text_in(self, rectangle: Corners) -> str:
        """Return the text in a rectangle (left, top, right, bottom) of the page's own units."""
        size = pdfium_c.FPDFText_GetBoundedText(self.text_page, *rectangle, None, 0)
        if size <= 0:
            return ""
        buffer = (ctypes.c_ushort * (size + 1))()
        pdfium_c.FPDFText_GetBoundedText(self.text_page, *rectangle, buffer, size)
        return memoryview(buffer)[:size].tobytes().decode("utf-16-le", "replace")

    def character_box(self, index: int) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of a character on the displayed page, as high as its font."""
        _LOOSE_BOX(self._handle, index, self._reference)
        left, top, right, bottom = self._rectangle
        if self._upright:
            return left - self.crop[0], self.crop[3] - top, right - self.crop[0], self.crop[3] - bottom
        return self.displayed(left, top, right, bottom)

    def displayed(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        """Return a rectangle of the page's own units as it is displayed."""
        crop_left, crop_bottom, crop_right, crop_top = self.crop
        match self.rotation:
            case 90:
                return bottom - crop_bottom, left - crop_left, top - crop_bottom, right - crop_left
            case 180:
                return crop_right - right, bottom - crop_bottom, crop_right - left, top - crop_bottom
            case 270:
                return crop_top - top, crop_right - right, crop_top - bottom, crop_right - left
            case _:
                return left - crop_left, crop_top - top, right - crop_left, crop_top - bottom

    def lines(self, hidden: Sequence[tuple[int, int]] = ()) -> Iterator[list[Run]]:
        """Yield PDFium's lines, in the order of the file, without the characters that are hidden: as runs."""
        for first, last in _lines(self.characters):
            runs: list[Run] = []
            for start, end in _without(first, last, hidden) if hidden else ((first, last),):
                runs += self._split(start, end)
            if runs:
                yield runs

    def read(self, hidden: Sequence[tuple[int, int]] = (), *, places: bool = False) -> PageText:
        """Return the page's text in reading order; with ``places`` each line has its box."""
        if not (hidden or places):
            plain = self._plain()
            if plain is not None:
                return PageText(plain, _whole_lines(plain), ())
        return self.arranged(hidden, places=places)

    def arranged(self, hidden: Sequence[tuple[int, int]] = (), *, places: bool = False) -> PageText:
        """Return the same, and where each of its pieces is in PDFium's list."""
        parts: list[str] = []
        lines: list[TextLine] = []
        pieces: list[Piece] = []
        at = 0
        for line in in_order(list(self.lines(hidden))):
            began = at
            for number, run in enumerate(line):
                if number:
                    parts.append(_between(line[number - 1], run))
                    at += 1
                for place, words in _single_spaced(run.text):
                    if place and parts[-1] != " ":
                        parts.append(" ")
                        at += 1
                    pieces.append(Piece(at, run.start + place, len(words)))
                    parts.append(words)
                    at += len(words)
            lines.append(TextLine(began, at, around([run[3:] for run in line]) if places else None))
            parts.append("\n")
            at += 1
        return PageText("".join(parts[:-1]), tuple(lines), tuple(pieces))

    def _plain(self) -> str | None:
        """Return the text of a page whose lines stand one under the other, each in one piece; None: it is no such page.

        That is most pages of running text, and reading them this way takes a fifth of the time.
        """
        lines = [line for first, last in _lines(self.characters) if (line := self.characters[first:last].strip())]
        if self.rotation or _RECTANGLES(self._handle, 0, -1) != len(lines):
            return None
        bottom = float("inf")
        for number, line in enumerate(lines):
            _RECTANGLE(self._handle, number, *self._corners)
            left, top, right, next_bottom = self._four
            # PDF counts from below: the next line must begin under the last, or nearly.
            slack = 0.2 * (top - next_bottom)
            if top > bottom + slack or "  " in line or right - left > (top - next_bottom) * len(line):
                return None
            bottom = next_bottom
        return "\n".join(lines).translate(_UNSEEN_IN_LINES)

    def _characters(self) -> str:
        count = max(pdfium_c.FPDFText_CountChars(self.text_page), 0)
        if self._most is not None and count > self._most:
            self.is_cut = True
            count = self._most
        if not count:
            return ""
        buffer = (ctypes.c_ushort * (2 * count + 2))()
        written = pdfium_c.FPDFText_GetText(self.text_page, 0, count, buffer)
        text = memoryview(buffer)[: written - 1].tobytes().decode("utf-16-le", "replace")
        if len(text) != count or "\ufffd" in text:  # PDFium left some out, or needs two places for one
            text = "".join(_character(_UNICODE(self._handle, index)) for index in range(count))
        return text

    def _split(self, start: int, end: int) -> list[Run]:
        """Return a line of PDFium in the runs that wide gaps make of it."""
        text = self.characters[start:end]
        start += len(text) - len(text.lstrip())
        text = text.strip()
        if not text:
            return []
        count = _RECTANGLES(self._handle, start, len(text))
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

    def _cells(self, text: str, start: int, count: int) -> list[Run]:
        """Return the runs of a line as PDFium's rectangles of it show them; none: they do not, in one way or another.

        That takes a quarter of the time of looking at each word, and is enough for most tables: each cell is a piece
        of its own there, and a rectangle.
        """
        if not (self._upright and text.isprintable()) or "  " in text or _RIGHT_TO_LEFT.search(text):
            return []
        if _WORD_AND_NUMBER.search(text) or any(not _GROUPED.fullmatch(each) for each in _AMOUNT.findall(text)):
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
        _, top, _, bottom = self.character_box(start)
        shift, height = self.crop[0], bottom - top
        runs: list[Run] = []
        began, left, right = 0, 0.0, 0.0
        for number, begin in enumerate(begins):
            _RECTANGLE(self._handle, number, *self._corners)
            next_left, next_right = self._four[0] - shift, self._four[2] - shift
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

    def _cell(self, text: str, start: int, began: int, ended: int, corners: Corners) -> Run:
        return Run(start + began, start + ended, text[began:ended].translate(_UNSEEN), *corners)

    def _joined(self, words: list[tuple[int, int]]) -> list[Run]:
        """Return the runs that words form which have no wide gap between them."""
        runs: list[Run] = []
        characters, box = self.characters, self.character_box
        began = ended = -1
        left = top = right = bottom = 0.0
        last: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
        for start, end in words:
            first = box(start)
            if began < 0 or start == ended or self._is_wide(ended - 1, last, start, first):
                if began >= 0:
                    shown = characters[began:ended].translate(_UNSEEN)
                    runs.append(Run(began, ended, shown, left, top, right, bottom))
                began = start
                left, top, right, bottom = first
            last = first if end - start == 1 else box(end - 1)
            ended = end
            if last[2] >= right and first[0] >= left and last[1] == top and last[3] == bottom:
                right = last[2]
            else:
                left, top = min(left, first[0], last[0]), min(top, first[1], last[1])
                right, bottom = max(right, first[2], last[2]), max(bottom, first[3], last[3])
        runs.append(Run(began, ended, characters[began:ended].translate(_UNSEEN), left, top, right, bottom))
        return runs

    def _run(self, start: int, end: int) -> Run:
        left, top, right, bottom = self.character_box(start)
        if end - start > 1:
            other = self.character_box(end - 1)
            left, top = min(left, other[0]), min(top, other[1])
            right, bottom = max(right, other[2]), max(bottom, other[3])
        return Run(start, end, self.characters[start:end].translate(_UNSEEN), left, top, right, bottom)

    def _glued(self, text: str, start: int) -> Iterator[int]:
        """Yield where something begins that has no blank before it: an amount after another, a word and a number."""
        for amounts in _AMOUNT.finditer(text):
            if not _GROUPED.fullmatch(amounts[0]):
                for first in _DECIMALS.finditer(text, amounts.start(), amounts.end()):
                    if _OBJECT(self._handle, start + first.end()) != _OBJECT(self._handle, start + first.end() - 1):
                        yield start + first.end()
        for each in _WORD_AND_NUMBER.finditer(text):
            before, after = self.character_box(start + each.end() - 1), self.character_box(start + each.end())
            if after[0] - before[2] > GLUED * (before[3] - before[1]):
                yield start + each.end()

    def _is_wide(self, before: int, left: Corners, after: int, right: Corners) -> bool:
        """Return whether the gap between two characters is wide."""
        one, other = self.characters[before], self.characters[after]
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


def _between(before: Run, after: Run) -> str:
    """Return what separates two runs of a line: a tab, unless there is only a blank's room, and no two numbers."""
    gap = max(after.left - before.right, before.left - after.right)
    numbers = before.text[-1:].isdigit() and after.text[:1].isdigit()
    return "\t" if numbers or gap > WIDE * max(before.height, after.height) else " "


def _cut(word: tuple[int, int], cuts: list[int]) -> Iterator[tuple[int, int]]:
    start, end = word
    for cut in cuts:
        if start < cut < end:
            yield start, cut
            start = cut
    yield start, end


def _lines(characters: str) -> Iterator[tuple[int, int]]:
    """Yield the beginning and end of each of PDFium's lines."""
    start = 0
    for line in characters.split("\r\n"):
        yield start, start + len(line)
        start += len(line) + 2


def _whole_lines(text: str) -> tuple[TextLine, ...]:
    start = 0
    lines = []
    for line in text.split("\n"):
        lines.append(TextLine(start, start + len(line)))
        start += len(line) + 1
    return tuple(lines)


def _character(code: int) -> str:
    return chr(code) if 0 < code < 0xD800 or 0xE000 <= code < 0x110000 else "\ufffd"


def _single_spaced(text: str) -> Iterator[tuple[int, str]]:
    """Yield the parts of a text between several blanks in a row, with their places in it."""
    if "  " not in text:
        yield 0, text
        return
    for part in _SINGLE_SPACED.finditer(text):
        yield part.start(), part[0]


def around(boxes: Iterable[Sequence[float]]) -> Box:
    """Return the least box that holds these."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


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
