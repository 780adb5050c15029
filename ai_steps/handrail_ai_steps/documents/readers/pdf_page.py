"""One page of a PDF: its characters as PDFium has them, and where they stand on the displayed page."""

import ctypes
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from handrail_ai_steps.documents.page import Box
from handrail_ai_steps.documents.painting import calls
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium_c
    from pypdfium2_raw.bindings import _libs


def unchecked(name: str) -> Any:
    """Return a function of PDFium that converts no arguments: a quarter of the time, for what is called often."""
    return _libs["pdfium"][name]


_LOOSE_BOX = unchecked("FPDFText_GetLooseCharBox")
_UNICODE = unchecked("FPDFText_GetUnicode")

Corners: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom."""


class PdfPage:
    """An open page."""

    def __init__(self, page: Any, text_page: Any, *, most: int | None = None) -> None:
        """Take both handles of PDFium, which stay the caller's to close; no more than ``most`` characters are read."""
        self._most = most
        self.is_cut = False
        """It has more characters than ``most``."""
        self.page = page
        self.text_page = text_page
        handle = calls.handle_of(page)
        self.width = float(calls.page_width(handle))
        self.height = float(calls.page_height(handle))
        self.rotation = 90 * max(calls.page_rotation(handle), 0)
        """By how many degrees it is turned clockwise to be displayed."""
        crop = (ctypes.c_float * 4)()
        calls.page_box(handle, crop)
        left, top, right, bottom = crop
        self.crop = left, bottom, right, top
        """What of it is displayed, in its own units, from its lower left corner."""
        self.upright = not self.rotation
        self.handle = ctypes.c_void_p(calls.handle_of(text_page))
        self._rectangle = (ctypes.c_float * 4)()
        self._reference = ctypes.byref(self._rectangle)
        self.characters = self._characters()
        """One for each place in PDFium's list."""

    def boxes(self, start: int, end: int) -> Iterator[Box]:
        """Yield where some characters stand on the displayed page, a box for each line of them."""
        for first, last in pdfium_lines(self.characters[start:end]):
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
        _LOOSE_BOX(self.handle, index, self._reference)
        left, top, right, bottom = self._rectangle
        if self.upright:
            return left - self.crop[0], self.crop[3] - top, right - self.crop[0], self.crop[3] - bottom
        return self.displayed(left, top, right, bottom)

    def character_boxes(self, index: int, count: int, boxes: "array[float]", at: int) -> None:
        """Write the same of some characters in a row, four numbers for each, from the box number ``at`` on."""
        buffer = (ctypes.c_float * len(boxes)).from_buffer(boxes)
        handle = self.handle
        for number in range(count):
            _LOOSE_BOX(handle, index + number, ctypes.byref(buffer, 16 * (at + number)))
        first, last = 4 * at, 4 * (at + count)
        sides = (boxes[first + side : last : 4] for side in range(4))
        turned: Sequence[Iterable[float]]
        if self.upright:
            left, _, _, top = self.crop
            lefts, tops, rights, bottoms = sides
            turned = (
                [each - left for each in lefts],
                [top - each for each in tops],
                [each - left for each in rights],
                [top - each for each in bottoms],
            )
        else:
            turned = tuple(zip(*(self.displayed(*each) for each in zip(*sides, strict=True)), strict=True))
        for side, numbers in enumerate(turned):
            boxes[first + side : last : 4] = array("f", numbers)

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

    def _characters(self) -> str:
        handle = self.handle.value or 0
        count = max(calls.count_characters(handle), 0)
        if self._most is not None and count > self._most:
            self.is_cut = True
            count = self._most
        if not count:
            return ""
        buffer = (ctypes.c_ushort * (2 * count + 2))()
        written = calls.characters(handle, 0, count, buffer)
        text = memoryview(buffer)[: written - 1].tobytes().decode("utf-16-le", "replace")
        if len(text) != count or "\ufffd" in text:  # PDFium left some out, or needs two places for one
            text = "".join(_character(_UNICODE(self.handle, index)) for index in range(count))
        return text


def pdfium_lines(characters: str) -> Iterator[tuple[int, int]]:
    """Yield the beginning and end of each of PDFium's lines."""
    start = 0
    for line in characters.split("\r\n"):
        yield start, start + len(line)
        start += len(line) + 2


def _character(code: int) -> str:
    return chr(code) if 0 < code < 0xD800 or 0xE000 <= code < 0x110000 else "\ufffd"


def around(boxes: Iterable[Sequence[float]]) -> Box:
    """Return the least box that holds these."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))
