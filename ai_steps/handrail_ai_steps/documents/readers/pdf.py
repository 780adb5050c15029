"""PDF files, read by PDFium."""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from handrail_ai_steps.documents.document import DocumentNote, FormValue
from handrail_ai_steps.documents.garbled import garbled, garbled_note
from handrail_ai_steps.documents.hidden import InspectedPage, inspected, notes_about
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Box, HiddenText, Page
from handrail_ai_steps.documents.readers.drawing import has_ink
from handrail_ai_steps.documents.readers.pdf_file import PdfFile, attached_to
from handrail_ai_steps.documents.readers.pdf_form import Widget
from handrail_ai_steps.documents.readers.pdf_page import PdfPage
from handrail_ai_steps.documents.readers.pdf_text import read_page
from handrail_ai_steps.documents.readers.piece import PageCount, Piece, no_text_layer, too_long
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2.raw as pdfium_c

BROKEN_IN_A_ROW = 20
"""Pages that cannot be loaded, one after the other, after which no more are tried."""
STAMP = 40
"""Characters on a page that is a picture otherwise, up to which they are a stamp on it, and not its text."""
PICTURE_SHARE = 0.5
"""Of the page, from which a picture on it is what the page shows."""


def warm() -> None:
    """Read a file of our own, so that PDFium has looked for the fonts of the system before children are made."""
    deque(read(SAMPLE, "", ReadingLimits(), places=False), maxlen=0)


_LINES = b"".join(b"(The words of line %d, of which a page has about as many) Tj T* " % line for line in range(45))
SAMPLE = b"""%%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>> endobj
4 0 obj <</Length %d>> stream
BT /F 10 Tf 16 TL 20 780 Td %s ET
endstream endobj
5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
trailer <</Size 6/Root 1 0 R>>
%%%%EOF""" % (len(_LINES) + 31, _LINES)
"""A page of ours, with as much on it as most have."""


def read(
    data: bytes,
    name: str,  # noqa: ARG001
    limits: ReadingLimits,
    *,
    places: bool,
    first: int = 1,
    shared_from: int = 0,
) -> Iterator[Piece]:
    """Yield what is in a PDF file: its pages from ``first`` on, the values of its forms, and the files in it.

    ``shared_from``: pages from which somebody else reads the rest (0: nobody does).

    Raises:
        DocumentError: it cannot be opened.
    """
    file = PdfFile(data)
    end = len(file) + 1
    if first == 1:
        yield from file.notes()
        count = PageCount(len(file))
        yield count
        if 0 < shared_from <= len(file):
            end = count.first_of_rest(limits)
    broken = 0
    for number in range(first, end):
        with file.page(number) as (page, widgets):
            if page is None:
                broken += 1
                yield DocumentNote(code="broken_page", message="the page cannot be read", page=number)
                if broken == BROKEN_IN_A_ROW:
                    message = f"{broken} pages in a row cannot be read; those after page {number} were left out"
                    yield DocumentNote(code="pages_left_out", message=message)
                    break
                continue
            broken = 0
            yield from _page(file, page, widgets, number, limits, places=places)
            yield from attached_to(page, limits)
    if end > len(file):
        yield from file.attachments(limits)


def _page(
    file: PdfFile, page: Any, widgets: tuple[Widget, ...], number: int, limits: ReadingLimits, *, places: bool
) -> Iterator[Piece]:
    found = inspected(file.raw, page)
    try:
        pdf_page = PdfPage(page, found.text, most=limits.page_characters)
        is_scan = any(each.over_picture for each in found.not_shown)
        away = [each for each in found.not_shown if not each.over_picture]
        text = read_page(pdf_page, [(each.start, each.end) for each in away], places=places)
        hidden = tuple(_hidden(pdf_page, found))
        of_picture = not is_scan and len(text.text) < STAMP and _shows_a_picture(page, pdf_page, text.text)
        yield Page(
            number=number,
            text=text.text,
            lines=text.lines,
            width=pdf_page.width,
            height=pdf_page.height,
            source="ocr" if is_scan else "none" if of_picture else "layer",
            hidden=hidden,
        )
        if pdf_page.is_cut:
            yield too_long(number, limits)
        yield from notes_about(number, hidden, is_scan=is_scan)
        why = garbled(text.text)
        if why:
            yield garbled_note(number, why)
        if of_picture:
            yield no_text_layer("the page is a picture", number)
        yield from _form_values(pdf_page, widgets, number)
    finally:
        pdfium_c.FPDFText_ClosePage(found.text)


def _hidden(page: PdfPage, found: InspectedPage) -> Iterator[HiddenText]:
    for each in found.not_shown:
        text = page.characters[each.start : each.end].replace("\r\n", "\n")
        if not each.over_picture and text.strip():
            yield HiddenText(text=text, by=each.by, boxes=tuple(page.boxes(each.start, each.end)))
    for replaced in found.replaced:
        yield HiddenText(text=replaced, by="marked")


def _shows_a_picture(page: Any, pdf_page: PdfPage, text: str) -> bool:
    """Return whether a page with hardly any text is a picture for the most part, or shows something that is no text."""
    if not text.strip():
        return has_ink(page)
    for index in range(pdfium_c.FPDFPage_CountObjects(page)):
        each = pdfium_c.FPDFPage_GetObject(page, index)
        if pdfium_c.FPDFPageObj_GetType(each) == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            box = pdf_page.object_box(each)
            if box is not None and _area(box) >= PICTURE_SHARE * pdf_page.width * pdf_page.height:
                return True
    return False


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def _form_values(page: PdfPage, widgets: tuple[Widget, ...], number: int) -> Iterator[Piece]:
    unseen = []
    for widget in widgets:
        if not widget.is_hidden:
            box = Box(*page.displayed(*widget.rectangle))
            yield FormValue(name=widget.name, value=widget.value, page=number, box=box)
        if widget.is_hidden or (widget.is_text and _bare(widget.value) not in _bare(page.text_in(widget.rectangle))):
            unseen.append(widget.name or "without a name")
    if unseen:
        names = ", ".join(unseen[:10]) + (f" and {len(unseen) - 10} more" if len(unseen) > 10 else "")
        message = f"the page does not show what is filled in here: {names}"
        yield DocumentNote(code="form_not_shown", message=message, page=number)


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)
