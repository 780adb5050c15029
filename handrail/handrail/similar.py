"""Decided cases that resemble the one on the page: an index in memory, filled beside the pages from the store."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from handrail.likeness import LikenessIndex, Near, likeness
from handrail_orchestrator.errors import Misuse, ReviewError, StoreError
from handrail_orchestrator.reader import Reader, reading
from handrail_orchestrator.records.decided import DecidedText, plain_step
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.similar import SimilarCase

MOST_KEPT: Final = 100_000
"""Decided cases that are kept in mind, the newest."""
LONGEST_SECONDS: Final = 0.02
"""What a page waits for at most: later than that nothing is shown."""
LEAST_LIKENESS: Final = 0.2
"""Of cases that are shown: below it they have words in common, and no more."""
LONGEST_TEXT: Final = 160
"""Characters of a text as it is shown."""

_PAGE = 200
"""Decisions read at once."""
_REST_SECONDS = 0.01
"""Between two pages, so that those who answer are not held up."""
_LEAST_SECONDS_BETWEEN = 0.5
"""Between two looks for what was decided since."""

_log = logging.getLogger("handrail.similar")


class SimilarCases:
    """Finds similar decided cases of a store.

    The first search starts a thread that reads what was decided, and every later one has it look for more. A search
    itself only looks into memory, and reads the few rows that it shows: they are what the store says now, so that an
    answer that was taken back is not among them.
    """

    def __init__(self, reader: Reader, *, most: int = MOST_KEPT, seconds: float = LONGEST_SECONDS) -> None:
        self._reader = reader
        self._seconds = seconds
        self._most = most
        self._index = LikenessIndex(most)
        self._after: int | None = None
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._asked = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def similar(self, item: ReviewItem, limit: int = 3) -> Sequence[SimilarCase]:
        """Return the decided cases that resemble an item most, the likest first; at once, or none."""
        if is_blind(item) or limit < 1:
            return ()
        until = time.monotonic() + self._seconds
        self._have_filled()
        text = text_of(item.context)
        if not self._lock.acquire(timeout=self._seconds / 2):
            return ()
        try:
            near = self._index.near(_group(item), text, but=item.id)
        finally:
            self._lock.release()
        try:
            found = self._found(near, item, text, until)
        except StoreError:  # a page does without
            return ()
        return sorted(found, key=lambda case: (-case.likeness, -case.decided))[:limit]

    def _found(self, near: Sequence[Near], item: ReviewItem, text: str, until: float) -> list[SimilarCase]:
        """Return those of the near ones that are like the item; none when the time is up."""
        found: list[SimilarCase] = []
        hidden = self._reader.is_known(item.id)
        for each in near:
            if time.monotonic() > until:
                return []
            case = self._case(each.key, item, text)
            if case is not None and not (hidden and case.likeness == 1.0):  # or it would give its own answer away
                found.append(case)
        return found

    def catch_up(self) -> int:
        """Read all that was decided since the last time, now; return how many cases are kept in mind."""
        while self._read_page(self._reader):
            pass
        return len(self._index)

    def close(self) -> None:
        """End the thread; what is kept in mind is forgotten with it."""
        self._closed.set()
        self._asked.set()
        if self._thread is not None:
            self._thread.join()

    def _case(self, number: int, item: ReviewItem, text: str) -> SimilarCase | None:
        """Return a case as it is now; None when it is not decided any more, or is not like the item after all."""
        try:
            row = self._reader.plain_review(number)
        except ReviewError:  # its run was pruned
            return None
        if row.state != "decided" or row.decided is None or _group(row) != _group(item):
            return None
        other = text_of(row.context)
        how = likeness(text, other)
        if how < LEAST_LIKENESS:
            return None
        return SimilarCase(
            item=row.id,
            text=one_line(other),
            value=row.decision,
            by=row.decided_by or "",
            decided=row.decided,
            likeness=how,
        )

    def _have_filled(self) -> None:
        self._asked.set()
        if self._thread is None and not self._closed.is_set():
            self._thread = threading.Thread(target=self._fill, name="handrail-similar", daemon=True)
            self._thread.start()

    def _fill(self) -> None:
        try:
            try:
                with reading(self._reader.store) as reader:
                    self._fill_from(reader)
            except Misuse:  # in memory: whoever opened it has the only one
                self._fill_from(self._reader)
        except StoreError as error:
            _log.info("similar cases are shown no more: %s", error)

    def _fill_from(self, reader: Reader) -> None:
        while not self._closed.is_set():
            if self._read_page(reader):
                self._closed.wait(_REST_SECONDS)
                continue
            self._asked.clear()
            if not self._closed.wait(_LEAST_SECONDS_BETWEEN):  # or the call to end may be what was cleared
                self._asked.wait()

    def _read_page(self, reader: Reader) -> int:
        """Take in the next decisions; return how many."""
        with self._turn:
            if self._after is None:
                self._after = reader.decided_before(self._most)
            page = reader.decided_texts(after=self._after, limit=_PAGE)
            for each in page:
                words = self._index.words(_group(each), text_of(each.context))
                with self._lock:  # one at a time: a search waits for one text, not for a page
                    self._index.add(each.id, words)
            if page:
                self._after = page[-1].place
            return len(page)


def is_blind(item: ReviewItem) -> bool:
    """Return whether an item is to be decided without help: what others decided would be a suggestion."""
    return item.code == "drawn" or item.kind == "audit"


def text_of(context: Any) -> str:
    """Return what an item is about as one text."""
    return context if isinstance(context, str) else " · ".join(_leaves(context))


def one_line(text: str) -> str:
    """Return a text as a list shows it."""
    line = " ".join(text[: LONGEST_TEXT * 4].split())
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 1]}…"


def _leaves(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for each in data.values():
            yield from _leaves(each)
    elif isinstance(data, list):
        for each in data:
            yield from _leaves(each)
    elif data is not None and not isinstance(data, bool):
        yield str(data)


def _group(item: ReviewItem | DecidedText) -> str:
    """Return the queue, workflow and step of an item: only among those of one cases resemble each other."""
    return f"{item.queue}\n{item.workflow}\n{plain_step(item.step)}"
