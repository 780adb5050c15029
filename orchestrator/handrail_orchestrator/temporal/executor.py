"""Executes a run for Temporal as far as it goes: claims it, drives it until it ends or waits, says how it stands."""

import asyncio

from handrail_orchestrator.clock import SystemClock
from handrail_orchestrator.embedded.commit import Commit
from handrail_orchestrator.embedded.dispatch import WorkerParts
from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.embedded.places import wanted_at
from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.store.changes import ClaimedChange
from handrail_orchestrator.store.claiming import ClaimRun, HandBack, NotClaimed
from handrail_orchestrator.store.rows import DUE, SUSPECT, ClaimedRun
from handrail_orchestrator.temporal.attributes import shown
from handrail_orchestrator.temporal.driver import Advanced

LATER_SECONDS = 0.5
"""When a run is asked for again that cannot be executed beside what is being executed."""
OWNED_SECONDS = 2.0
"""When a run is looked at again that somebody else executes."""
REST_SECONDS = 10.0
"""How long nothing is begun at most, so that a run can be executed alone."""


class Executor:
    """The executions that Temporal asked this process for; all on the event loop of the engine."""

    def __init__(self, parts: WorkerParts) -> None:
        self._parts = parts
        self._equipment = parts.equipment
        self._executing = parts.executing
        self._slots = asyncio.Semaphore(parts.settings.concurrency)
        self._asked: dict[str, asyncio.Future[Advanced]] = {}
        self._rests_until = 0.0
        self._in_real_time = isinstance(parts.equipment.clock, SystemClock)

    @property
    def is_busy(self) -> bool:
        """Whether anything is being executed, or about to be."""
        return bool(self._asked)

    async def advance(self, run_id: str, anew: bool) -> Advanced:  # noqa: FBT001 -- whether it was asked for before
        """Execute a run as far as it goes; asked twice for the same, it is executed once."""
        under_way = self._asked.get(run_id)
        if under_way is None:
            under_way = self._asked[run_id] = asyncio.ensure_future(self._advanced(run_id, anew=anew))
            under_way.add_done_callback(lambda _: self._forget(run_id))
        return await asyncio.shield(under_way)

    def _forget(self, run_id: str) -> None:
        del self._asked[run_id]
        self._equipment.stillness.changed()

    async def _advanced(self, run_id: str, *, anew: bool) -> Advanced:
        async with self._slots:
            if not self._executing.is_open:
                return Advanced("pending", 0.0)
            if self._executing.is_apart or asyncio.get_running_loop().time() < self._rests_until:
                return Advanced("pending", LATER_SECONDS)
            me, clock = self._parts.worker(), self._equipment.clock
            change = ClaimRun(run_id, clock.now(), anew, busy=bool(self._executing.active))
            try:
                reply: ClaimedRun | NotClaimed = await self._equipment.writer.ask(change)
            except Fenced:
                self._parts.struck_off(me)
                raise
            if isinstance(reply, NotClaimed):
                return self._not_claimed(reply)
            if me != self._parts.worker():  # struck off meanwhile: it was given back
                return Advanced("pending", 0.0)
            if reply.crashes >= SUSPECT:
                self._rests_until = 0.0
            execution = self._executing.execute_stored(reply)
            await execution.over(Commit(asyncio.get_running_loop()))
            return await self._answer(execution)

    def _not_claimed(self, reply: NotClaimed) -> Advanced:
        match reply.reason:
            case "unknown":
                return Advanced("unknown")
            case "ended":
                return Advanced(str(reply.status))
            case "owned":
                return Advanced("running", OWNED_SECONDS)
            case "alone":  # nothing more is begun here until it can be
                self._rests_until = asyncio.get_running_loop().time() + REST_SECONDS
                return Advanced("pending", LATER_SECONDS)
            case "paused":
                return Advanced(str(reply.status))
            case "not_due":
                return Advanced(str(reply.status), self._due_in(reply.wake))

    async def _answer(self, execution: Execution) -> Advanced:
        claimed, equipment = execution.claimed, self._equipment
        if execution.status == "running":  # it neither ended nor waits
            if execution.run.lost is None and not self._executing.is_open:
                await equipment.writer.add(ClaimedChange(claimed.claim, HandBack(claimed.key, DUE)))
            return Advanced("pending", 0.0 if execution.wake is None else self._due_in(execution.wake))
        waits = equipment.store.waits([claimed.key]) if execution.status == "waiting" else []
        place = wanted_at(execution.run.waits) if execution.status == "waiting" else None
        attributes = shown(claimed.workflow, execution.status, waits, place)
        return Advanced(execution.status, self._due_in(execution.wake), place, attributes)

    def _due_in(self, wake: float | None) -> float | None:
        """Return in how many seconds a run is due, by the clock that set the time."""
        if wake is None:
            return None
        seconds = max(0.0, wake - self._equipment.clock.now())
        return seconds if self._in_real_time or seconds == 0.0 else None
