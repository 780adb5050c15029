"""Whether all that a page paints is text as it should be: in a dark colour, inside the page, over nothing.

That is most pages, and to know it of each piece of text takes half the time of writing down how it is painted.
"""

from ctypes import byref, c_float, c_size_t, c_uint, c_void_p
from itertools import repeat
from struct import Struct
from typing import Any, Final

from handrail_ai_steps.documents.painting import calls

NEAR: Final = 64
"""Of 255: colours that differ by less in each component are looked at."""
SLACK: Final = 0.5
"""Points by which text may stand over the page's edge."""
LARGE_TEXT: Final = 40.0
"""Points: text as high as this may cover other text."""
TINY: Final = 1.0
"""Points: nobody reads smaller text."""
PAINTED_MODES: Final = frozenset({0, 4})
"""Render modes of PDF in which letters are filled and not drawn around."""

NUMBERS: Final = Struct("=4I4f4f8xf8x")
"""A colour, a box, a matrix without its shift, a size, and two more numbers."""
PLACES: Final = (*range(8), 8, 14)
"""Where in ``NUMBERS`` the parts of a colour and a box stand, a matrix and a size, in fours of bytes."""


def paints_plain_text(page: Any) -> bool:
    """Return whether a page that is open in PDFium paints text alone, of which no piece needs a second look."""
    handle = calls.handle_of(page)
    if calls.count_notes(handle):
        return False
    type_of, text, unpack = calls.type_of, calls.TEXT, NUMBERS.unpack_from
    fill_colour_of, bounds_of, matrix_of = calls.fill_colour_of, calls.bounds_of, calls.matrix_of
    size_of, font_of, render_mode = calls.font_size_of, calls.font_of, calls.render_mode
    clip_of, count_clips, count_marks = calls.clip_of, calls.count_clips, calls.count_marks
    has_transparency, dark = calls.has_transparency, 255 - NEAR
    numbers, current = (c_uint * NUMBERS.size)(), c_void_p()
    c1, c2, c3, c4, b1, b2, b3, b4, m, s = [byref(numbers, 4 * number) for number in PLACES]
    left, bottom, right, top = _widened(handle)
    fonts: set[int] = set()
    for each in map(calls.object_of, repeat(c_void_p(handle)), range(calls.count_objects(handle))):
        if type_of(each) != text:
            return False
        current.value = each
        is_known = fill_colour_of(current, c1, c2, c3, c4)
        bounds_of(current, b1, b2, b3, b4)
        matrix_of(current, m)
        size_of(current, s)
        red, green, blue, opaque, x, y, x2, y2, a, b, c, d, size = unpack(numbers)
        if (
            not is_known
            or opaque != 255
            or (red > dark and green > dark and blue > dark)
            or not (x >= left and y >= bottom and x2 <= right and y2 <= top)
            or y2 - y > LARGE_TEXT
            or not (size * size * (a * a + b * b) >= TINY and size * size * (c * c + d * d) >= TINY)
            or count_clips(clip_of(each)) > 0
            or count_marks(each) > 0
            or render_mode(each) not in PAINTED_MODES
            or has_transparency(each)
        ):
            return False
        font = font_of(each)
        if font not in fonts:
            if is_drawn(font):
                return False
            fonts.add(font)
    return True


def is_drawn(font: int) -> bool:
    """Return whether a font consists of drawings, each of which may paint anything or nothing: it has no program."""
    size = calls.Numbers(c_size_t, 1)
    return not (calls.font_data(font, None, 0, size.at[0]) and size.values[0])


def _widened(page: int) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of what is displayed of a page, and a little more."""
    box = (c_float * 4)()
    calls.page_box(page, box)
    left, top, right, bottom = box
    return left - SLACK, bottom - SLACK, right + SLACK, top + SLACK
