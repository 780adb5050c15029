"""Whether anything is on its way in one engine: known from its parts, never guessed from how long it has been quiet."""

import asyncio
import time
from typing import Protocol

LOOK_AGAIN_SECONDS = 0.02
"""How long a change that nobody told of goes unnoticed; it decides nothing."""


class Executes(Protocol):
    """Who executes runs, as far as their stillness goes."""

    @property
    def begun(self) -> int:
        """Return how many executions have begun."""
        ...

    @property
    def is_open(self) -> bool:
        """Return whether it goes on: it neither closes nor has given up."""
        ...

    @property
    def is_blind(self) -> bool:
        """Return whether its last look for work failed."""
        ...

    def is_still(self, *, but_for_bodies: bool = False) -> bool:
        """Return whether what is executed goes on with the clock only, or else, if so asked, with its bodies."""
        ...

    async def look(self) -> None:
        """Look for what is due, and wait until that is over."""
        ...


class Writes(Protocol):
    """Who writes to the store, as far as its stillness goes."""

    @property
    def commits(self) -> int:
        """Return how many batches are over."""
        ...

    @property
    def is_quiet(self) -> bool:
        """Return whether nothing is on its way to the store."""
        ...


class Stillness:
    """Told by the parts of an engine that something may have come to rest, so that nobody has to poll."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def changed(self) -> None:
        """Let those who wait look again."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def reached(self, worker: Executes, writer: Writes, *, patience_seconds: float | None) -> bool:
        """Wait until nothing moves any more unless time passes or somebody reaches in from outside.

        What is at rest by all that is known here might be due all the same: an answer is on disk, and whoever sent it
        has not rung yet. So the store is asked last; and whatever was about to happen in this event loop when that
        began has happened when it is over.

        Returns False when bodies were still at work, and nothing else, for ``patience_seconds`` of real time; None:
        they are waited for, however long they take. A worker that closes or gives up ends it too: the caller looks.
        """
        seen, since = (-1, -1), 0.0
        while worker.is_open:
            if (moved := (worker.begun, writer.commits)) != seen:
                seen, since = moved, time.monotonic()
            late = patience_seconds is not None and time.monotonic() - since >= patience_seconds
            if _at_rest(worker, writer, but_for_bodies=late):
                await worker.look()
                is_known = worker.begun == moved[0] and not worker.is_blind
                if is_known and _at_rest(worker, writer, but_for_bodies=late):
                    return worker.is_still()
            await self._change()
        return False

    async def _change(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait([future], timeout=LOOK_AGAIN_SECONDS)
        finally:
            self._waiting.discard(future)


def _at_rest(worker: Executes, writer: Writes, *, but_for_bodies: bool) -> bool:
    return writer.is_quiet and worker.is_still(but_for_bodies=but_for_bodies)
