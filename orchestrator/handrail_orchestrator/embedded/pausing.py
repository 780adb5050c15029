"""Runs that their worker leaves alone for a while: before another try of a step, or until more answers have come."""

import asyncio
from collections.abc import Callable

from handrail_orchestrator.clock import Clock, SystemClock
from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.store.port import Store

LOOK_SECONDS = 0.1
REST_PER_WAIT_SECONDS = 0.0002
LONGEST_REST_SECONDS = 0.5
LEAST_WAITS_TO_REST = 50
"""A run with so many waits open is not replayed at once: answers that come in the meantime are read together."""


class BackingOff:
    """Runs that wait to try a failed step again, and until when: they are not at rest."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._runs: dict[int, tuple[str, float]] = {}

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._runs)

    def note(self, execution: Execution) -> None:
        """Remember a run that waits, if that is for another try."""
        due = execution.run.waits.backs_off_until
        if due is not None:
            self._runs[execution.claimed.key] = execution.claimed.id, due

    def forget(self, key: int) -> None:
        """Forget a run that is executed again."""
        self._runs.pop(key, None)

    async def moment(self) -> None:
        """Wait a moment, and forget those that are due, or that others took or ended."""
        now = self._clock.now()
        await asyncio.sleep(LOOK_SECONDS)
        for key, (run_id, due) in list(self._runs.items()):
            row = self._store.run(run_id)
            if due <= now or row is None or row.status != "waiting":
                self.forget(key)


class Resting:
    """Runs with many waits, left alone for a moment: a replay of all of them for each answer adds up.

    Only in real time: whoever moves a clock of their own expects everything due to have happened.
    """

    def __init__(self, clock: Clock, wake: Callable[[], None]) -> None:
        self._in_real_time = isinstance(clock, SystemClock)
        self._wake = wake
        self._keys: set[int] = set()

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._keys)

    @property
    def keys(self) -> tuple[int, ...]:
        """Return their keys."""
        return tuple(self._keys)

    def note(self, execution: Execution) -> None:
        """Let a run that waits rest if it has many waits."""
        waits, key = len(execution.run.waits.open), execution.claimed.key
        if waits >= LEAST_WAITS_TO_REST and self._in_real_time:
            self._keys.add(key)
            seconds = min(LONGEST_REST_SECONDS, waits * REST_PER_WAIT_SECONDS)
            asyncio.get_running_loop().call_later(seconds, self._rested, key)

    def _rested(self, key: int) -> None:
        self._keys.discard(key)
        self._wake()
