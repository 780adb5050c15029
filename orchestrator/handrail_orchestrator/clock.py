"""The clock port: what time it is, and being called at a time."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from handrail_orchestrator.strands import asleep


class Timer(Protocol):
    """A call that was set for a time and can be taken back."""

    def cancel(self) -> None:
        """Take the call back; does nothing when it was made already."""
        ...


class Clock(Protocol):
    """Wall-clock time and timers; tests use ``handrail_orchestrator.testing.FakeClock``."""

    def now(self) -> float:
        """Return the time in seconds since the epoch (UTC)."""
        ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call back on the running event loop once ``now()`` has reached ``when``."""
        ...


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    now = staticmethod(time.time)

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call back on the running event loop once ``when`` is reached."""
        return asyncio.get_running_loop().call_later(max(0.0, when - time.time()), callback)


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait on the given clock."""
    future = asyncio.get_running_loop().create_future()
    with asleep() as woken:

        def wake() -> None:
            woken()
            if not future.done():
                future.set_result(None)

        timer = clock.call_at(clock.now() + seconds, wake)
        try:
            await future
        finally:
            timer.cancel()
