"""Pages that are pictures of text, read by what reads such pictures, where somebody gave it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from handrail_ai_steps.documents.child import ask
from handrail_ai_steps.documents.document import DocumentKind, DocumentNote, NoteCode
from handrail_ai_steps.documents.errors import DocumentError
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.ocr.port import Ocr, OcrPage
from handrail_ai_steps.documents.page import Box, HiddenText, Page, TextLine
from handrail_ai_steps.documents.readers.ocr_lines import low_scores

OF_PICTURES: frozenset[NoteCode] = frozenset({"no_text_layer", "scanned_layer", "garbled_text"})
"""Notes for which a page is read from its picture: its text is missing, not compared, or no text at all."""
DPI = 150.0
"""Of a page that is drawn to be read: engines make it smaller if it has more than they need."""
POINTS = 72

PICTURES: dict[DocumentKind, str] = {
    "pdf": "handrail_ai_steps.documents.readers.pdf_places",
    "image": "handrail_ai_steps.documents.readers.picture",
}
"""What draws the pages of a kind."""


def drawn(
    data: bytes, kind: DocumentKind, number: int, limits: ReadingLimits, *, dpi: float = DPI, turned: int = 0
) -> bytes:
    """Return a page's picture as PNG.

    Raises:
        DocumentError: it cannot be drawn within the limits.
    """
    module = PICTURES[kind]
    arguments = {"number": number, "dpi": dpi, "turned": turned}
    return b"".join(more for _, more in ask(f"{module}:picture", data, limits, module=module, arguments=arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturedFile:
    """A file, what was found in it so far, and what reads its pictures."""

    data: bytes
    kind: DocumentKind
    ocr: Ocr
    limits: ReadingLimits

    def read(self, pages: list[Page], notes: list[DocumentNote]) -> tuple[list[Page], list[DocumentNote]]:
        """Return its pages and notes with those pages read that are pictures."""
        wanted = {note.page for note in notes if note.code in OF_PICTURES} if self.kind in PICTURES else set()
        all_pages: list[Page] = []
        all_notes = [note for note in notes if note.code not in OF_PICTURES or note.page not in wanted]
        for page in pages:
            if page.number in wanted:
                about = [note for note in notes if note.page == page.number and note.code in OF_PICTURES]
                page, added = self._page(page, about)  # noqa: PLW2901 -- the page as its picture says
                all_notes += added
            all_pages.append(page)
        return all_pages, all_notes

    def _page(self, page: Page, about: list[DocumentNote]) -> tuple[Page, list[DocumentNote]]:
        """Return a page as its picture says, and what is to be said about it instead."""
        dpi = min(DPI, _most_dots(page, self.limits)) if self.kind == "pdf" else DPI
        try:
            found = self.ocr.read_page(drawn(self.data, self.kind, page.number, self.limits, dpi=dpi), self.limits)
        except DocumentError as error:
            return page, [replace(note, message=f"{note.message} (reading its picture: {error})") for note in about]
        if not found.text.strip():
            message = "the page is a picture in which no text was found: a person must look at it"
            return page, [DocumentNote(code="no_text_layer", message=message, page=page.number)]
        is_scan = any(note.code == "scanned_layer" for note in about)
        return _as_read(page, found, is_scan=is_scan), list(_about(page.number, found))


def _most_dots(page: Page, limits: ReadingLimits) -> float:
    """Return with how many dots to an inch a page has as many pixels as allowed."""
    inches = page.width * page.height / POINTS**2
    return float((limits.megapixels * 1e6 / inches) ** 0.5 * 0.99) if inches > 0 else DPI


def _as_read(page: Page, found: OcrPage, *, is_scan: bool) -> Page:
    width, height = (page.width, page.height) if found.turned % 180 == 0 else (page.height, page.width)
    across, down = width / max(found.width, 1), height / max(found.height, 1)
    set_aside = (HiddenText(text=page.text, by="render_mode"),) if is_scan and page.text.strip() else ()
    return replace(
        page,
        text=found.text,
        lines=tuple(_scaled(line, across, down) for line in found.lines),
        width=width,
        height=height,
        source="ocr",
        turned=found.turned,
        hidden=(*page.hidden, *set_aside),
    )


def _scaled(line: TextLine, across: float, down: float) -> TextLine:
    if line.box is None:
        return line
    box = Box(line.box.left * across, line.box.top * down, line.box.right * across, line.box.bottom * down)
    return replace(line, box=box)


def _about(number: int, found: OcrPage) -> Iterator[DocumentNote]:
    if found.turned:
        message = f"the page's picture was turned by {found.turned} degrees clockwise to stand upright"
        yield DocumentNote(code="turned", message=message, page=number)
    yield from low_scores(found.text, found.lines, page=number)
