"""What the disk makes commits wait for, as measured in this process: it decides where the next one is made."""

import time
from collections import deque
from collections.abc import Callable

QUICK_SECONDS = 0.001
"""A disk that is this quick costs the event loop less than a thread would, which has to be woken and to wake, and takes
turns at the interpreter's lock for every row."""
ALONE_SECONDS = 0.01
"""With a single run at work nobody else is held up, and the loop may wait longer."""
SLOW_FOR_SECONDS = 5.0
"""A disk that was too slow is tried again in the loop after this long."""
RECENT = 5
ENOUGH = 3
"""Commits of which the median counts: one that met a busy moment says nothing yet, unless it was slow for anybody."""


class Flushes:
    """The time that recent commits in the event loop waited, without the processor time they took."""

    def __init__(self, monotonic: Callable[[], float] = time.perf_counter) -> None:
        self._monotonic = monotonic
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._slow_until = 0.0
        self._slow_alone_until = 0.0

    def quick(self, *, alone: bool) -> bool:
        """Return whether the next commit may be made in the event loop; ``alone`` when one run at most is at work."""
        return self._monotonic() >= (self._slow_alone_until if alone else self._slow_until)

    def waited(self, seconds: float) -> None:
        """Take note of what a commit in the event loop waited."""
        self._recent.append(seconds)
        if len(self._recent) < ENOUGH and seconds <= ALONE_SECONDS:
            return
        usual = sorted(self._recent)[len(self._recent) // 2]
        if usual <= QUICK_SECONDS:
            return
        self._recent.clear()  # it is judged anew when it is tried again
        self._slow_until = self._monotonic() + SLOW_FOR_SECONDS
        if usual > ALONE_SECONDS:
            self._slow_alone_until = self._slow_until
