"""The clock that all workers on one store share: the store's own, as far as each machine can tell it by its own."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from handrail_orchestrator.clock import SystemClock, Timer

if TYPE_CHECKING:
    from handrail_orchestrator.store.port import Store

MEASURE_SECONDS = 10.0
"""How often it is measured by how much the two differ."""
LEAST_SECONDS = 0.25
"""A smaller difference is one of two readings, not of two clocks."""


class StoreClock(SystemClock):
    """The machine's clock, corrected by how much it differs from the store's."""

    __slots__ = ("_measured", "_offset", "_store")

    def __init__(self) -> None:
        self._store: Store | None = None
        self._offset = 0.0
        self._measured = 0.0

    def now(self) -> float:
        """Return the time in seconds since the epoch (UTC), by the store's clock."""
        return time.time() + self._offset

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call back on the running event loop once ``when`` is reached."""
        return asyncio.get_running_loop().call_later(max(0.0, when - self.now()), callback)

    def follow(self, store: "Store") -> None:
        """Take the time of a store from now on."""
        self._store = store
        self._measure(store)

    def look(self) -> None:
        """Measure the difference again, if that was a while ago; called from any thread."""
        if self._store is not None and time.monotonic() - self._measured >= MEASURE_SECONDS:
            self._measure(self._store)

    def _measure(self, store: "Store") -> None:
        before = time.time()
        there = store.now()
        after = time.time()
        offset = there - (before + after) / 2
        self._measured = time.monotonic()
        if abs(offset - self._offset) > LEAST_SECONDS + (after - before):
            self._offset = offset if abs(offset) > LEAST_SECONDS else 0.0
