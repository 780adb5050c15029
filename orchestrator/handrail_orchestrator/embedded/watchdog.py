"""A watch over the event loop: a body that never returns to it stops every run of the process, heartbeat excepted."""

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

from handrail_orchestrator.embedded.execution import Execution

_log = logging.getLogger("handrail.worker")

REPORT_AFTER_SECONDS = 5.0
LONGEST_LOOK_SECONDS = 1.0
"""More than this between two looks means that this thread stood still too, stopped with its whole process."""
FRAMES = 3


class Watchdog:
    """Notices when the event loop stands still; ``look`` is called in the writer's thread, again and again."""

    def __init__(self, executions: Mapping[int, Execution], lease_seconds: float) -> None:
        self._executions = executions
        self._lease_seconds = lease_seconds
        self._report_after = min(REPORT_AFTER_SECONDS, lease_seconds)
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._turned = True
        """Whether the loop has answered since it was last asked."""
        self._still_seconds = 0.0
        self._reported = False
        self._looked = time.monotonic()

    def look(self) -> bool:
        """Return whether the loop turned during the last lease's time; if not, this worker may not say it is alive."""
        now = time.monotonic()
        watched, self._looked = min(now - self._looked, LONGEST_LOOK_SECONDS), now
        if self._turned or not self._executions:
            if self._reported:
                _log.warning("the event loop turns again, after %.0f s", self._still_seconds)
            self._still_seconds, self._reported = 0.0, False
            if self._executions:
                self._turned = False
                self._loop.call_soon_threadsafe(self._turn)
            return True
        self._still_seconds += watched
        if self._still_seconds >= self._report_after and not self._reported:
            self._reported = True
            self._report()
        return self._still_seconds < self._lease_seconds

    def _turn(self) -> None:
        self._turned = True

    def _report(self) -> None:
        run, steps = self._occupant()
        _log.error(
            "the event loop has not turned for %.0f s, held by %s at %s: all runs of this process stand still, and"
            " other workers take them over after a lease of %g s; what waits belongs into an action",
            self._still_seconds,
            "no run" if run is None else f"run {run!r}, {f'step {steps!r}' if steps else 'between its steps'}",
            self._place(),
            self._lease_seconds,
            extra={"run": run, "step": steps or None},
        )

    def _occupant(self) -> tuple[str | None, str]:
        """Return the run whose task the loop is executing, and its steps in flight."""
        task = asyncio.current_task(self._loop)
        name = None if task is None else task.get_name()  # tasks of a run, and of its branches, have the run's id
        for execution in list(self._executions.values()):
            if execution.claimed.id == name:
                return name, ", ".join(list(execution.run.running))
        return None, ""

    def _place(self) -> str:
        """Return the lines of code that the loop is in, the innermost first."""
        frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 -- documented, whatever its name
        stack = traceback.extract_stack(frame)[: -FRAMES - 1 : -1] if frame is not None else []
        return ", called at ".join(f"{Path(each.filename).name}:{each.lineno} ({each.name})" for each in stack)
