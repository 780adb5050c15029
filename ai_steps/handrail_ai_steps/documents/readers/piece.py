"""What a reader finds in a file, piece by piece, as it finds it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from handrail_ai_steps.documents.document import DocumentKind, DocumentNote, FormValue, PartRole
from handrail_ai_steps.documents.invoice import InvoiceData, NoInvoice
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Page


@dataclass(frozen=True, slots=True)
class MailHeader:
    """A line of a mail's head."""

    name: str
    """In lower case."""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPart:
    """A file in the file, as bytes: it is read as a file of its own, by a process of its own."""

    name: str
    role: PartRole
    data: bytes
    kind: DocumentKind | None = None
    """None: by its content."""
    problem: str = ""
    """Why it cannot be read, and what to do; then it is not."""


@dataclass(frozen=True, slots=True)
class PageCount:
    """How many pages a file says it has; whoever waits for many may have the rest read at the same time."""

    pages: int

    def first_of_rest(self, limits: ReadingLimits) -> int:
        """Return the number of the page from which the rest is read by another."""
        return min(self.pages, limits.pages) // 2 + 1


@dataclass(frozen=True, slots=True)
class FoundInvoice:
    """The invoice that an XML file is as data, or why it is none."""

    reading: InvoiceData | NoInvoice


Piece: TypeAlias = Page | DocumentNote | FormValue | MailHeader | FoundPart | PageCount | FoundInvoice
"""One of the things that are found."""


class DocumentReader(Protocol):
    """What reads files of one kind; it runs in a process of its own, which may die of what it reads."""

    def __call__(self, data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:
        """Yield what is in these bytes, each piece as soon as it is known, so that a limit leaves what came before it.

        ``places``: every line of a page gets its box, where the format has places.

        Raises:
            DocumentError: they cannot be read at all.
        """
        ...


WAYS_OUT = (
    'give an engine that reads it (pip install "handrail[ocr]", then Document.open(..., ocr=rapid_ocr()) or'
    " reading(ocr=rapid_ocr())), send it as a picture to a model that sees (Image.of_page), or let a person read it"
)
"""What to do with a page that is a picture of text."""


def no_text_layer(what: str, number: int) -> DocumentNote:
    """Return what is to be said of a page that is a picture with no text that can be read."""
    message = f"{what}, with no text that can be read: {WAYS_OUT}"
    return DocumentNote(code="no_text_layer", message=message, page=number)


def too_long(number: int, limits: ReadingLimits) -> DocumentNote:
    """Return what is to be said of a page whose text was cut at the limit."""
    most = limits.page_characters
    message = f"its text is longer than {most} characters; the rest was left out (ReadingLimits.page_characters)"
    return DocumentNote(code="pages_left_out", message=message, page=number)
