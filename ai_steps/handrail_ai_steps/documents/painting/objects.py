"""What is painted on a page, in the order it is painted: pieces of text, and what may lie under or over them."""

from collections.abc import Iterator
from ctypes import addressof, byref, c_uint, c_ulong, c_void_p, create_string_buffer
from itertools import repeat
from struct import Struct
from typing import Any, Final, NamedTuple, TypeAlias

from handrail_ai_steps.documents.painting import calls
from handrail_ai_steps.documents.painting.plain_text import (
    LARGE_TEXT,
    NUMBERS,
    PLACES,
    TINY,
    is_drawn,
    paints_plain_text,
)
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium


Rectangle: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right and top in the page's own units, before it is turned."""
Colour: TypeAlias = tuple[int, int, int]
Matrix: TypeAlias = tuple[float, float, float, float, float, float]

DEEPEST: Final = 8
"""Forms in forms; what is deeper is looked at as one thing."""
MOST_OBJECTS: Final = 300_000
"""Of a page, those of its forms included, each time that they are painted."""
MOST_SHAPES: Final = 50_000
"""With more, all of the page's text is looked at."""
THIN_LINE: Final = 3.0
"""Points: outlines drawn with a thicker pen cover what is under them."""
SIMPLE_OUTLINE: Final = 6
"""Parts of a line, a rectangle or an ellipse, which cover nothing inside; with more it may be scribble that does."""
UNSEEN_MODES: Final = frozenset({3, 7})
"""Render modes of PDF that paint nothing."""

_COLOUR, _BOX, _MATRIX, _FLOAT, _PAIR, _POINT = map(Struct, ("=4I", "=4f", "=6f", "=f", "=2i", "=2f"))


class TooCrowded(Exception):
    """A page has more objects than can be looked at."""


class PaintedText(NamedTuple):
    """A piece of text that the file paints, or says it does."""

    handle: int
    place: int
    """In the order of painting."""
    box: Rectangle
    mode: int
    """PDF's render mode: 3 and 7 paint nothing."""
    colour: Colour | None
    """None: it is no single opaque colour."""
    is_tiny: bool
    is_clipped: bool
    """Not the whole of it is inside what may be painted."""
    is_marked: bool
    """It belongs to a layer, which may be switched off."""
    is_plain: bool
    """It is painted as it stands: not through a mask, by a pen, as a part of a form or in a font of drawings."""


class PaintedShape(NamedTuple):
    """Something that may hide text: a filled shape, a picture, a note stuck on the page."""

    place: int
    box: Rectangle
    colour: Colour | None
    """None: it has several, or one that cannot be known."""
    is_picture: bool
    is_solid: bool
    """It is a rectangle of one opaque colour, so that what is below does not matter."""


class PageObjects(NamedTuple):
    """What is painted on a page."""

    texts: list[PaintedText]
    shapes: list[PaintedShape]
    replaced: list[tuple[int, int]]
    """Pieces of text that say by a mark what they are to be read as: the object and the mark."""
    has_notes: bool
    """Something is stuck on the page beside its content."""
    is_crowded: bool
    """It has so many shapes that the last ones are not here."""
    is_plain: bool = False
    """All of it is text that is painted as it should be, which is not written down."""


def objects_of(page: Any) -> PageObjects:
    """Return what is painted on a page that is open in PDFium.

    Raises:
        TooCrowded: it is too much.
    """
    if paints_plain_text(page):
        return PageObjects([], [], [], has_notes=False, is_crowded=False, is_plain=True)
    handle = calls.handle_of(page)
    texts: list[PaintedText] = []
    shapes: list[PaintedShape] = []
    replaced: list[tuple[int, int]] = []
    collector = _Collector(texts, shapes, replaced)
    collector.walk(handle, None, 0)
    notes = list(_notes(page, collector.place))
    return PageObjects(texts, shapes + notes, replaced, has_notes=bool(notes), is_crowded=len(shapes) >= MOST_SHAPES)


class _Collector:
    def __init__(self, texts: list[PaintedText], shapes: list[PaintedShape], replaced: list[tuple[int, int]]) -> None:
        self.place = 0
        self._left = MOST_OBJECTS
        self._drawn: dict[int | None, bool] = {}
        """Of fonts: whether their letters are drawings (Type 3), each of which may paint anything, or nothing."""
        self._texts = texts
        self._shapes = shapes
        self._replaced = replaced
        self._numbers = (c_uint * NUMBERS.size)()  # what PDFium writes to, read all at once
        start = addressof(self._numbers)
        self._colour = tuple(start + 4 * number for number in range(4))
        self._box = tuple(start + 16 + 4 * number for number in range(4))
        self._matrix = start + 32
        self._size = start + 56
        self._other = start + 60
        self._places = tuple(byref(self._numbers, 4 * number) for number in PLACES)
        self._current = c_void_p()
        """The handle of the object that is looked at."""

    def walk(self, holder: int, matrix: Matrix | None, depth: int) -> None:
        """Add the objects of a page, or of a form (``depth`` is 1 or more) that is painted through a matrix.

        It is called for every object of every page: what it asks for of a piece of text is read at once.
        """
        type_of, text, numbers, unpack = calls.type_of, calls.TEXT, self._numbers, NUMBERS.unpack_from
        fill_colour_of, bounds_of, matrix_of = calls.fill_colour_of, calls.bounds_of, calls.matrix_of
        size_of, font_of, render_mode = calls.font_size_of, calls.font_of, calls.render_mode
        clip_of, count_clips, count_marks = calls.clip_of, calls.count_clips, calls.count_marks
        add, new, has_transparency = self._texts.append, tuple.__new__, calls.has_transparency
        (c1, c2, c3, c4, b1, b2, b3, b4, m, s), current, drawn = self._places, self._current, self._drawn
        place = self.place
        for handle in self._handles(holder, depth):
            place += 1
            kind = type_of(handle)
            if kind == text:
                current.value = handle
                is_known = fill_colour_of(current, c1, c2, c3, c4)
                bounds_of(current, b1, b2, b3, b4)
                matrix_of(current, m)
                size_of(current, s)
                red, green, blue, opaque, left, bottom, right, top, a, b, c, d, size = unpack(numbers)
                box = (left, bottom, right, top)
                clip = clip_of(handle)
                clips = count_clips(clip)
                is_clipped = clips > 0 and not self._is_inside(clip, clips, box)
                if matrix is not None:
                    box = through(matrix, box)
                    a, b, c, d, _, _ = _within((a, b, c, d, 0.0, 0.0), matrix)
                mode = render_mode(handle)
                colour = (red, green, blue) if is_known and opaque == 255 else None
                is_tiny = size * size * min(a * a + b * b, c * c + d * d) < TINY
                is_marked = count_marks(handle) > 0 and self._is_in_layer(handle)
                is_plain = matrix is None and mode in {0, 4} and not has_transparency(handle)
                if is_plain:
                    font = font_of(handle)
                    is_plain = not (drawn[font] if font in drawn else self._is_drawn(font))
                each = (handle, place, box, mode, colour, is_tiny, is_clipped, is_marked, is_plain)
                add(new(PaintedText, each))
                if box[3] - box[1] > LARGE_TEXT:
                    self._shapes.append(PaintedShape(place, box, None, is_picture=False, is_solid=False))
            elif kind == calls.FORM and depth < DEEPEST:
                calls.matrix(handle, self._matrix)
                self.place = place
                self.walk(handle, _within(_MATRIX.unpack_from(numbers, 32), matrix), depth + 1)
                place = self.place
            else:
                self.place = place
                self._add_shape(handle, kind, matrix)
        self.place = place

    def _handles(self, holder: int, depth: int) -> list[int]:
        """Return the objects of a page or a form."""
        size = calls.count_in_form(holder) if depth else calls.count_objects(holder)
        self._left -= size
        if self._left < 0:
            raise TooCrowded
        if depth:
            return [calls.object_in_form(holder, number) for number in range(size)]
        return list(map(calls.object_of, repeat(c_void_p(holder)), range(size)))

    def _is_drawn(self, font: int) -> bool:
        """Return whether a font consists of drawings, as no font program is in the file; the answer is kept."""
        self._drawn[font] = is_drawn(font)
        return self._drawn[font]

    def _add_shape(self, handle: int, kind: int, outer: Matrix | None) -> None:
        if len(self._shapes) >= MOST_SHAPES or not calls.bounds(handle, *self._box):
            return
        where = _BOX.unpack_from(self._numbers, 16)
        if outer is not None:
            where = through(outer, where)
        colour: Colour | None = None
        is_solid = False
        if kind == calls.PATH:
            calls.draw_mode(handle, self._other, self._other + 4)
            filled, stroked = _PAIR.unpack_from(self._numbers, 60)
            if filled:
                known = calls.fill_colour(handle, *self._colour)
                red, green, blue, opaque = _COLOUR.unpack_from(self._numbers)
                if opaque == 0 and not stroked:
                    return
                is_whole = known and opaque == 255 and not calls.has_transparency(handle)
                colour = (red, green, blue) if is_whole and not stroked else None
                is_solid = colour is not None and calls.count_segments(handle) <= SIMPLE_OUTLINE - 1
                is_solid = is_solid and calls.count_clips(calls.clip_of(handle)) <= 0
            elif not stroked or self._is_outline(handle, where):
                return
        self._shapes.append(PaintedShape(self.place, where, colour, kind == calls.IMAGE, is_solid))

    def _is_outline(self, handle: int, where: Rectangle) -> bool:
        """Return whether a line goes around something, and does not cover it."""
        calls.stroke_width(handle, self._size)
        is_thin = _FLOAT.unpack_from(self._numbers, 56)[0] <= THIN_LINE
        left, bottom, right, top = where
        is_around = min(right - left, top - bottom) > 2 * THIN_LINE
        return is_thin and is_around and calls.count_segments(handle) <= SIMPLE_OUTLINE

    def _is_inside(self, clip: int, clips: int, box: Rectangle) -> bool:
        """Return whether all of a box may be painted: every clip is an upright rectangle around it."""
        x = self._other
        left, bottom, right, top = box
        for number in range(clips):
            corners = []
            count = calls.count_clip_segments(clip, number)
            if not 4 <= count <= 6:
                return False
            for part in range(count):
                if not calls.segment_point(calls.clip_segment(clip, number, part), x, x + 4):
                    return False
                corners.append(_POINT.unpack_from(self._numbers, 60))
            across = {round(each[0], 1) for each in corners}
            along = {round(each[1], 1) for each in corners}
            if len(across) != 2 or len(along) != 2:
                return False
            if min(across) - 1 > left or max(across) + 1 < right or min(along) - 1 > bottom or max(along) + 1 < top:
                return False
        return True

    def _is_in_layer(self, handle: int) -> bool:
        """Return whether a mark says that the text belongs to a layer; remember marks that say what it reads as."""
        is_in_layer = False
        for number in range(calls.count_marks(handle)):
            mark = calls.mark_at(handle, number)
            size = calls.Numbers(c_ulong, 1)
            if calls.mark_string(mark, b"ActualText", None, 0, size.at[0]):
                self._replaced.append((handle, mark))
            name = create_string_buffer(16)
            calls.mark_name(mark, name, 16, size.at[0])
            is_in_layer = is_in_layer or name.raw[: size.values[0]] == "OC\0".encode("utf-16-le")
        return is_in_layer


def through(matrix: Matrix, box: Rectangle) -> Rectangle:
    """Return the upright rectangle around a box that a matrix has moved."""
    a, b, c, d, e, f = matrix
    left, bottom, right, top = box
    across = [a * x + c * y + e for x in (left, right) for y in (bottom, top)]
    along = [b * x + d * y + f for x in (left, right) for y in (bottom, top)]
    return min(across), min(along), max(across), max(along)


def _within(inner: Matrix, outer: Matrix | None) -> Matrix:
    """Return what two matrices do one after the other, the inner one first."""
    if outer is None:
        return inner
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + m,
    )


def _notes(page: Any, place: int) -> Iterator[PaintedShape]:
    """Yield what is stuck on the page: stamps, boxes, filled fields; links and pop-ups paint nothing."""
    for number in range(pdfium.FPDFPage_GetAnnotCount(page)):
        note = pdfium.FPDFPage_GetAnnot(page, number)
        if not note:
            continue
        try:
            box = pdfium.FS_RECTF()
            kind = pdfium.FPDFAnnot_GetSubtype(note)
            if kind in (pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP) or not pdfium.FPDFAnnot_GetRect(note, box):
                continue
            across, along = sorted((box.left, box.right)), sorted((box.bottom, box.top))
            where = (across[0], along[0], across[1], along[1])
            yield PaintedShape(place + number + 1, where, None, is_picture=False, is_solid=False)
        finally:
            pdfium.FPDFPage_CloseAnnot(note)
