"""Which runs a worker of the embedded engine executes: those that are due, claimed from the store."""

import asyncio
from typing import TYPE_CHECKING

from handrail_orchestrator.embedded.dispatch import WorkerParts
from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.embedded.holding import held_back, hold_back, look_for_places
from handrail_orchestrator.embedded.pausing import BackingOff, Resting
from handrail_orchestrator.embedded.seeking import Seeking
from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.store.claiming import Claim
from handrail_orchestrator.store.rows import SUSPECT

if TYPE_CHECKING:
    from handrail_orchestrator.store.port import Claimed

LOOK_AGAIN_SECONDS = 0.02


class Claiming(Seeking):
    """Claims due runs, up to a number at once, and looks again when more may be due."""

    def __init__(self, parts: WorkerParts) -> None:
        super().__init__(parts)
        equipment = parts.equipment
        self._concurrency = parts.settings.concurrency
        self._expected = 0
        self._backlog = False
        self._waits_for_rest = False
        """Whether a run is due that is executed with nothing beside it."""
        self._backing_off = BackingOff(equipment.store, equipment.clock)
        self._resting = Resting(equipment.clock, self.wake)

    async def begin(self) -> None:
        """Return: the worker's signing on has begun it."""

    async def _seek(self) -> None:
        me, active = self.parts.worker(), self.executing.active
        self.executing.stop_cancelled(me)
        look_for_places(self.equipment, me)
        room = self._concurrency - len(active) - self._expected
        self._backlog = room <= 0
        if room <= 0 or not self.parts.workflows.versions or self.executing.is_apart:
            self.parts.firing.at(self.equipment.store.next_timer(self.equipment.clock.now()))
            hold_back(active.values(), self.equipment, *held_back(self.equipment.store))
            return
        suspects = all(each.claimed.crashes < SUSPECT for each in active.values())
        busy = bool(active or self._expected)
        clock = self.equipment.clock
        change = Claim(self.parts.workflows.versions, clock.now(), room, suspects, busy, self._resting.keys)
        try:
            claimed: Claimed = await self.equipment.writer.ask(change)
        except Fenced:
            self.parts.struck_off(me)
            return
        if me != self.parts.worker():  # struck off meanwhile: these runs are others' now, and we have signed on anew
            self._again = True
            return
        self.parts.firing.at(claimed.next_timer)
        self._waits_for_rest = claimed.waits_for_rest
        hold_back(active.values(), self.equipment, claimed.paused, claimed.failing)
        for run in claimed.runs:
            self.begins(run.key)
            self.executing.execute_stored(run)
        if claimed.next_wake is not None:
            self._backlog = claimed.next_wake <= clock.now() and len(active) >= self._concurrency
            if not self._backlog:
                self.alarm.at(claimed.next_wake)

    # -- room

    @property
    def has_room(self) -> bool:
        """Whether one more run can be executed now."""
        stops = not self.executing.is_open or self._waits_for_rest or self.executing.is_apart
        return not stops and self._concurrency > len(self.executing.active) + self._expected

    def expect(self) -> None:
        """Keep room for a run that is being started here."""
        self._expected += 1

    def arrived(self) -> None:
        """Give up the room that was kept."""
        self._expected -= 1

    # -- what became of them

    def begins(self, key: int) -> None:
        """Take note that a run is executed now."""
        self._backing_off.forget(key)

    def over(self, execution: Execution) -> None:
        """Take note that an execution is over, and look for more to do."""
        if execution.wake is not None:
            self.alarm.at(execution.wake)
        if execution.status == "waiting":
            self._resting.note(execution)
            self._backing_off.note(execution)
        suspected = self._waits_for_rest or execution.claimed.crashes >= SUSPECT
        if self._backlog or execution.woke_others or suspected:
            self.wake()

    @property
    def is_still(self) -> bool:
        """Whether nothing is on its way from here."""
        return self.task is None and not self._expected and not self._resting

    async def is_at_rest(self) -> bool:
        """Return whether nothing is due after a look; what is left alone for a while is waited for, a moment."""
        if self._resting or self.is_blind:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            return False
        if self._backing_off and not self.executing.active:
            await self._backing_off.moment()
            return False
        return True

    def close(self) -> None:
        """Claim nothing more."""
        self.alarm.cancel()

    async def closed(self) -> None:
        """Return: what is handed back is in the store."""
