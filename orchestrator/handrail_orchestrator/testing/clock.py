"""A clock that stands still until a test moves it."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime

from handrail_orchestrator.given_time import checked_moment


class FakeTimer:
    """A call set for a time on a fake clock."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Take the call back."""
        self.callback = None


class FakeClock:
    """Wall-clock time under a test's control; days pass at once."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)) -> None:
        self._now = checked_moment(start, "FakeClock: start").timestamp()
        self._timers: list[tuple[float, int, FakeTimer]] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], None]) -> FakeTimer:
        """Call back once the clock was moved to ``when``; what is due already needs no move, as on a real clock."""
        timer = FakeTimer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        if when <= self._now and (loop := _running_loop()) is not None:
            loop.call_soon(self._ring)
        return timer

    @property
    def next_timer(self) -> float | None:
        """Return when the next call is due, or None when none is set."""
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def move_to(self, when: float) -> None:
        """Move to a time and make the calls that are due by then; a time before now sets the clock back."""
        self._now = when
        self._ring()

    def _ring(self) -> None:
        while (due := self.next_timer) is not None and due <= self._now:
            callback = heapq.heappop(self._timers)[2].callback
            if callback is not None:
                callback()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
