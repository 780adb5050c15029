"""When something must have ended: a clock that stops while we wait for ourselves and not for an answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Self


class Deadline:
    """Seconds that run out, except while they are held.

    Used within one event loop. What is begun inside another deadline cannot outlast it, and holds both.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        waiting: float | None = None,
        outer: "Deadline | None" = None,
    ) -> None:
        """Start the clock; ``clock`` gives seconds, and ``waiting`` is how many may pass in queues of our own."""
        self.seconds = seconds
        """How many there were at the start."""
        self.timers: list[Timer] = []
        """What cancels when the time is up, and has to stop while it is held."""
        self.waiting = waiting
        """How many seconds may still pass in queues; None: no limit."""
        self._clock = clock
        self._outer = outer
        self._ends = clock() + seconds
        self._holds = 0
        self._held_since = 0.0

    @property
    def left(self) -> float:
        """Return the seconds left, 0 or more."""
        now = self._held_since if self._holds else self._clock()
        own = max(0.0, self._ends - now)
        return own if self._outer is None else min(own, self._outer.left)

    def within(self, seconds: float) -> "Deadline":
        """Return a deadline after so many seconds, that ends with this one at the latest."""
        return Deadline(min(seconds, self.left), self._clock, outer=self)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stop the clock, for what is nobody's answer: loading a library."""
        self.hold()
        try:
            yield
        finally:
            self.go_on()

    @asynccontextmanager
    async def queued(self) -> AsyncIterator[None]:
        """Stop the clock while the call waits for a turn that our own settings make it wait for.

        Raises:
            TimeoutError: the turn did not come within the seconds there are for waiting.
        """
        first = self.first
        started = self._clock()
        try:
            with self.held():
                async with asyncio.timeout(first.waiting):
                    yield
        finally:
            if first.waiting is not None:
                first.waiting = max(0.0, first.waiting - (self._clock() - started))

    def enforced(self) -> "Timer":
        """Return a context manager that cancels what runs in it when the time is up, and then raises TimeoutError."""
        return Timer(self)

    @property
    def first(self) -> "Deadline":
        """Return the outermost deadline."""
        return self if self._outer is None else self._outer.first

    def hold(self) -> None:
        """Stop the clock, until ``go_on`` was called as often."""
        if self._outer is not None:
            self._outer.hold()
        self._holds += 1
        if self._holds == 1:
            self._held_since = self._clock()
            for timer in self.timers:
                timer.stop()

    def go_on(self) -> None:
        """Let the clock go on."""
        self._holds -= 1
        if self._holds == 0:
            self._ends += self._clock() - self._held_since
            for timer in self.timers:
                timer.restart()
        if self._outer is not None:
            self._outer.go_on()


class Timer:
    """``asyncio.timeout`` for a deadline that can be held."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._timeout = asyncio.timeout(None)

    @property
    def expired(self) -> bool:
        """Whether the time ran out inside."""
        return self._timeout.expired()

    async def __aenter__(self) -> Self:
        """Start the timer."""
        await self._timeout.__aenter__()
        self._deadline.timers.append(self)
        self.restart()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the timer.

        Raises:
            TimeoutError: it ran out.
        """
        self._deadline.timers.remove(self)
        await self._timeout.__aexit__(kind, error, trace)

    def stop(self) -> None:
        """Let it not run out."""
        if not self._timeout.expired():
            self._timeout.reschedule(None)

    def restart(self) -> None:
        """Let it run out when the deadline does."""
        if not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._deadline.left)
