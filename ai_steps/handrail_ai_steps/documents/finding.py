"""Finding what is in a file: by a child of the reading process, or by two for one of many pages."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from handrail_ai_steps.documents.child import ask
from handrail_ai_steps.documents.document import DocumentKind, DocumentNote, FormValue
from handrail_ai_steps.documents.errors import DocumentError, ReaderCrashed, TooHeavy
from handrail_ai_steps.documents.invoice import InvoiceData, NoInvoice
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Page
from handrail_ai_steps.documents.readers.piece import FoundInvoice, FoundPart, MailHeader, PageCount, Piece
from handrail_ai_steps.documents.readers.register import module_of
from handrail_ai_steps.documents.readers.wire import piece_of
from handrail_ground.optional import LibraryMissing

SHARED_FROM = 16
"""Pages from which two children read a file, each a half, where there are two processors."""


@dataclass
class Found:
    """What was found in a file so far."""

    pages: list[Page] = field(default_factory=list)
    parts: list[FoundPart] = field(default_factory=list)
    form: list[FormValue] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    notes: list[DocumentNote] = field(default_factory=list)
    invoice: InvoiceData | NoInvoice | None = None
    seconds_lost: float = 0.0
    """Of the processor, in children that did not come to the end of what they read."""

    def add(self, piece: Piece) -> None:
        """Take one piece to its like."""
        match piece:
            case Page():
                self.pages.append(piece)
            case DocumentNote():
                self.notes.append(piece)
            case FormValue():
                self.form.append(piece)
            case MailHeader(name, value):
                self.headers.append((name, value))
            case FoundPart():
                self.parts.append(piece)
            case FoundInvoice(reading):
                self.invoice = reading
            case PageCount():
                pass
            case _:
                assert_never(piece)

    def left_out(self, after: int, before: int | None, error: DocumentError, limits: ReadingLimits) -> None:
        """Note that what stands between two pages was left out; None: all that comes after the first."""
        if before is None:
            where = f"comes after page {after}"
        else:
            where = f"stands between the pages {after} and {before}" if after else f"comes before page {before}"
        self.seconds_lost += max(error.seconds - limits.page_seconds * len(self.pages), 0.0)
        self.notes.append(DocumentNote(code="pages_left_out", message=f"what {where} was left out: {error}"))

    def extend(self, rest: "Found") -> None:
        """Take what was found in the rest of the file."""
        self.pages += rest.pages
        self.parts += rest.parts
        self.form += rest.form
        self.headers += rest.headers
        self.notes += rest.notes
        self.seconds_lost += rest.seconds_lost


def find(data: bytes, name: str, kind: DocumentKind, limits: ReadingLimits, *, places: bool) -> Found:
    """Return what is in a file; what was found before a limit or a crash is kept, with a note of what was not.

    Raises:
        DocumentError: nothing of it can be read.
        LibraryMissing: an optional library that reads its kind is not installed.
    """
    request: dict[str, Any] = {"module": module_of(kind), "kind": kind, "name": name, "places": places}
    shared: dict[str, Any] = {"shared_from": SHARED_FROM} if kind == "pdf" and _processors() > 1 else {}
    found = Found()
    rest: _Rest | None = None
    try:
        with closing(ask("read", data, limits, **request, **shared)) as messages:
            for piece in _pieces(messages):
                if isinstance(piece, PageCount) and shared and piece.pages >= SHARED_FROM:
                    half = replace(limits, seconds=limits.seconds / 2)  # the other child has the other half
                    rest = _Rest(data, half, {**request, "first": piece.first_of_rest(limits)})
                else:
                    found.add(piece)
    except (TooHeavy, ReaderCrashed) as error:
        of_rest = rest.found() if rest is not None else Found()  # nothing goes on once we have told
        if not (found.pages or found.parts or of_rest.pages or of_rest.parts):
            error.seconds += of_rest.seconds_lost
            raise
        found.left_out(len(found.pages), None if rest is None else rest.first, error, limits)
    if rest is not None:
        found.extend(rest.found())
    return found


class _Rest:
    """The second half of a file, read by a second child at the same time."""

    def __init__(self, data: bytes, limits: ReadingLimits, request: dict[str, Any]) -> None:
        self.first = int(request["first"])
        """The number of its first page."""
        self._found = Found()
        self._error: LibraryMissing | None = None
        self._thread = threading.Thread(target=self._read, args=(data, limits, request), daemon=True)
        self._thread.start()

    def found(self) -> Found:
        """Return what was found, once all is."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found

    def _read(self, data: bytes, limits: ReadingLimits, request: dict[str, Any]) -> None:
        try:
            with closing(ask("read_rest", data, limits, **request)) as messages:
                for piece in _pieces(messages):
                    self._found.add(piece)
        except LibraryMissing as error:
            self._error = error
        except DocumentError as error:
            self._found.left_out(self.first - 1 + len(self._found.pages), None, error, limits)


def _pieces(messages: Iterator[tuple[Any, bytes]]) -> Iterator[Piece]:
    for said, more in messages:
        piece = piece_of(said, more)
        if piece is None:
            raise ReaderCrashed("the process that read it said what nobody understands")
        yield piece


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
