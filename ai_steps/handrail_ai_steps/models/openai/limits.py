"""How many requests may be open and started: per model, over every event loop it is used from."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ground.pace import Pace

WINDOW_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 60.0
"""A server that asks for a longer pause is asked again after this: it may have been wrong, or be well again."""


class Pacer:
    """Lets at most so many requests start within any minute, and none while the server asked for a pause."""

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with a free minute; ``clock`` gives seconds."""
        self._pace = Pace(per_minute, WINDOW_SECONDS, clock=clock)
        self._asked = ""

    def pause(self, seconds: float) -> None:
        """Let nothing start for so many seconds, or for as long as a server is believed."""
        if self._pace.pause(min(seconds, LONGEST_PAUSE_SECONDS)):
            self._asked = _asked(seconds)

    @property
    def paused(self) -> float:
        """Return how many seconds of a pause are left, 0 or more."""
        return self._pace.paused

    def take(self) -> float:
        """Take a start, or return how many seconds to wait before one can be free; 0: it is taken."""
        return self._pace.take()

    async def turn(self, door: asyncio.Lock, seconds_left: float) -> None:
        """Wait for the next free start and take it; ``door`` keeps the order of those who wait in one event loop.

        Raises:
            Halted: the server asked for a pause that outlives the call, which is said at once.
        """
        self._require_awake(seconds_left)
        async with door:
            while seconds := self._pace.take():
                self._require_awake(seconds_left)
                await asyncio.sleep(seconds)

    def _require_awake(self, seconds_left: float) -> None:
        paused = self.paused
        if paused and paused >= seconds_left:
            raise Halted("failed", f"{self._asked}; it is asked again in {paused:.0f} seconds", outage=True)


class Entrance(Protocol):
    """Where the requests of one event loop wait."""

    slots: asyncio.Semaphore
    """The places for open requests."""
    door: asyncio.Lock
    """Where those that have a place wait for a free start."""


@asynccontextmanager
async def admitted(entrance: Entrance, pacer: Pacer, ledger: TryLedger, limits: str) -> AsyncIterator[None]:
    """Wait for a place among the open requests and then for a free start; the place is given back at the end.

    ``limits`` names the settings that it waits for, in words for the record.

    Raises:
        Halted: the server asked for a pause that outlives the call, or the turn did not come in time.
    """
    slots, place, started = entrance.slots, False, time.monotonic()
    try:
        try:
            async with ledger.deadline.queued():
                place = await slots.acquire()
                await pacer.turn(entrance.door, ledger.deadline.left)
        except TimeoutError:
            waited = time.monotonic() - started
            raise Halted("timed_out", f"no turn after {waited:.3g} seconds of waiting ({limits})") from None
        yield
    finally:
        if place:
            slots.release()


def _asked(seconds: float) -> str:
    """Return what a server asked for, in words."""
    told = f"the server asked for a pause of {seconds:.6g} seconds"
    try:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return told
    return f"{told}, until {until:%Y-%m-%d %H:%M:%S} UTC" if math.isfinite(seconds) else told
