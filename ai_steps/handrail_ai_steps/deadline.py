"""When something must have ended: a clock that stops while we wait for ourselves and not for an answer."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from handrail_ground.optional import LaterModule

if TYPE_CHECKING:
    import asyncio
else:
    asyncio = LaterModule("asyncio")

T = TypeVar("T")

GRACE_SECONDS = 2.0
"""How long what was cancelled may take to clean up, before it is cancelled once more and left behind."""


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
        self.timers: list[DeadlineTimer] = []
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

    def enforced(self, *, spare: float = 0.0) -> "DeadlineTimer":
        """Return a context manager that cancels what runs in it when the time is up, and then raises TimeoutError.

        With ``spare`` seconds more for what has a timer of its own inside.
        """
        return DeadlineTimer(self, spare)

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


class DeadlineTimer:
    """What ``asyncio.timeout`` is, for a deadline that can be held and for code that does not let itself be stopped."""

    def __init__(self, deadline: Deadline, spare: float) -> None:
        self._deadline = deadline
        self._spare = spare
        self._handle: asyncio.TimerHandle | None = None
        self.expired = False
        """Whether the time ran out inside."""
        self.insisted = False
        """Whether what runs inside did not end when it was cancelled, and was so once more."""

    async def __aenter__(self) -> Self:
        """Start the timer."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- a coroutine that is awaited runs in one
        self._task = task
        self._cancels = task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._deadline.timers.append(self)
        self.restart()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the timer.

        Raises:
            TimeoutError: it ran out.
            asyncio.CancelledError: the task was cancelled, and what ran inside kept that to itself.
        """
        self._deadline.timers.remove(self)
        self._drop()
        for _ in range(self.expired + self.insisted):
            self._task.uncancel()
        if self._task.cancelling() > self._cancels:  # from outside, which goes before the time
            if kind is None:
                raise asyncio.CancelledError
        elif self.expired and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error

    def stop(self) -> None:
        """Let it not run out."""
        if not self.expired:
            self._drop()

    def restart(self) -> None:
        """Let it run out when the deadline does."""
        if not self.expired:
            self._drop()
            self._handle = self._loop.call_later(self._deadline.left + self._spare, self._expire)

    def _expire(self) -> None:
        self.expired = True
        self._task.cancel()
        self._handle = self._loop.call_later(GRACE_SECONDS, self._insist)

    def _insist(self) -> None:
        self.insisted = True
        self._handle = None
        self._task.cancel()

    def _drop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


def stoppable(awaitable: Awaitable[T], timer: DeadlineTimer) -> Awaitable[T]:
    """Return what awaits the same, but cannot be kept waiting for longer than the timer."""
    return _Stoppable(awaitable, timer) if isinstance(awaitable, Coroutine) else awaitable


class _Stoppable(Generic[T]):
    """Awaits a coroutine, and leaves it behind where it goes on although its timer has cancelled it twice."""

    def __init__(self, coroutine: Coroutine[object, object, T], timer: DeadlineTimer) -> None:
        self._coroutine = coroutine
        self._timer = timer

    def __await__(self) -> Generator[object, object, T]:
        """Do what ``await coroutine`` does, until the timer insists."""
        coroutine = self._coroutine
        try:
            waiting = coroutine.send(None)
            while True:
                try:
                    sent = yield waiting
                except BaseException as error:
                    if self._timer.insisted:
                        with suppress(RuntimeError):  # it goes on even so; nobody waits for it any more
                            coroutine.close()
                        raise
                    waiting = coroutine.throw(error)
                else:
                    waiting = coroutine.send(sent)
        except StopIteration as done:
            value: T = done.value
            return value
