"""The chore that rolls up what ended runs came to, so that figures of many runs are there at once."""

import asyncio
import time
from typing import Final, Protocol

AT_ONCE: Final = 100
"""Runs that are rolled up in one transaction: others write in between."""
RESTING_SHARE: Final = 48
"""After a transaction it rests this many times as long: it takes 2% of a processor at most, however many runs end."""
BUSY_SHARE: Final = 96
"""The same in a process that works more than it waits: there it takes 1%, and catches up afterwards."""
EVERY_SECONDS: Final = 15.0


class RollsUp(Protocol):
    """Rolls up some runs at a time, as a client does."""

    async def roll_up(self, *, most: int = AT_ONCE) -> bool:
        """Roll up some runs that ended; return whether there are more."""
        ...


class RollingUp:
    """Rolls up the runs that ended; of several processes that do, each does a part."""

    name = "figures"
    every_seconds = EVERY_SECONDS

    def __init__(
        self, client: RollsUp, *, resting_share: float = RESTING_SHARE, busy_share: float = BUSY_SHARE
    ) -> None:
        self._client = client
        self._resting_share = resting_share
        self._busy_share = max(resting_share, busy_share) if resting_share else 0.0

    async def do(self) -> None:
        """Roll up all that has ended, a part at a time."""
        share = self._resting_share
        while True:
            began = time.perf_counter()
            if not await self._client.roll_up():
                return
            took = time.perf_counter() - began
            worked = time.process_time()
            await asyncio.sleep(share * took)
            is_busy = time.process_time() - worked > share * took / 2
            share = self._busy_share if is_busy else self._resting_share
