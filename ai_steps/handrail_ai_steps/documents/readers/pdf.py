"""PDF files, read by PDFium."""

from collections.abc import Iterator

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.errors import BrokenDocument, EncryptedDocument, TruncatedDocument
from handrail_ai_steps.documents.garbled import garbled, garbled_note
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import HiddenText, Page, TextSource
from handrail_ai_steps.documents.readers.piece import Piece
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2 as pdfium
    import pypdfium2.raw as pdfium_c

    from handrail_ai_steps.documents.hidden import inspected, notes_about


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001
    """Yield what is in a PDF file.

    Raises:
        DocumentError: it cannot be opened.
    """
    document = _opened(data)
    for number in range(1, len(document) + 1):
        try:
            page = document[number - 1]
        except pdfium.PdfiumError as error:
            yield DocumentNote(code="broken_page", message=f"the page cannot be read: {error}", page=number)
            continue
        yield from _page(document, page, number)
        page.close()


def _page(document: pdfium.PdfDocument, page: pdfium.PdfPage, number: int) -> Iterator[Piece]:
    text, not_shown, replaced = inspected(document.raw, page.raw)
    characters = "".join(
        chr(pdfium_c.FPDFText_GetUnicode(text, each)) for each in range(pdfium_c.FPDFText_CountChars(text))
    )
    pdfium_c.FPDFText_ClosePage(text)
    is_scan = any(each.over_picture for each in not_shown)
    away = [each for each in not_shown if not each.over_picture]
    kept = list(characters)
    for each in away:
        kept[each.start : each.end] = [""] * (each.end - each.start)
    hidden = (
        *(HiddenText(text=characters[each.start : each.end], by=each.by) for each in away),
        *(HiddenText(text=each, by="marked") for each in replaced),
    )
    width, height = page.get_size()
    shown = "".join(kept).replace("\r\n", "\n")
    source: TextSource = "ocr" if is_scan else "layer"
    yield Page(number=number, text=shown, width=width, height=height, source=source, hidden=hidden)
    yield from notes_about(number, hidden, is_scan=is_scan)
    why = garbled(shown)
    if why:
        yield garbled_note(number, why)


def _opened(data: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise EncryptedDocument("it needs a password: ask for a copy without one") from None
        if b"%%EOF" not in data:
            raise TruncatedDocument("it ends too early: ask for it again") from None
        raise BrokenDocument("it is no PDF that can be opened: ask for it again, or print it to PDF anew") from None
