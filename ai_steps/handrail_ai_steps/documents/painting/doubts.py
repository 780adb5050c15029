"""Which pieces of a page's text may not be seen on it: decided by how they are painted, without drawing the page."""

from typing import Any, Final, NamedTuple

from handrail_ai_steps.documents.page import HiddenBy
from handrail_ai_steps.documents.painting.drawing import BoxIndex
from handrail_ai_steps.documents.painting.objects import (
    UNSEEN_MODES,
    Colour,
    PageObjects,
    PaintedShape,
    PaintedText,
    Rectangle,
)
from handrail_ai_steps.documents.painting.plain_text import NEAR, SLACK
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium


WHITE: Final[Colour] = (255, 255, 255)
CUT: Final = 0.2
"""Of a text's height, at its top and bottom: lines there go along it, and do not cover it."""


class Doubts:
    """The doubtful pieces of a page, and why they are."""

    def __init__(self, page: Any, objects: PageObjects) -> None:
        self.page_box, self._media_box = _boxes(page)
        self._shapes = {each.place: each for each in objects.shapes}
        self._index = BoxIndex()
        for each in objects.shapes:
            self._index.add(each.box, each.place)
        self.pieces: list[PaintedText] = []
        """All that are doubtful, in the order of painting."""
        self.looked_at: set[int] = set()
        """Handles of those that only a drawing decides."""
        self._is_crowded = objects.is_crowded
        self._find(objects.texts)

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.pieces)

    def away(self, box: Rectangle) -> HiddenBy | None:
        """Return how the place of a character hides it, if it does: its middle is beyond the page."""
        across, along = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if not _holds(self._media_box, across, along):
            return "off_page"
        return None if _holds(self.page_box, across, along) else "cropped"

    def why(self, piece: PaintedText, box: Rectangle) -> HiddenBy:
        """Return the reason why a character that leaves no mark is not shown."""
        if piece.is_marked:
            return "marked"
        if piece.is_clipped:
            return "cropped"
        if piece.colour is None:
            return "transparent"
        if self._is_covered(piece, box):
            return "covered"
        if self._is_near_what_is_behind(piece, box):
            return "same_colour"
        return "unchecked" if piece.is_plain else "transparent"

    def _find(self, texts: list[PaintedText]) -> None:
        """Go through all pieces; most are as they should be, which is found out with as little as possible."""
        left, bottom, right, top = self.page_box
        left, bottom, right, top = left - SLACK, bottom - SLACK, right + SLACK, top + SLACK
        overlapping = self._index.overlapping if self._shapes else _nothing
        is_crowded, dark = self._is_crowded, 255 - NEAR
        for piece in texts:
            handle, _, box, mode, colour, is_tiny, is_clipped, is_marked, is_plain = piece
            a, b, c, d = box
            is_inside = a >= left and b >= bottom and c <= right and d <= top
            if is_inside and is_plain and colour is not None and not (is_tiny or is_clipped or is_marked):
                if not is_crowded and not overlapping(box) and min(colour) <= dark:
                    continue
                if not is_crowded and not self._is_doubtful(piece):
                    continue
                self.looked_at.add(handle)
            elif mode not in UNSEEN_MODES:
                self.looked_at.add(handle)
            self.pieces.append(piece)

    def _is_doubtful(self, piece: PaintedText) -> bool:
        return self._is_covered(piece, piece.box) or self._is_near_what_is_behind(piece, piece.box)

    def _is_covered(self, piece: PaintedText, box: Rectangle) -> bool:
        """Return whether something is painted over the text, or through its middle."""
        left, bottom, right, top = box
        cut = CUT * (top - bottom)
        return any(place > piece.place for place in self._index.overlapping((left, bottom + cut, right, top - cut)))

    def _is_near_what_is_behind(self, piece: PaintedText, box: Rectangle) -> bool:
        """Return whether the text has nearly the colour of something behind it, or of something that has several."""
        behind = sorted({place for place in self._index.overlapping(box) if place < piece.place}, reverse=True)
        for place in behind:
            shape = self._shapes[place]
            if shape.colour is None or _is_near(piece.colour, shape.colour):
                return True
            if shape.is_solid and _is_around(shape, box):
                return False
        return _is_near(piece.colour, WHITE)


def _nothing(_: Rectangle) -> list[int]:
    return []


def doubts_of(page: Any, objects: PageObjects) -> Doubts:
    """Return the doubtful pieces of a page that is open in PDFium."""
    return Doubts(page, objects)


class _Boxes(NamedTuple):
    page: Rectangle
    media: Rectangle


def _boxes(page: Any) -> _Boxes:
    """Return what of the page is displayed, and how large it is."""
    shown = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, shown)
    page_box = (shown.left, shown.bottom, shown.right, shown.top)
    sides = [pdfium.c_float() for _ in range(4)]
    if not pdfium.FPDFPage_GetMediaBox(page, *sides):
        return _Boxes(page_box, page_box)
    left, bottom, right, top = (each.value for each in sides)
    media = (min(left, right), min(bottom, top), max(left, right), max(bottom, top))
    return _Boxes(page_box, media)


def _holds(box: Rectangle, across: float, along: float) -> bool:
    return box[0] <= across <= box[2] and box[1] <= along <= box[3]


def _is_near(one: Colour | None, other: Colour) -> bool:
    return one is None or all(abs(a - b) < NEAR for a, b in zip(one, other, strict=True))


def _is_around(shape: PaintedShape, box: Rectangle) -> bool:
    left, bottom, right, top = shape.box
    return left <= box[0] and bottom <= box[1] and right >= box[2] and top >= box[3]
