"""Waiting for the next look: by the clock, and earlier where the system tells that something has changed."""

import asyncio
import logging
from pathlib import Path

_log = logging.getLogger("handrail.triggers")

RETRY_SECONDS = 30.0
"""After how long the system is asked again to tell, where it could not."""


class Waker:
    """Waits; with the extra ``watch`` installed the system wakes it. Polling alone is enough, and always done."""

    def __init__(self, root: Path, *, recursive: bool) -> None:
        self._root = root
        self._recursive = recursive
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Ask the system to tell, if it can be asked."""
        try:
            import watchfiles  # noqa: F401, PLC0415 -- optional: it only saves time
        except ImportError:
            return
        self._task = asyncio.create_task(self._listen(), name=f"watch {self._root}")

    async def _listen(self) -> None:
        from watchfiles import awatch  # noqa: PLC0415 -- as above

        while True:
            try:
                async for _ in awatch(self._root, recursive=self._recursive):
                    self._changed.set()
            except Exception as error:  # noqa: BLE001 -- no such folder now, too many watches: polling goes on
                _log.debug("the system does not tell what changes in %s: %s", self._root, error)
            await asyncio.sleep(RETRY_SECONDS)

    async def wait(self, seconds: float) -> None:
        """Wait for so long, or until something has changed."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    def wake(self) -> None:
        """End the wait."""
        self._changed.set()

    async def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
