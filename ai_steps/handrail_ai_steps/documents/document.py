"""A document: what a file says, page by page, with what was found beside it; its bytes are no part of it."""

import hashlib
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from handrail_ai_steps.documents.errors import NotItsBytes
from handrail_ai_steps.documents.invoice import InvoiceData, NoInvoice
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Box, Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    from handrail_ai_steps.documents.ocr.port import Ocr

DocumentKind: TypeAlias = Literal[
    "pdf", "image", "mail", "outlook", "winmail", "docx", "xlsx", "html", "markdown", "text", "ocr_lines", "xml"
]
"""What a file is by its content, whatever its name says."""

NoteCode: TypeAlias = Literal[
    "no_text_layer",
    "garbled_text",
    "pages_left_out",
    "broken_page",
    "lossy_decoding",
    "part_failed",
    "hidden_text",
    "scanned_layer",
    "repaired",
    "wrong_name",
    "form_not_shown",
    "turned",
    "low_score",
    "formula_without_value",
    "tracked_changes",
    "empty",
]
"""What was found beside the text, as a code to count by.

``scanned_layer``: the text of a page is what another program read in its picture, laid over it unseen; nobody has
compared the two.
"""

PAGE_BREAK = "\f"
"""What stands between the pages in a document's text."""

BLOCKING: frozenset[NoteCode] = frozenset(
    {
        "no_text_layer",
        "garbled_text",
        "scanned_layer",
        "pages_left_out",
        "broken_page",
        "part_failed",
        "lossy_decoding",
        "formula_without_value",
        "empty",
    }
)
"""Notes that say that the text may lack, or misstate, what the document shows: nothing read from it is accepted."""

PartRole: TypeAlias = Literal["body", "attachment", "inline", "message"]
PartState: TypeAlias = Literal["read", "failed", "kept"]
"""``kept``: not read, because nothing here reads its kind, or a limit was reached; its name and size are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentNote:
    """Something that was found beside the text."""

    code: NoteCode
    message: str
    """What, where, and what to do, in plain words."""
    page: int | None = None
    """1 or more; None: the document as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormValue:
    """A field of a form that is filled in."""

    name: str
    value: str
    page: int = 1
    box: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file inside a document: a mail's body, an attachment, a message in a message."""

    name: str
    role: PartRole
    state: PartState
    size: int
    """In bytes."""
    document: "Document | None" = None
    """What it says; None unless ``state`` is ``read``."""
    problem: str = ""
    """Why it was not read, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a file says.

    It is pure data and can be recorded; the bytes are no part of it. ``opened`` gives a recorded one its bytes back,
    which places on a page and pictures of one are made from.
    """

    id: str
    """SHA-256 of the file's bytes, as 64 hexadecimal digits: the same file is the same document, whatever its name."""
    name: str
    kind: DocumentKind
    pages: tuple[Page, ...]
    parts: tuple[Part, ...] = ()
    form: tuple[FormValue, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Of a mail: sender, recipients, date, subject and message id, by their names in lower case."""
    notes: tuple[DocumentNote, ...] = ()
    invoice: InvoiceData | NoInvoice | None = None
    """Of an XML file: the invoice that it is as data, or why it is none."""

    @staticmethod
    def open(
        source: "str | PathLike[str] | bytes",
        *,
        name: str | None = None,
        limits: ReadingLimits = ReadingLimits(),
        ocr: "Ocr | None" = None,
        places: bool = False,
    ) -> "Document":
        """Read a file, given by its path or as bytes: its kind is found by its content, its limits are kept.

        It is read by a process of its own. ``name`` is how it is called (None: as the path says); ``ocr`` reads pages
        that are pictures; with ``places`` every line has its box, where the format has places.

        Raises:
            DocumentError: it cannot be read; the message says why, and what to do.
            LibraryMissing: an optional library that reads its kind is not installed.
            OSError: there is no such file, or it may not be read.
        """
        document: Document = _opening().open_document(source, name=name, limits=limits, ocr=ocr, places=places)
        return document

    @property
    def data(self) -> bytes | None:
        """Return the bytes that it was read from; None: it was read from a record, ``opened`` gives them back."""
        return self.__dict__.get("_data")

    @property
    def text(self) -> str:
        """Return the pages' texts with a form feed between them; places in it are counted in code points."""
        return PAGE_BREAK.join(page.text for page in self.pages)

    @property
    def page_starts(self) -> tuple[int, ...]:
        """Return where in the text each page begins."""
        return (0, *accumulate(len(page.text) + len(PAGE_BREAK) for page in self.pages[:-1])) if self.pages else ()

    @property
    def blocking(self) -> tuple[DocumentNote, ...]:
        """Return the notes for which nothing that is read from it may be accepted."""
        return tuple(note for note in self.notes if note.code in BLOCKING)

    def walk(self) -> "Iterator[Document]":
        """Yield this document, and then each one inside it, depth first."""
        yield self
        for part in self.parts:
            if part.document is not None:
                yield from part.document.walk()

    def only(self, first: int, last: int) -> "Document":
        """Return some pages of this document, by their numbers, which they keep; it is the same file all the same.

        Notes and form values of other pages are not in it. With numbers that it does not have it has no pages.
        """
        numbers = range(first, last + 1)
        some = replace(
            self,
            pages=tuple(page for page in self.pages if page.number in numbers),
            notes=tuple(note for note in self.notes if note.page is None or note.page in numbers),
            form=tuple(each for each in self.form if each.page in numbers),
        )
        return some if self.data is None else with_bytes(some, self.data)

    def box_of(self, start: int, end: int, *, limits: ReadingLimits = ReadingLimits()) -> tuple[tuple[int, Box], ...]:
        """Return where a part of its text stands: for each line touched, the page's number and the box on it.

        A format without places has none: the result is empty.

        Raises:
            BytesMissing: it is from a record, and its places are found in its bytes alone.
            DocumentError: its bytes cannot be read any more within the limits.
            ValueError: there is no such part of its text.
        """
        found: tuple[tuple[int, Box], ...] = _places().box_of(self, start, end, limits)
        return found

    def page_image(self, number: int, dpi: float = 150, *, limits: ReadingLimits = ReadingLimits()) -> bytes:
        """Return the picture of a page as PNG, set upright as its boxes are; one that is a picture has its own pixels.

        Raises:
            BytesMissing: it is from a record.
            WrongKind: its format has no pages to be drawn.
            DocumentError: it cannot be drawn within the limits.
            ValueError: there is no such page.
        """
        picture: bytes = _places().page_image(self, number, dpi, limits)
        return picture

    def part_bytes(self, index: int, *, limits: ReadingLimits = ReadingLimits()) -> bytes:
        """Return the bytes of one of its parts, read or not.

        Raises:
            BytesMissing: it is from a record.
            DocumentError: its bytes cannot be read any more within the limits.
        """
        data: bytes = _places().part_bytes(self, index, limits)
        return data

    def opened(self, data: bytes) -> "Document":
        """Return this document with the bytes that it was read from.

        Raises:
            NotItsBytes: these are others.
        """
        found = hashlib.sha256(data).hexdigest()
        if found != self.id:
            raise NotItsBytes(f"{self.name}: its bytes have the hash {self.id}, those given have {found}")
        return with_bytes(replace(self), data)


def with_bytes(document: Document, data: bytes) -> Document:
    """Let a document that nobody has yet keep its bytes, beside its fields, so that no record has them."""
    document.__dict__["_data"] = data
    return document


def _opening() -> Any:
    # Data knows nothing of processes and files: what opens a file is looked for when somebody opens one.
    return import_module("handrail_ai_steps.documents.opening")


def _places() -> Any:
    return import_module("handrail_ai_steps.documents.places")
