"""Steps that take long: that they have begun is noted, so that people see what a run is at."""

import asyncio
from collections.abc import Mapping

from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.embedded.records import Begun
from handrail_orchestrator.store.changes import ClaimedChange, NoteStarted
from handrail_orchestrator.store.rows import StepRow

NOTE_STARTED_AFTER_SECONDS = 0.1
"""Steps shorter than this leave no trace before their result."""


class LongSteps:
    """Looks at a worker's executions now and then, while there are any."""

    def __init__(self, active: Mapping[int, Execution], equipment: Equipment) -> None:
        self._active = active
        self._equipment = equipment
        self._loop = asyncio.get_running_loop()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    def watch(self) -> None:
        """Look at them from now on."""
        if self._sweep is None:
            self._sweep = self._loop.call_later(NOTE_STARTED_AFTER_SECONDS, self._note)

    def _note(self) -> None:
        self._sweep = None
        now = self._equipment.clock.now()
        for execution in self._active.values():
            if not execution.run.running:
                continue
            for row in _long(execution.run.running, now - NOTE_STARTED_AFTER_SECONDS):
                self._equipment.writer.add(ClaimedChange(execution.claimed.claim, NoteStarted(row)))
        if self._active and not self._closed:
            self.watch()

    def close(self) -> None:
        """Look no more."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()


def _long(running: Mapping[str, Begun], begun_before: float) -> list[StepRow]:
    """Return the steps in flight since before a time that were not returned yet."""
    long = [each for each in running.values() if not each.noted and each.started <= begun_before]
    for each in long:
        each.noted = True
    return [each.row for each in long]
