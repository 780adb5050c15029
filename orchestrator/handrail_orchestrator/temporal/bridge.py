"""Which runs a worker behind Temporal executes: those that Temporal asks for, once it is told what is due."""

import asyncio
from typing import TYPE_CHECKING

from handrail_orchestrator.clock import SystemClock
from handrail_orchestrator.embedded.dispatch import WorkerParts
from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.embedded.holding import hold_back, look_for_places
from handrail_orchestrator.embedded.seeking import Seeking
from handrail_orchestrator.store.claiming import ClaimRings, Ring
from handrail_orchestrator.temporal.address import TemporalAddress
from handrail_orchestrator.temporal.executor import Executor
from handrail_orchestrator.temporal.worker import AT_ONCE, TaskQueues, TemporalThread

if TYPE_CHECKING:
    from handrail_orchestrator.store.claiming import Rings

LATE_SECONDS = 5.0
"""After which Temporal is told that a wait for a time is over, should it not have noticed."""
SWEEP_SECONDS = 5.0
"""How often everything due is looked through, whoever rang or did not."""
AGAIN_SECONDS = 1.0
"""When Temporal is told again that could not be told."""
SHARED_AT_ONCE = 1
"""Of the new runs that are told of at once, those that begin here without being handed round beside other workers."""
LOOK_AGAIN_SECONDS = 0.05
HEARTBEATS_A_LEASE = 2.0
"""A worker that does not beat for so many leases has lost what Temporal asked it for."""


class Bridge(Seeking):
    """Tells Temporal of due runs, and has executed what it asks for."""

    def __init__(self, address: TemporalAddress, place: str | None, parts: WorkerParts) -> None:
        super().__init__(parts)
        self._executor = Executor(parts)
        self._is_up = False
        self._untold: list[Ring] = []
        self._in_real_time = isinstance(parts.equipment.clock, SystemClock)
        self._sweep: asyncio.TimerHandle | None = None
        work = TaskQueues(
            address=address,
            versions=parts.workflows.versions,
            place=place,
            concurrency=parts.settings.concurrency,
            heartbeat_seconds=HEARTBEATS_A_LEASE * parts.settings.lease_seconds,
        )
        self._thread = TemporalThread(work, self._executor.advance, parts.is_responsive, parts.give_up)

    async def begin(self) -> None:
        """Connect to Temporal and begin to take runs.

        Raises:
            TemporalError: that is not possible.
        """
        await self._thread.begin()
        self._is_up = True
        self._swept()

    # -- telling

    async def _seek(self) -> None:
        parts, clock = self.parts, self.equipment.clock
        me = parts.worker()
        parts.executing.stop_cancelled(me)
        look_for_places(self.equipment, me)
        if not self._is_up:
            return
        now = clock.now()
        late = now - LATE_SECONDS if self._in_real_time else now
        while True:
            rings: Rings = await self.equipment.writer.ask(ClaimRings(parts.workflows.versions, now, late, AT_ONCE))
            parts.firing.at(rings.next_timer)
            hold_back(parts.executing.active.values(), self.equipment, rings.paused, rings.failing)
            self._untold = await self._thread.tell([*self._untold, *rings.rings], here=self._most_here)
            if self._untold:
                asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.wake)
            if self._untold or len(rings.rings) < AT_ONCE or not parts.executing.is_open:
                break
        if rings.next_wake is not None:
            self.alarm.at(rings.next_wake)

    @property
    def _most_here(self) -> int:
        """How many new runs of those that are told of may begin here: others, if there are any, take their share."""
        parts = self.parts
        if not parts.executing.is_open:
            return 0
        return SHARED_AT_ONCE if parts.has_company() else AT_ONCE

    def _swept(self) -> None:
        self._sweep = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._swept)
        self.wake()

    # -- room: what is started here is executed by whomever Temporal asks

    @property
    def has_room(self) -> bool:
        """Return that nothing that is started here is executed here at once."""
        return False

    def expect(self) -> None:
        """Keep room: none is needed."""

    def arrived(self) -> None:
        """Give up room: none was kept."""

    def begins(self, key: int) -> None:
        """Take note that a run is executed now: nothing is kept of it."""

    # -- what became of them

    def over(self, execution: Execution) -> None:
        """Take note that an execution is over, and tell of what became due by it."""
        if execution.woke_others:
            self.wake()
        if execution.wake is not None and not self._in_real_time:  # Temporal's timers know real time only
            self.alarm.at(execution.wake)

    @property
    def is_still(self) -> bool:
        """Return whether nothing is on its way from here."""
        return self.task is None and not self._executor.is_busy

    async def is_at_rest(self) -> bool:
        """Return whether nothing is due that this worker could execute."""
        due = self.equipment.store.due(self.equipment.clock.now())
        mine = any(version in self.parts.workflows.versions for version in due)
        if mine or self._untold or self.is_blind or self._executor.is_busy:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            return False
        return True

    def close(self) -> None:
        """Take no further run; what is executed is handed back."""
        self.alarm.cancel()
        if self._sweep is not None:
            self._sweep.cancel()
        self._thread.stop_polling()

    async def closed(self) -> None:
        """Wait until Temporal knows what became of the runs."""
        await self._thread.ended()
