"""How many may start within a time: evenly spaced, or so many within any minute; and none while a pause was asked for.

Who is to start takes a start when it is due and not before, so that a call that was given up takes nothing from others.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable


class Pace:
    """Lets at most so many starts happen within any span of so many seconds; threads and event loops may share it."""

    def __init__(
        self, starts: int | None, within_seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with a free span; None: any number of starts. ``clock`` gives seconds, and may be set back."""
        self._span = within_seconds
        self._limit = starts
        self._starts: deque[float] = deque(maxlen=starts)
        self._paused_until = 0.0
        self._clock = clock
        self._lock = threading.Lock()

    @classmethod
    def per_second(cls, starts: float | None, *, clock: Callable[[], float] = time.monotonic) -> "Pace":
        """Return the pace of so many starts in a second, evenly spaced; None: any number."""
        return cls(None, 0.0, clock=clock) if starts is None else cls(1, 1.0 / starts, clock=clock)

    @property
    def paused(self) -> float:
        """Return how many seconds of a pause are left, 0 or more."""
        return max(0.0, self._paused_until - self._clock())

    def pause(self, seconds: float) -> bool:
        """Let nothing start for so many seconds; return whether that is longer than was asked for before."""
        until = self._clock() + seconds
        with self._lock:
            is_longer = until > self._paused_until
            self._paused_until = max(until, self._paused_until)
        return is_longer

    def take(self, since: float | None = None) -> float:
        """Take a start, or return how many seconds to wait before one can be free; 0: it is taken.

        The start counts from now. With ``since``, the time at which the caller began to wait, it counts from when it
        was free: what a timer is late by is not added up.
        """
        with self._lock:
            now = self._clock()
            free = max(self._paused_until, self._free(now))
            if free > now:
                return free - now
            if self._limit is not None:
                self._starts.append(now if since is None else min(now, max(free, since)))
            return 0.0

    async def turn(self, door: asyncio.Lock, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Wait for the next free start and take it; ``door`` keeps the order of those who wait in one event loop."""
        if self._limit is None and not self.paused:
            return
        since = self._clock()
        async with door:
            while seconds := self.take(since):
                await sleep(seconds)

    def _free(self, now: float) -> float:
        """Return when the span has room for a start."""
        if self._limit is None or len(self._starts) < self._limit:
            return 0.0
        if self._starts[-1] > now:  # the clock was set back: nobody waits for longer than a span because of it
            self._starts = deque((min(each, now) for each in self._starts), maxlen=self._limit)
        return self._starts[0] + self._span
