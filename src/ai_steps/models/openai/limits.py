"""How many requests may be open and started: per model, over every event loop it is used from."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60.0


class Pacer:
    """Lets at most so many requests start within any minute, and none while the server asked for a pause."""

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with a free minute; ``clock`` gives seconds."""
        self._per_minute = per_minute
        self._clock = clock
        self._starts: deque[float] = deque(maxlen=per_minute)
        self._paused_until = 0.0
        self._lock = threading.Lock()

    def pause(self, seconds: float) -> None:
        """Let nothing start for so many seconds."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def reserve(self) -> float:
        """Take the next free start and return how many seconds away it is."""
        with self._lock:
            now = self._clock()
            start = max(now, self._paused_until)
            if self._per_minute is not None:
                if len(self._starts) == self._per_minute:
                    start = max(start, self._starts[0] + WINDOW_SECONDS)
                self._starts.append(start)
            return start - now

    async def turn(self) -> None:
        """Wait for the next free start."""
        seconds = self.reserve()
        if seconds > 0:
            await asyncio.sleep(seconds)
