"""Opening a file: what kind it is, what its reader finds, and the files in it, each with a state of its own."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from handrail_ai_steps.documents.document import (
    Document,
    DocumentKind,
    DocumentNote,
    Part,
    with_bytes,
)
from handrail_ai_steps.documents.errors import DocumentError, TooHeavy, WrongKind
from handrail_ai_steps.documents.finding import Found, find
from handrail_ai_steps.documents.kinds import kind_of, misnamed
from handrail_ai_steps.documents.limits import MEGABYTE, ReadingLimits
from handrail_ai_steps.documents.ocr.port import Ocr
from handrail_ai_steps.documents.pictured import PicturedFile
from handrail_ai_steps.documents.readers.piece import FoundPart
from handrail_ground.optional import LibraryMissing

LOST_SHARE = 0.75
"""Of the time that went into files that could not be read, which those after them have less: they are held to less and
less, and are still read where they cost little."""
SMALL_PICTURE = 5_000
"""Bytes: smaller pictures in a body are its decoration."""


def open_document(
    source: str | os.PathLike[str] | bytes,
    *,
    name: str | None = None,
    limits: ReadingLimits = ReadingLimits(),
    ocr: Ocr | None = None,
    places: bool = False,
) -> Document:
    """Read a file, given by its path or as bytes, and return what it says.

    Its kind is found by its content; ``name`` is how it is called (None: as the path says), ``ocr`` reads pages that
    are pictures, and with ``places`` every line has its box. It is read by a process of its own, within the limits.

    Raises:
        DocumentError: it cannot be read; the message says why, and what to do.
        LibraryMissing: an optional library that reads its kind is not installed.
        OSError: there is no such file, or it may not be read.
    """
    called = name if name is not None else "document" if isinstance(source, bytes) else Path(source).name
    called = called.encode("utf-8", "replace").decode()  # a name of bytes that are no text, as the system gives it
    try:
        data = source if isinstance(source, bytes) else _read(Path(source), limits.bytes)
        if len(data) > limits.bytes:
            raise _too_long(limits)
        opening = _Opening(limits=limits, ocr=ocr, places=places, bytes_left=limits.bytes, parts_left=limits.parts)
        return opening.open(data, called, depth=0)
    except DocumentError as error:
        raise type(error)(f"{called}: {error}") from error.__cause__


def _read(path: Path, most: int) -> bytes:
    """Return a file's bytes, or so many of them that it is seen to be too long."""
    if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
        raise WrongKind("this is no file but a device or a pipe; give its content as bytes")
    with path.open("rb") as file:
        return file.read(most + 1)


def _too_long(limits: ReadingLimits) -> TooHeavy:
    return TooHeavy(f"it has more than {limits.bytes / MEGABYTE:g} MB (ReadingLimits.bytes)")


@dataclass
class _Opening:
    """The opening of one file with all that is in it, and what is left of its limits."""

    limits: ReadingLimits
    ocr: Ocr | None
    places: bool
    bytes_left: int
    parts_left: int
    seconds_lost: float = 0.0
    """Of the processor, in files that could not be read to their ends."""

    def open(self, data: bytes, name: str, *, depth: int, kind: DocumentKind | None = None) -> Document:
        """Return what a file says, and the files in it."""
        self.bytes_left -= len(data)
        kind = kind or kind_of(data, name)
        found = self._find(data, name, kind)
        if self.ocr is not None:
            pictured = PicturedFile(data=data, kind=kind, ocr=self.ocr, limits=self.limits)
            found.pages, found.notes = pictured.read(found.pages, found.notes)
        parts = tuple(self._part(each, depth + 1) for each in found.parts)
        notes = (*_about_name(kind, name), *found.notes, *_about_parts(parts))
        if not (parts or found.form or any(page.text.strip() for page in found.pages) or _says_why(notes)):
            notes += (DocumentNote(code="empty", message="there is no text in it"),)
        document = Document(
            id=hashlib.sha256(data).hexdigest(),
            name=name,
            kind=kind,
            pages=tuple(found.pages),
            parts=parts,
            form=tuple(found.form),
            headers=tuple(found.headers),
            notes=notes,
            invoice=found.invoice,
        )
        return with_bytes(document, data)

    def _find(self, data: bytes, name: str, kind: DocumentKind) -> Found:
        """Return what is in a file, which has what time others have left."""
        seconds = max(self.limits.seconds - LOST_SHARE * self.seconds_lost, 0.0)
        try:
            found = find(data, name, kind, replace(self.limits, seconds=seconds), places=self.places)
        except DocumentError as error:
            self.seconds_lost += error.seconds
            raise
        self.seconds_lost += found.seconds_lost
        return found

    def _part(self, part: FoundPart, depth: int) -> Part:
        """Return a file in a file with its state: nothing that is wrong with it is the whole's end."""
        size = len(part.data)
        if part.problem:
            return Part(name=part.name, role=part.role, size=size, state="failed", problem=part.problem)
        self.parts_left -= 1
        kept = self._why_kept(part, depth)
        try:
            if kept:
                return Part(name=part.name, role=part.role, size=size, state="kept", problem=kept)
            document = self.open(part.data, part.name, depth=depth, kind=part.kind)
        except WrongKind as error:
            return Part(name=part.name, role=part.role, size=size, state="kept", problem=str(error))
        except (DocumentError, LibraryMissing) as error:
            return Part(name=part.name, role=part.role, size=size, state="failed", problem=str(error))
        return Part(name=part.name, role=part.role, size=size, state="read", document=document)

    def _why_kept(self, part: FoundPart, depth: int) -> str:
        """Return why a part is not read, or nothing."""
        size = len(part.data)
        if part.role == "inline" and size < SMALL_PICTURE:
            return "it is a small picture, as signatures have them"
        if depth > self.limits.depth:
            return f"it is more than {self.limits.depth} files deep (ReadingLimits.depth)"
        if self.parts_left < 0:
            return f"there are more than {self.limits.parts} parts (ReadingLimits.parts)"
        if size > self.bytes_left:
            return f"the parts have more than {self.limits.bytes / MEGABYTE:g} MB in all (ReadingLimits.bytes)"
        return ""


def _about_name(kind: DocumentKind, name: str) -> Iterator[DocumentNote]:
    said = misnamed(kind, name)
    if said is not None:
        yield DocumentNote(code="wrong_name", message=f"its name says {said}, its content is {kind}")


def _about_parts(parts: tuple[Part, ...]) -> Iterator[DocumentNote]:
    for part in parts:
        if part.state == "failed":
            yield DocumentNote(code="part_failed", message=f"{part.name} could not be read: {part.problem}")
    beyond = [part for part in parts if part.state == "kept" and "(ReadingLimits." in part.problem]
    if beyond:
        message = f"{len(beyond)} parts were not read, the first is {beyond[0].name}: {beyond[0].problem}"
        yield DocumentNote(code="part_failed", message=message)


def _says_why(notes: tuple[DocumentNote, ...]) -> bool:
    """Return whether it is known why there is no text."""
    return any(note.code in {"no_text_layer", "broken_page", "pages_left_out"} for note in notes)
