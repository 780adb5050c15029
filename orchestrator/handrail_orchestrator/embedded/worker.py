"""One process's worker: signs on, executes the runs that it is given, and hands over what it cannot finish."""

import asyncio
import logging
from typing import TYPE_CHECKING

from handrail_orchestrator.embedded.claiming import Claiming
from handrail_orchestrator.embedded.dispatch import MakeDispatch, WorkerParts
from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.escapes import STOP_SECONDS, ended_within
from handrail_orchestrator.embedded.executing import Executing
from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.embedded.firing import Firing
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.holding import connect, lose_places
from handrail_orchestrator.embedded.presence import Presence, report_stranded
from handrail_orchestrator.embedded.settings import Settings
from handrail_orchestrator.embedded.watchdog import Watchdog
from handrail_orchestrator.errors import (
    Fenced,
    OrchestratorError,
    StoreError,
    StoreLocked,
    StoreMoved,
    StoreNotFound,
    StoreRefused,
)
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.claiming import HandBack, Release
from handrail_orchestrator.store.rows import DUE, ClaimedRun
from handrail_orchestrator.store.starts import FIRST_CLAIM, Started, StartRun
from handrail_orchestrator.store_clock import StoreClock
from handrail_orchestrator.workflow import Workflows

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger("handrail.worker")

SIGN_ON_AGAIN_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 0.02
LAST_WORDS_SECONDS = 3.0
"""How long a worker that closes tries to write that it gives its runs back."""
LONGEST_CLOSE_SECONDS = 2 * STOP_SECONDS + LAST_WORDS_SECONDS + 2.0
"""How long closing takes beyond the grace, at worst."""
ALONE_TICK_SECONDS = 0.5
COMPANY_TICK_SECONDS = 0.2
"""How often a worker looks after the store: more often when there is somebody to take over from."""


class Worker:
    """Executes runs in this process; all of it on one event loop but ``tick``."""

    def __init__(
        self,
        workflows: Workflows,
        equipment: Equipment,
        settings: Settings,
        presence: Presence,
        on_finished: "Callable[[Execution], None]",
        dispatch: MakeDispatch = Claiming,
    ) -> None:
        self.failure: OrchestratorError | None = None
        """Why this worker gave up, if it did."""
        self._on_finished = on_finished
        self._workflows = workflows
        self._equipment = equipment
        self._settings = settings
        self._presence = presence
        self._loop = asyncio.get_running_loop()
        self._executing = Executing(workflows, equipment, self._over)
        self.active = self._executing.active
        """Executions by run key."""
        self._watchdog = Watchdog(self.active, settings.lease_seconds)
        self._firing = Firing(equipment, self._fired_timers)
        self.dispatch = dispatch(
            WorkerParts(
                workflows=workflows,
                equipment=equipment,
                settings=settings,
                executing=self._executing,
                firing=self._firing,
                worker=lambda: self.id,
                struck_off=self.struck_off,
                give_up=self.give_up,
                is_responsive=lambda: not presence.is_silent,
                has_company=lambda: presence.has_company,
            )
        )
        """What finds the runs."""
        self._closing = False
        connect(equipment, looks=self._fired_timers, rings=presence.ring_others)

    def sign_on(self) -> None:
        """Sign on at the store and look for work."""
        self._equipment.writer.work_for(self._presence.sign_on(self.wake))
        self._presence.look_after()  # runs of a worker that died before this one came are taken over at once
        report_stranded(self._equipment.store, self._workflows.versions, self._equipment.clock.now())
        self._firing.begin()
        self.wake()

    @property
    def id(self) -> int:
        """Return the id it signed on with; another one after it was struck off."""
        return self._presence.worker

    # -- which runs

    def wake(self) -> None:
        """Look for due runs, once now or once more after the look that is under way."""
        self.dispatch.wake()

    async def look(self) -> None:
        """Look for due runs, and for what came meanwhile, and wait until that is over."""
        await self.dispatch.look()

    @property
    def is_blind(self) -> bool:
        """Whether the last look for work failed, so that nobody knows what is due."""
        return self.dispatch.is_blind

    def _fired_timers(self) -> None:
        """Look for the runs that go on because of that."""
        self.wake()
        self._presence.ring_others()

    # -- executing

    @property
    def begun(self) -> int:
        """Return how many executions have begun."""
        return self._executing.begun

    def execute(self, key: int, start: StartRun) -> Execution:
        """Execute a run that was started to be executed by this worker at once."""
        self.dispatch.begins(key)
        claimed = ClaimedRun(
            key, start.id, start.workflow, start.version, start.input, 0, start.created, start.deadline, False, 0,
            start.code, trace=start.trace, claim=FIRST_CLAIM,
        )  # fmt: skip
        return self._executing.execute(claimed, History(start.id))

    def _over(self, execution: Execution) -> None:
        self.dispatch.over(execution)
        if (timer := execution.run.item_timer) is not None:
            self._firing.at(timer)
        if execution.woke_others:
            self._presence.ring_others()
        execution.end()
        self._on_finished(execution)
        self._equipment.stillness.changed()

    async def is_idle(self) -> bool:
        """Wait for what is under way, look once more, and return whether there was nothing to do."""
        if self._closing:  # what is handed back is not done
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            return False
        if under_way := self._looks() or self._executing.tasks:
            await asyncio.wait(under_way)
            return False
        await self.look()
        return await self.dispatch.is_at_rest() and not (self._looks() or self.active)

    @property
    def is_open(self) -> bool:
        """Whether this worker goes on: it neither closes nor has given up."""
        return not self._closing and self.failure is None

    def is_still(self, *, but_for_bodies: bool = False) -> bool:
        """Return whether what is executed here goes on with the clock only, or else, if so asked, with its bodies."""
        if self._firing.task is not None or not self.dispatch.is_still:
            return False
        return self._executing.is_still(but_for_bodies=but_for_bodies)

    def _looks(self) -> "list[asyncio.Task[None]]":
        return [each for each in (self.dispatch.task, self._firing.task) if each is not None]

    # -- living with others

    def tick(self) -> float:
        """Look after the store, in the writer's thread; return in how many seconds to do so again."""
        if self._presence.worker != 0 and self.failure is None:
            self._look_after()
        return COMPANY_TICK_SECONDS if self._presence.has_company else ALONE_TICK_SECONDS

    def _look_after(self) -> None:
        if not self._watchdog.look():
            self._presence.fall_silent()  # others take over what this process cannot go on with
            return
        if isinstance(clock := self._equipment.clock, StoreClock):
            clock.look()
        if self.dispatch.clock_has_stepped():
            self._loop.call_soon_threadsafe(self._look_at_the_clock)
        me, due = self.id, False
        try:
            if self._closing:
                self._presence.beat()
            else:
                due = self._presence.look_after()
        except Fenced:
            self._loop.call_soon_threadsafe(self.struck_off, me)
        except (StoreNotFound, StoreMoved, StoreRefused) as error:
            self._loop.call_soon_threadsafe(self.give_up, error)
        if due:
            self._loop.call_soon_threadsafe(self.wake)

    def _look_at_the_clock(self) -> None:
        """Set anew what was set by the clock as it was; at no time is there no timer for what is due later."""
        self.dispatch.set_anew()
        self._firing.set_anew()
        self._executing.set_deadlines()
        self.wake()

    def refused(self, change: Change, error: Exception) -> None:
        """Stop the run whose change the store refused."""
        self._executing.refused(change, error)

    def unheard(self, change: Change, reply: object) -> None:
        """Hand back a run that was started to be executed at once, by somebody who does not wait for it any more."""
        if isinstance(change, StartRun) and isinstance(reply, Started) and change.execute and reply.new:
            self._equipment.writer.add(HandBack(reply.key, DUE))
            self._loop.call_soon(self.wake)

    def nobody_executes(self, change: StartRun, asked: "asyncio.Future[Started]") -> None:
        """Hand back such a run when its start was cancelled just after it was recorded."""
        if asked.done() and not asked.cancelled() and asked.exception() is None:
            self.unheard(change, asked.result())

    def struck_off(self, worker: int) -> None:
        """Drop every run, which others own by now, and sign on anew; once for each id, however often it is noticed."""
        if self._closing or self.failure is not None or worker != self.id:
            return
        _log.warning("this worker's lease ended: its %d runs are left to others, signing on again", len(self.active))
        lost = Fenced(self._equipment.store.path, "this worker's lease ended and another took over its runs")
        self._executing.lose_all(lost)
        lose_places(self._equipment)
        self._presence.sign_off()
        try:
            self.sign_on()
        except StoreLocked:
            self._loop.call_later(SIGN_ON_AGAIN_SECONDS, self.struck_off, worker)
        except StoreError as error:
            self.give_up(error)

    def give_up(self, error: OrchestratorError) -> None:
        """Stop for good, as the store or what finds runs cannot be used; what is recorded can be taken up later."""
        if self.failure is None:
            self.failure = error
            self._executing.is_open = False
            _log.error("this worker stops: %s", error)
            self._executing.lose_all(error)

    async def close(self) -> bool:
        """Stop claiming, give steps in flight some time, and hand every run back; return whether it was cancelled."""
        self._closing = True
        self._executing.close()
        self.dispatch.close()
        self._firing.close()
        hurried = await self._ended_within(self._settings.grace_seconds)
        self._executing.stop_all()
        hurried |= await self._ended_within(2 * STOP_SECONDS)
        self._executing.abandon_all()
        released = False
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._equipment.writer.ask(Release())
            released = True
            self._presence.ring_others()
        except (StoreError, TimeoutError) as error:
            why = str(error) or f"the store gave no answer within {LAST_WORDS_SECONDS:.0f} s"
            _log.warning("the runs of this worker could not be handed back, the next one takes them over: %s", why)
        except asyncio.CancelledError:
            hurried = True
        self._presence.sign_off(released=released)
        await self.dispatch.closed()
        return hurried

    async def _ended_within(self, seconds: float) -> bool:
        return await ended_within([*self._looks(), *self._executing.tasks], seconds)
