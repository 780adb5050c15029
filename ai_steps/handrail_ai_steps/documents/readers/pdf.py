"""PDF files, read by PDFium."""

from collections.abc import Iterator

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.errors import BrokenDocument, EncryptedDocument, TruncatedDocument
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Page
from handrail_ai_steps.documents.readers.piece import Piece
from handrail_ground.optional import needs

with needs("documents"):
    import pypdfium2 as pdfium
    import pypdfium2.raw as pdfium_c


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001
    """Yield what is in a PDF file.

    Raises:
        DocumentError: it cannot be opened.
    """
    document = _opened(data)
    for number in range(1, len(document) + 1):
        try:
            page = document[number - 1]
            text = page.get_textpage().get_text_range().replace("\r\n", "\n")
        except pdfium.PdfiumError as error:
            yield DocumentNote(code="broken_page", message=f"the page cannot be read: {error}", page=number)
            continue
        width, height = page.get_size()
        yield Page(number=number, text=text, width=width, height=height, source="layer")


def _opened(data: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise EncryptedDocument("it needs a password: ask for a copy without one") from None
        if b"%%EOF" not in data:
            raise TruncatedDocument("it ends too early: ask for it again") from None
        raise BrokenDocument("it is no PDF that can be opened: ask for it again, or print it to PDF anew") from None
