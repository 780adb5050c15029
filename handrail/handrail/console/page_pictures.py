"""Pictures of documents' pages and places on them: drawn when they are looked at, and the last ones kept."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.page import Box

DPI = 144
"""Of the pictures: a page of A4 is 1190 pixels wide."""
MOST_BYTES = 64_000_000
"""Of the pictures that are kept."""
MOST_PLACES = 50_000
DRAWN_AT_ONCE = 2

Range: TypeAlias = tuple[int, int]
"""Where something begins and ends in a document's text."""
Places: TypeAlias = tuple[tuple[int, Box], ...]
"""Pages by their numbers, and a box on each."""


class PagePictures:
    """What was drawn and found last; safe to use from several threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._pictures: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._bytes = 0
        self._places: OrderedDict[tuple[str, Range], Places] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(DRAWN_AT_ONCE)

    def picture(self, document: str, page: int, opened: Callable[[], Document]) -> bytes:
        """Return the picture of a page of a document, by its id, as PNG.

        Raises:
            DocumentError: it cannot be drawn.
            UnknownFile: its bytes are not there.
        """
        key = (document, page)
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
        with self._turns:
            drawn = opened().page_image(page, DPI)
        with self._lock:
            if key not in self._pictures:
                self._bytes += len(drawn)
            self._pictures[key] = drawn
            while self._bytes > self._most_bytes and len(self._pictures) > 1:
                _, dropped = self._pictures.popitem(last=False)
                self._bytes -= len(dropped)
        return drawn

    def places(self, document: str, ranges: Iterable[Range], opened: Callable[[], Document]) -> Mapping[Range, Places]:
        """Return where parts of a document's text stand on its pages.

        Raises:
            DocumentError: it cannot be found out.
            UnknownFile: its bytes are not there.
        """
        with self._lock:
            found = {each: self._places[document, each] for each in ranges if (document, each) in self._places}
        missing = [each for each in ranges if each not in found]
        if not missing:
            return found
        with self._turns:
            whole = opened()
            found |= {each: whole.box_of(*each) for each in missing}
        with self._lock:
            self._places.update({(document, each): found[each] for each in missing})
            while len(self._places) > MOST_PLACES:
                self._places.popitem(last=False)
        return found
