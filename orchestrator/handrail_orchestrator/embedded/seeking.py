"""Looking for due runs, one look at a time, whoever knows of them: whoever asks meanwhile has it look once more."""

import asyncio
import logging
from abc import ABC, abstractmethod

from handrail_orchestrator.embedded.alarm import Alarm
from handrail_orchestrator.embedded.dispatch import WorkerParts
from handrail_orchestrator.errors import StoreError

_log = logging.getLogger("handrail.worker")


class Seeking(ABC):
    """The part of a dispatch that looks when it is woken, or by the clock; ``_seek`` is one look."""

    def __init__(self, parts: WorkerParts) -> None:
        self.task: asyncio.Task[None] | None = None
        """The look that is under way."""
        self.is_blind = False
        """Whether the last look for work failed, so that nobody knows what is due."""
        self.parts = parts
        self.equipment = parts.equipment
        self.executing = parts.executing
        self._again = False
        self.alarm = Alarm(parts.equipment.clock, self.wake)

    @abstractmethod
    async def _seek(self) -> None:
        """Look for due runs, and have them executed."""

    def wake(self) -> None:
        """Look for due runs, once now or once more after the look that is under way."""
        if not self.executing.is_open:
            return
        if self.task is not None:
            self._again = True
            return
        self.task = asyncio.get_running_loop().create_task(self._seek())
        self.task.add_done_callback(self._sought)

    def _sought(self, task: asyncio.Task[None]) -> None:
        self.task = None
        again, self._again = self._again, False
        error = None if task.cancelled() else task.exception()
        self.is_blind = error is not None
        if isinstance(error, StoreError):
            _log.warning("cannot look for work: %s", error)
        elif error is not None:
            _log.error("looking for work failed", exc_info=error)
        elif again:
            self.wake()
        self.equipment.stillness.changed()

    async def look(self) -> None:
        """Look for due runs, and for what came meanwhile, and wait until that is over."""
        self.wake()
        while self.task is not None:
            await asyncio.wait([self.task])

    # -- the clock

    def clock_has_stepped(self) -> bool:
        """Return whether the clock was set; called in the writer's thread."""
        return self.alarm.clock_has_stepped()

    def set_anew(self) -> None:
        """Wait for the same times by the clock as it is now."""
        self.alarm.set_anew()
