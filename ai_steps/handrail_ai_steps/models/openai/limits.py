"""How many requests may be open and started: per model, over every event loop it is used from."""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from handrail_ai_steps.models.openai.failure import Halted

WINDOW_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 60.0
"""A server that asks for a longer pause is asked again after this: it may have been wrong, or be well again."""


class Pacer:
    """Lets at most so many requests start within any minute, and none while the server asked for a pause.

    A start is taken when it is due and not before, so that a call that was given up takes nothing from the others.
    """

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with a free minute; ``clock`` gives seconds."""
        self._per_minute = per_minute
        self._clock = clock
        self._starts: deque[float] = deque(maxlen=per_minute)
        self._paused_until = 0.0
        self._asked = ""
        self._lock = threading.Lock()

    def pause(self, seconds: float) -> None:
        """Let nothing start for so many seconds, or for as long as a server is believed."""
        until = self._clock() + min(seconds, LONGEST_PAUSE_SECONDS)
        with self._lock:
            if until > self._paused_until:
                self._paused_until, self._asked = until, _asked(seconds)

    def wait(self) -> float:
        """Return how many seconds to wait before a start can be free, 0 or more."""
        now = self._clock()
        due = max(now, self._paused_until)
        if self._per_minute is not None and len(self._starts) == self._per_minute:
            due = max(due, self._starts[0] + WINDOW_SECONDS)
        return due - now

    def take(self) -> float:
        """Take a start, or return how many seconds to wait before one can be free; 0: it is taken."""
        with self._lock:
            seconds = self.wait()
            if not seconds and self._per_minute is not None:
                self._starts.append(self._clock())
            return seconds

    async def turn(self, door: asyncio.Lock, seconds_left: float) -> None:
        """Wait for the next free start and take it; ``door`` keeps the order of those who wait in one event loop.

        Raises:
            Halted: the server asked for a pause that outlives the call, which is said at once.
        """
        self._require_awake(seconds_left)
        async with door:
            while seconds := self.take():
                self._require_awake(seconds_left)
                await asyncio.sleep(seconds)

    def _require_awake(self, seconds_left: float) -> None:
        paused = max(0.0, self._paused_until - self._clock())
        if paused and paused >= seconds_left:
            raise Halted("failed", f"{self._asked}; it is asked again in {paused:.0f} seconds")


def _asked(seconds: float) -> str:
    """Return what a server asked for, in words."""
    told = f"the server asked for a pause of {seconds:.6g} seconds"
    try:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return told
    return f"{told}, until {until:%Y-%m-%d %H:%M:%S} UTC" if math.isfinite(seconds) else told
