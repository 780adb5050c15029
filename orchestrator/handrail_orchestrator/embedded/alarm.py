"""When a worker looks for due runs next, by a clock that may be set while it waits."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from handrail_orchestrator.clock import Clock

if TYPE_CHECKING:
    from handrail_orchestrator.clock import Timer

CLOCK_STEP_SECONDS = 1.0


class Alarm:
    """One timer, for the soonest of the times that were asked for."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._timer: tuple[float, Timer] | None = None
        self._drift = clock.now() - time.monotonic()

    def at(self, when: float) -> None:
        """Ring at a time at the latest."""
        if self._timer is not None:
            if self._timer[0] <= when and self._timer[0] > self._clock.now():
                return
            self._timer[1].cancel()
        self._timer = (when, self._clock.call_at(when, self._rang))

    def _rang(self) -> None:
        self._timer = None
        self._ring()

    def set_anew(self) -> None:
        """Wait for the same time by the clock as it is now; at no moment is there no timer for what is due later."""
        if self._timer is not None:
            when, timer = self._timer
            timer.cancel()
            self._timer = (when, self._clock.call_at(when, self._rang))

    def cancel(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer[1].cancel()

    def clock_has_stepped(self) -> bool:
        """Return whether the wall clock went another way than the monotonic one, as when a laptop slept."""
        before, self._drift = self._drift, self._clock.now() - time.monotonic()
        return abs(self._drift - before) > CLOCK_STEP_SECONDS
