"""Places on a document's pages, and the pages' pictures: made from its bytes when they are asked for."""

import os
import threading
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.documents.child import ask
from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.errors import BytesMissing, DocumentError, ReaderCrashed, WrongKind
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import Box, Page
from handrail_ai_steps.documents.pictured import PICTURES, drawn
from handrail_ai_steps.documents.readers.register import module_of

_PLACES = "handrail_ai_steps.documents.readers.pdf_places"
KEPT_PAGES = 16
"""Pages whose characters' places are kept for the next question."""


def box_of(document: Document, start: int, end: int, limits: ReadingLimits) -> tuple[tuple[int, Box], ...]:
    """Return the pages and boxes on which a part of a document's text stands, a box for each line touched."""
    if not 0 <= start <= end <= len(document.text):
        raise ValueError(f"{start} to {end} is no part of a text of {len(document.text)} characters")
    starts = document.page_starts
    first, last = bisect_right(starts, start) - 1, bisect_right(starts, max(end - 1, start)) - 1
    found: list[tuple[int, Box]] = []
    for index in range(max(first, 0), last + 1):
        page = document.pages[index]
        begin, stop = max(start - starts[index], 0), min(end - starts[index], len(page.text))
        if begin < stop:
            found += ((page.number, box) for box in _boxes(document, page, begin, stop, limits))
    return tuple(found)


def page_image(document: Document, number: int, dpi: float, limits: ReadingLimits) -> bytes:
    """Return a page's picture as PNG, turned as its boxes are."""
    page = next((page for page in document.pages if page.number == number), None)
    if page is None:
        raise ValueError(f"{document.name} has no page {number}")
    if not dpi > 0:
        raise ValueError(f"{dpi} dpi: a picture has more than none")
    if document.kind not in PICTURES:
        raise WrongKind(f"{document.name}: a document of the kind {document.kind} has no pages that can be drawn")
    try:
        return drawn(_data_of(document), document.kind, number, limits, dpi=dpi, turned=page.turned)
    except BytesMissing:
        raise
    except DocumentError as error:
        raise type(error)(f"{document.name}: {error}") from error.__cause__


def part_bytes(document: Document, index: int, limits: ReadingLimits) -> bytes:
    """Return the bytes of one of the files in a document."""
    part = document.parts[index]
    if part.document is not None and part.document.data is not None:
        return part.document.data
    request = {"kind": document.kind, "name": document.name, "places": False}
    answers = ask("read", _data_of(document), limits, module=module_of(document.kind), **request)
    parts = (more for said, more in answers if said[0] == "part")
    with closing(answers):
        for number, data in enumerate(parts):
            if number == index:
                return data
    raise ReaderCrashed(f"{document.name}: part {index} is not found again")


def _data_of(document: Document) -> bytes:
    if document.data is None:
        raise BytesMissing(
            f"{document.name} was read from a record, without its bytes: give them back, document.opened(data)"
        )
    return document.data


def _boxes(document: Document, page: Page, start: int, end: int, limits: ReadingLimits) -> Iterator[Box]:
    has_boxes = bool(page.lines) and all(line.box is not None for line in page.lines)
    if document.kind != "pdf" or (has_boxes and (page.source == "ocr" or document.data is None)):
        yield from _shares(page, start, end)
    else:
        yield from _KEPT_PLACES.boxes(document, page, start, end, limits)


def _shares(page: Page, start: int, end: int) -> Iterator[Box]:
    """Yield the parts of the lines' own boxes that a part of the text takes, all characters being equally wide."""
    for line in page.lines:
        first, last = max(line.start, start), min(line.end, end)
        if line.box is not None and first < last:
            width = (line.box.right - line.box.left) / (line.end - line.start)
            left = line.box.left + width * (first - line.start)
            yield Box(left, line.box.top, left + width * (last - first), line.box.bottom)


@dataclass(frozen=True, slots=True)
class _Places:
    """The boxes of some characters of a page's text, four numbers for each."""

    text: str
    """Of the whole page."""
    start: int
    corners: "array[float]"

    def boxes(self, start: int, end: int) -> Iterator[Box]:
        """Yield a box for each line of the text from ``start`` to ``end``."""
        for first, last in _lines(self.text, start, end):
            at, stop = 4 * (first - self.start), 4 * (last - self.start)
            lefts, tops = self.corners[at:stop:4], self.corners[at + 1 : stop : 4]
            rights, bottoms = self.corners[at + 2 : stop : 4], self.corners[at + 3 : stop : 4]
            seen = [index for index, right in enumerate(rights) if right > lefts[index]]
            if seen:
                yield Box(
                    round(min(lefts[index] for index in seen), 2),
                    round(min(tops[index] for index in seen), 2),
                    round(max(rights[index] for index in seen), 2),
                    round(max(bottoms[index] for index in seen), 2),
                )


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if start < stop:
            yield start, stop
        start = stop + 1


def _again(span: str, before: str, text: str) -> int:
    """Return where a part of a text is in another reading of the page: the same one of its occurrences; -1: nowhere."""
    place = -1
    for _ in range(before.count(span) + 1):
        place = text.find(span, place + 1)
        if place < 0:
            break
    return place


class _Asked:
    """What is known of a page's places: what came first, and the rest, which is being made."""

    def __init__(
        self, document: Document, data: bytes, page: Page, start: int, end: int, limits: ReadingLimits
    ) -> None:
        self.lock = threading.Lock()
        self._text = page.text
        request = {"number": page.number, "text": page.text, "start": start, "end": end}
        self._answers = _asked(document, f"{_PLACES}:places", data, limits, **request)
        self.first = self._next(start)
        self._all: _Places | None = None

    def all(self) -> _Places:
        """Return the places of all characters of the page."""
        with self.lock:
            if self._all is None:
                self._all = self._next(0)
                self.close()
            return self._all

    def close(self) -> None:
        """Let the process end that makes the rest."""
        self._answers.close()

    def _next(self, start: int) -> _Places:
        said, data = next(self._answers)
        return _Places(self._text if said[1] is None else said[1], start, array("f", data))


class _KeptPlaces:
    """The places of the pages that were asked for last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[str, int], _Asked] = OrderedDict()

    def boxes(self, document: Document, page: Page, start: int, end: int, limits: ReadingLimits) -> Iterator[Box]:
        """Yield the boxes of a part of a page's text."""
        data = _data_of(document)
        key = document.id, page.number
        with self._lock:
            asked = self._pages.get(key)
            if asked is not None:
                self._pages.move_to_end(key)
        if asked is None:
            asked = _Asked(document, data, page, start, end, limits)
            places = asked.first
            self._keep(key, asked)
        else:
            places = asked.all()
        if places.text != page.text:  # another version of the reader has laid the page out otherwise
            span = page.text[start:end]
            place = _again(span, page.text[:start], places.text)
            if place < 0:
                yield from _shares(page, start, end)
                return
            places, start, end = asked.all(), place, place + len(span)
        yield from places.boxes(start, end)

    def forget(self) -> None:
        """In a process that was just forked: leave the parent's channels alone."""
        self._lock = threading.Lock()
        self._pages.clear()

    def _keep(self, key: tuple[str, int], asked: _Asked) -> None:
        with self._lock:
            self._pages[key] = asked
            gone = [self._pages.popitem(last=False)[1] for _ in range(len(self._pages) - KEPT_PAGES)]
        for each in gone:
            with each.lock:
                each.close()


def _asked(
    document: Document, task: str, data: bytes, limits: ReadingLimits, **arguments: Any
) -> Generator[tuple[Any, bytes], None, None]:
    try:
        yield from ask(task, data, limits, module=task.partition(":")[0], arguments=arguments)
    except DocumentError as error:
        raise type(error)(f"{document.name}: {error}") from error.__cause__


_KEPT_PLACES = _KeptPlaces()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_KEPT_PLACES.forget)
