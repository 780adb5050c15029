"""One person's sitting at the questions of a store: what they have, what they answered, and what counts when."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from handrail_ground.errors import HandrailError
from handrail_orchestrator.engine import EngineClient
from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.store import ReviewQuery

T = TypeVar("T")

BEAT_SECONDS: Final = 60.0
"""How often a question that is being read is kept for its reader, who has it for five minutes each time."""
AWAY_SECONDS: Final = 900.0
"""After so long without a key a reader is taken to be away: the question becomes free when its five minutes end."""


SHORTEST_WAIT: Final = 0.5
"""Seconds between two looks at what could not be done at once."""


class WindowOver(Exception):
    """Nothing can be taken back any more, which is what was waited for."""


class Sitting:
    """Takes questions, keeps them for their reader, answers them, and lets the answers count."""

    def __init__(
        self, client: EngineClient, runner: asyncio.Runner, by: str, queue: str | None = None, *, undo_seconds: float
    ) -> None:
        self.client = client
        self.by = by
        self.answered: list[ReviewItem] = []
        """What was answered here and not taken back, in order."""
        self._runner = runner
        self._queue = queue
        self._undo_seconds = undo_seconds
        self._held: ReviewItem | None = None
        self._beat = self._touched = 0.0
        self._ends_with_window = False

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something that the client does."""
        return self._runner.run(work)

    def next(self) -> ReviewDetail | None:
        """Take the next question, if one waits; what time has done to the others is done first."""
        self._fire()
        return self.do(self.client.next_review(by=self.by, queue=self._queue))

    def left(self) -> int:
        """Return how many questions wait."""
        return self.client.review_count(ReviewQuery(queue=self._queue))

    # -- the question that is read

    def hold(self, item: ReviewItem) -> None:
        """Keep a question for its reader from now on."""
        self._held = item
        self._beat = self._touched = self.client.now()

    def touch(self) -> None:
        """Take note that the reader is there."""
        self._touched = self.client.now()

    def is_mine(self, item: ReviewItem) -> bool:
        """Return whether this person still has a question."""
        return item.state == "leased" and item.lease_owner == self.by

    def give_back(self) -> None:
        """Give the question back that is being read, if it still is this person's."""
        if self._held is not None:
            held, self._held = self._held, None
            with suppress(ReviewError):
                self.do(self.client.release(held.id, by=self.by))

    def put_down(self) -> None:
        """Take note that the question was settled."""
        self._held = None

    # -- answers

    def decide(self, item: ReviewItem, value: object, *, note: str | None, despite: Sequence[str] = ()) -> ReviewItem:
        """Answer the question that is being read; the answer counts when its undo window is over."""
        self._show_life(self.client.now())
        row = self.do(
            self.client.decide(
                item.id,
                value,
                by=self.by,
                version=item.version,
                shown=item.digest or None,
                note=note,
                despite=despite,
                undo_seconds=self._undo_seconds,
            )
        )
        self.put_down()
        self.answered.append(row)
        return row

    def undo(self) -> ReviewItem:
        """Take the last answer back; its question is this person's again."""
        last = self.answered[-1]
        row = self.do(self.client.undo(last.id, by=self.by))
        self.answered.pop()
        return row

    def pending(self) -> list[ReviewItem]:
        """Return what was answered here and does not count yet."""
        rows = [self.client.review(each.id) for each in self.answered if each.state == "pending"]
        return [row for row in rows if row.state == "pending" and row.lease_owner == self.by]

    def let_count(self) -> list[ReviewItem]:
        """Let every answer of this sitting count now, and return those that did not before."""
        counted = []
        for each in self.pending():
            with suppress(ReviewError):  # it counts by now, or was taken back at another door
                counted.append(self.do(self.client.commit(each.id, by=self.by)))
        return counted

    # -- while nobody types

    def pulse(self) -> float | None:
        """Keep what is being read, and let count what can; returns when to be called again, in seconds.

        Raises:
            WindowOver: it is waited for, and every answer counts.
        """
        now = self.client.now()
        self.answered = [self._counted(each, now) for each in self.answered]
        left = [each.commit_at - now for each in self.answered if each.commit_at is not None]
        if self._ends_with_window and not left:
            raise WindowOver
        if self._held is not None and now - self._touched < AWAY_SECONDS:
            if now - self._beat >= BEAT_SECONDS:
                self._show_life(now)
                self._fire()
            left.append(self._beat + BEAT_SECONDS - now)
        return max(SHORTEST_WAIT, min(left)) if left else None

    def end_with_window(self, *, wanted: bool) -> None:
        """Have ``pulse`` end the waiting once every answer counts, or not any more."""
        self._ends_with_window = wanted

    def _fire(self) -> None:
        """Let what is late be late, as every worker and the pages do: this command may be all that is up."""
        with suppress(HandrailError):  # the store is locked for now
            self.do(self.client.fire_timers())

    def _counted(self, item: ReviewItem, now: float) -> ReviewItem:
        """Let an answer count whose undo window is over, and return the item as it is then."""
        if item.commit_at is None or item.commit_at > now:
            return item
        try:
            with suppress(ReviewError):  # it was taken back at another door
                self.do(self.client.commit(item.id, by=self.by))
            return self.client.review(item.id)
        except HandrailError:  # the store is locked for now
            return item

    def _show_life(self, now: float) -> None:
        """Have the five minutes of the question that is read begin anew."""
        if self._held is not None:
            worked, self._beat = now - self._beat, now
            with suppress(HandrailError):  # it is somebody else's by now: deciding says so
                self.do(self.client.extend(self._held.id, by=self.by, worked=worked))
