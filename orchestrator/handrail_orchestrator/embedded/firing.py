"""The timers of review items, as one worker looks after them: it fires what is due, and wakes for what comes next."""

import asyncio
import logging
from collections.abc import Callable

from handrail_orchestrator.embedded.alarm import Alarm
from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.review.timers import fire

_log = logging.getLogger("handrail.worker")

AGAIN_SECONDS = 1.0
"""When a timer is looked at again that is over and could not be fired."""


class Firing:
    """Fires timers once they are over; ``on_fired`` is called when some were."""

    def __init__(self, equipment: Equipment, on_fired: Callable[[], None]) -> None:
        self.task: asyncio.Task[None] | None = None
        """What is under way."""
        self._equipment = equipment
        self._on_fired = on_fired
        self._again = False
        self._closed = False
        self._alarm = Alarm(equipment.clock, self.begin)

    def at(self, when: float | None) -> None:
        """Fire what is due at a time at the latest; None: nothing is."""
        if when is None or self._closed:
            return
        if when <= self._equipment.clock.now():
            self.begin()
        else:
            self._alarm.at(when)

    def begin(self) -> None:
        """Fire what is due now, once more after what is under way."""
        if self._closed:
            return
        if self.task is not None:
            self._again = True
            return
        self.task = asyncio.get_running_loop().create_task(self._fire())
        self.task.add_done_callback(self._fired)

    async def _fire(self) -> None:
        store, clock = self._equipment.store, self._equipment.clock
        if await fire(store, self._equipment.writer.ask, clock.now()):
            self._on_fired()
        if not self._closed and (next_timer := store.next_timer(clock.now())) is not None:
            self._alarm.at(max(next_timer, clock.now() + AGAIN_SECONDS) if next_timer <= clock.now() else next_timer)

    def _fired(self, task: asyncio.Task[None]) -> None:
        self.task = None
        again, self._again = self._again, False
        error = None if task.cancelled() else task.exception()
        if isinstance(error, StoreError):
            _log.warning("cannot look for timers: %s", error)
            self._alarm.at(self._equipment.clock.now() + AGAIN_SECONDS)
        elif error is not None:
            _log.error("looking for timers failed", exc_info=error)
        elif again:
            self.begin()
        self._equipment.stillness.changed()

    def set_anew(self) -> None:
        """Wait for the same time by the clock as it is now, and look at what is due by it."""
        self._alarm.set_anew()
        self.begin()

    def close(self) -> None:
        """Fire nothing more."""
        self._closed = True
        self._alarm.cancel()
