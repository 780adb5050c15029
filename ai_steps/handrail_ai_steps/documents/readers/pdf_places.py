"""Places on a page of a PDF, and its picture: what is made from the file's bytes when somebody asks."""

from array import array
from collections import deque
from collections.abc import Iterator
from typing import Any

from handrail_ai_steps.documents.errors import BrokenDocument
from handrail_ai_steps.documents.hidden import inspected
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.readers.drawing import as_png, drawn
from handrail_ai_steps.documents.readers.pdf import SAMPLE
from handrail_ai_steps.documents.readers.pdf_file import PdfFile
from handrail_ai_steps.documents.readers.pdf_page import PdfPage
from handrail_ai_steps.documents.readers.pdf_text import PageText, arranged, plainly
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium_c

POINTS = 72
"""To an inch."""


def warm() -> None:
    """Find the places in a file of our own, so that what each child would do anew is done before."""
    deque(places(SAMPLE, ReadingLimits(), number=1, text="", start=0, end=1), maxlen=0)


def places(
    data: bytes, limits: ReadingLimits, *, number: int, text: str, start: int, end: int
) -> Iterator[tuple[Any, bytes]]:
    """Yield the boxes of the characters from ``start`` to ``end`` of a page's text, and then of all the others.

    The first answer is quick; the second is for whoever asks again. Each is four numbers for a character: left, top,
    right, bottom; a blank that is none of the file's has four zeros. With it is said what the page's text is when it
    is no longer the one that was given: the file was read by another version of the reader.
    """
    file = PdfFile(data)
    with file.page(number) as (page, _):
        if page is None:
            raise BrokenDocument(f"page {number} cannot be read")
        pdf_page, found = _as_it_was_read(file, page, text, limits)
        changed = None if found.text == text else found.text
        yield ["places", changed], _boxes(pdf_page, found, start, min(end, len(found.text)))
        yield ["places", changed], _boxes(pdf_page, found, 0, len(found.text))
        pdfium_c.FPDFText_ClosePage(pdf_page.text_page)


def _as_it_was_read(file: PdfFile, page: Any, text: str, limits: ReadingLimits) -> tuple[PdfPage, PageText]:
    """Return a page laid out as when it was read; what it does not show is looked for only where that matters."""
    pdf_page = PdfPage(page, pdfium_c.FPDFText_LoadPage(page), most=limits.page_characters)
    for lay_out in (plainly, arranged):
        found = lay_out(pdf_page)
        if found is not None and found.text == text:
            return pdf_page, found
    pdfium_c.FPDFText_ClosePage(pdf_page.text_page)
    inspected_page = inspected(file.raw, page)
    pdf_page = PdfPage(page, inspected_page.text, most=limits.page_characters)
    away = [(each.start, each.end) for each in inspected_page.not_shown if not each.over_picture]
    return pdf_page, arranged(pdf_page, away)


def picture(data: bytes, limits: ReadingLimits, *, number: int, dpi: float, turned: int) -> Iterator[tuple[Any, bytes]]:
    """Yield a page's picture as PNG."""
    with PdfFile(data).page(number) as (page, _):
        if page is None:
            raise BrokenDocument(f"page {number} cannot be drawn")
        yield ["picture"], as_png(drawn(page, dpi / POINTS, limits.megapixels).rotate(-turned, expand=True))


def _boxes(page: PdfPage, text: PageText, start: int, end: int) -> bytes:
    boxes = array("f", bytes(16 * (end - start)))
    for piece in text.pieces:
        first, last = max(piece.start, start), min(piece.start + piece.length, end)
        if first < last:
            page.character_boxes(piece.character + first - piece.start, last - first, boxes, first - start)
    return boxes.tobytes()
