"""Whether text leaves a mark on its page: the page is drawn with and without it, and the two are compared.

That needs no guess about colours, covers, masks or layers: what makes no difference is not to be seen.
"""

import math
import time
from collections.abc import Iterator, Sequence
from ctypes import byref, c_int, string_at
from typing import Any, Final, NamedTuple

from handrail_ai_steps.documents.painting import calls
from handrail_ai_steps.documents.painting.objects import UNSEEN_MODES, PaintedText, Rectangle
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium
    from PIL import Image, ImageChops
    from pypdfium2.internal import set_callback


SCALE: Final = 2.0
"""Pixels a point: a full stop of eight points is four of them."""
MOST_PIXELS: Final = 2_500_000
"""Of one drawing: a page of A4 is 2 million."""
MOST_PARTS: Final = 16
"""Parts of a large page that are drawn."""
MOST_LAYERS: Final = 6
"""Pieces of text over each other that are told apart."""
LEAST_DIFFERENCE: Final = 16
"""Of 255, in the colour that differs most: nobody sees less."""
LEAST_INK: Final = 48
"""Of 255, between the darkest and the lightest place of a picture that shows a word."""
SECONDS: Final = 2.0
"""Of the processor, for the drawings of one page."""


class TooLong(Exception):
    """PageDrawing a page takes too long."""


class PageDrawing(NamedTuple):
    """A part of the page as it was drawn: what each layer of text changed in it."""

    view: "View"
    picture: Image.Image
    """In grey, with everything on it."""
    layers: dict[int, Image.Image]
    """By the handle of a piece of text: how much its layer changes each pixel."""

    def shows(self, handle: int, box: Rectangle) -> bool:
        """Return whether the piece of text leaves a mark inside a box."""
        return _extremes(self.layers[handle].crop(self.view.pixels(box)))[1] >= LEAST_DIFFERENCE

    def has_ink(self, box: Rectangle) -> bool:
        """Return whether anything is to be seen inside a box."""
        darkest, lightest = _extremes(self.picture.crop(self.view.pixels(box)))
        return lightest - darkest >= LEAST_INK


class View:
    """Which part of a page is drawn, and how large."""

    def __init__(self, page: Any, boxes: Sequence[Rectangle]) -> None:
        self._page = page
        self.scale = SCALE
        self._fit()
        if self._around(boxes)[4] > MOST_PIXELS:
            self.scale = max(0.001, SCALE * math.sqrt(MOST_PIXELS / self._around(boxes)[4]))
            self._fit()
        self.left, self.top, self.width, self.height, _ = self._around(boxes)

    def _fit(self) -> None:
        """Find out where PDFium puts the page's corners: that holds the rotation and the crop."""
        page = self._page
        self.size = tuple(
            max(1, round(length * self.scale))
            for length in (pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page))
        )
        corner = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page, corner)
        origin, right, up = (
            self._device(x, y)
            for x, y in ((corner.left, corner.bottom), (corner.right, corner.bottom), (corner.left, corner.top))
        )
        self._origin, self._corner = origin, (corner.left, corner.bottom)
        width, height = max(1e-6, corner.right - corner.left), max(1e-6, corner.top - corner.bottom)
        self._across = (right[0] - origin[0]) / width, (right[1] - origin[1]) / width
        self._along = (up[0] - origin[0]) / height, (up[1] - origin[1]) / height

    def _device(self, x: float, y: float) -> tuple[int, int]:
        across, down = c_int(), c_int()
        pdfium.FPDF_PageToDevice(self._page, 0, 0, *self.size, 0, x, y, byref(across), byref(down))
        return across.value, down.value

    def _placed(self, box: Rectangle) -> tuple[float, float, float, float]:
        """Return a box in pixels of the whole page: left, top, right and bottom."""
        corners = [
            (
                self._origin[0] + (x - self._corner[0]) * self._across[0] + (y - self._corner[1]) * self._along[0],
                self._origin[1] + (x - self._corner[0]) * self._across[1] + (y - self._corner[1]) * self._along[1],
            )
            for x in (box[0], box[2])
            for y in (box[1], box[3])
        ]
        across, down = [each[0] for each in corners], [each[1] for each in corners]
        return min(across), min(down), max(across), max(down)

    def _around(self, boxes: Sequence[Rectangle]) -> tuple[int, int, int, int, int]:
        placed = [self._placed(box) for box in boxes]
        left = max(0, math.floor(min(each[0] for each in placed)) - 2)
        top = max(0, math.floor(min(each[1] for each in placed)) - 2)
        right = min(self.size[0], math.ceil(max(each[2] for each in placed)) + 2)
        bottom = min(self.size[1], math.ceil(max(each[3] for each in placed)) + 2)
        width, height = max(1, right - left), max(1, bottom - top)
        return left, top, width, height, width * height

    def pixels(self, box: Rectangle) -> tuple[int, int, int, int]:
        """Return a box in pixels of the part that is drawn, at least one."""
        left, top, right, bottom = self._placed(box)
        first, upper = math.floor(left) - self.left, math.floor(top) - self.top
        return first, upper, max(first + 1, math.ceil(right) - self.left), max(upper + 1, math.ceil(bottom) - self.top)

    def drawn(self, *, with_notes: bool, until: float) -> Image.Image:
        """Draw the part.

        Raises:
            TooLong: it is not done when the processor's clock says ``until``.
        """
        bitmap = pdfium.FPDFBitmap_CreateEx(self.width, self.height, pdfium.FPDFBitmap_BGRx, None, 0)
        if not bitmap:
            raise MemoryError
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, self.width, self.height, 0xFFFFFFFF)
            _draw(self, bitmap, self._page, pdfium.FPDF_ANNOT if with_notes else 0, until)
            stride = pdfium.FPDFBitmap_GetStride(bitmap)
            data = string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * self.height)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
        return Image.frombuffer("RGB", (self.width, self.height), data, "raw", "BGRX", stride, 1)


def parts_of(
    page: Any, texts: Sequence[PaintedText], *, with_notes: bool
) -> Iterator[tuple[list[PaintedText], PageDrawing]]:
    """Yield the drawn parts of the page that these pieces of text are on, and which of them are on each.

    Raises:
        TooLong: the page takes too long to draw, or there are too many parts.
    """
    until = time.process_time() + SECONDS
    for number, together in enumerate(_near_each_other(page, texts)):
        if number >= MOST_PARTS:
            raise TooLong
        view = View(page, [each.box for each in together])
        everything = view.drawn(with_notes=with_notes, until=until)
        layers: dict[int, Image.Image] = {}
        for layer in _layers([each for each in together if each.mode not in UNSEEN_MODES]):
            changed = _changed(everything, _without(layer, view, with_notes=with_notes, until=until))
            layers.update((each.handle, changed) for each in layer)
        yield together, PageDrawing(view, everything.convert("L"), layers)


def _extremes(grey: Image.Image) -> tuple[int, int]:
    """Return the darkest and the lightest pixel of a picture in grey."""
    found: Any = grey.getextrema()  # pairs of pairs for pictures in colour
    return found[0], found[1]


def _without(layer: Sequence[PaintedText], view: View, *, with_notes: bool, until: float) -> Image.Image:
    """Draw the part without some pieces of text."""
    try:
        for each in layer:
            calls.set_active(each.handle, 0)
        return view.drawn(with_notes=with_notes, until=until)
    finally:
        for each in layer:
            calls.set_active(each.handle, 1)


def _changed(one: Image.Image, other: Image.Image) -> Image.Image:
    """Return by how much the pixels differ, in the colour that differs most."""
    red, green, blue = ImageChops.difference(one, other).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _draw(view: View, bitmap: Any, page: Any, flags: int, until: float) -> None:
    pause = pdfium.IFSDK_PAUSE(version=1)
    set_callback(pause, "NeedToPauseNow", lambda _: int(time.process_time() > until))
    state = pdfium.FPDF_RenderPageBitmap_Start(bitmap, page, -view.left, -view.top, *view.size, 0, flags, byref(pause))
    pdfium.FPDF_RenderPage_Close(page)
    if state != pdfium.FPDF_RENDER_DONE:
        raise TooLong


def _near_each_other(page: Any, texts: Sequence[PaintedText]) -> Iterator[list[PaintedText]]:
    """Yield groups of pieces that are drawn together; one, unless the page is large."""
    if View(page, [each.box for each in texts]).scale == SCALE:
        yield list(texts)
        return
    group: list[PaintedText] = []
    for each in sorted(texts, key=lambda text: (-text.box[3], text.box[0])):
        if group and View(page, [one.box for one in (*group, each)]).scale < SCALE:
            yield group
            group = []
        group.append(each)
    yield group


def _layers(texts: Sequence[PaintedText]) -> list[list[PaintedText]]:
    """Put pieces that overlap into different layers, so that one cannot pass for another.

    Raises:
        TooLong: too many are over each other.
    """
    layers: list[list[PaintedText]] = []
    indexes: list[BoxIndex] = []
    for each in texts:
        left, bottom, right, top = each.box
        inner = (left + 0.5, bottom + 0.5, right - 0.5, top - 0.5)
        free = next((n for n, index in enumerate(indexes) if not index.overlapping(inner)), None)
        if free is None:
            free = len(layers)
            if free >= MOST_LAYERS:
                raise TooLong
            layers.append([])
            indexes.append(BoxIndex())
        layers[free].append(each)
        indexes[free].add(inner, each.place)
    return layers


class BoxIndex:
    """Boxes of a page, found by what they overlap."""

    BAND = 24.0
    MOST_BANDS = 200
    """A box over more of them is looked at always."""

    def __init__(self) -> None:
        self._bands: dict[int, list[tuple[Rectangle, int]]] = {}
        self._everywhere: list[tuple[Rectangle, int]] = []

    def add(self, box: Rectangle, number: int) -> None:
        """Add a box by a number."""
        first, last = int(box[1] // self.BAND), int(box[3] // self.BAND)
        if last - first > self.MOST_BANDS:
            self._everywhere.append((box, number))
            return
        for band in range(first, last + 1):
            self._bands.setdefault(band, []).append((box, number))

    def overlapping(self, box: Rectangle) -> list[int]:
        """Return the numbers of the boxes that overlap a box; one may be there twice."""
        left, bottom, right, top = box
        bands, first, last = self._bands, int(bottom // self.BAND), int(top // self.BAND)
        found = [n for (a, b, c, d), n in self._everywhere if a < right and c > left and b < top and d > bottom]
        for band in range(first, min(last, first + self.MOST_BANDS) + 1):
            if band in bands:
                found += [n for (a, b, c, d), n in bands[band] if a < right and c > left and b < top and d > bottom]
        return found
