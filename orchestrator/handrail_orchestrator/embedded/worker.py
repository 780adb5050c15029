"""One process's worker: claims due runs, executes them, and hands over what it cannot finish."""

import asyncio
import logging
from typing import TYPE_CHECKING

from handrail_orchestrator.embedded import undone
from handrail_orchestrator.embedded.alarm import Alarm
from handrail_orchestrator.embedded.escapes import STOP_SECONDS, RunTask, ended_within
from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.embedded.firing import Firing
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.holding import connect, held_back, hold_back, look_for_places, lose_places
from handrail_orchestrator.embedded.long_steps import LongSteps
from handrail_orchestrator.embedded.matching import code_match
from handrail_orchestrator.embedded.observing import driven
from handrail_orchestrator.embedded.pausing import BackingOff, Resting
from handrail_orchestrator.embedded.presence import Presence, report_stranded
from handrail_orchestrator.embedded.records import error_json
from handrail_orchestrator.embedded.settings import Equipment, Settings
from handrail_orchestrator.embedded.watchdog import Watchdog
from handrail_orchestrator.errors import Fenced, StoreError, StoreLocked, StoreNotFound
from handrail_orchestrator.store.changes import Change, Claim, EndRun, HandBack, Release, run_of
from handrail_orchestrator.store.rows import DUE, SUSPECT, ClaimedRun
from handrail_orchestrator.store.starts import Started, StartRun
from handrail_orchestrator.workflow import Workflows

if TYPE_CHECKING:
    from collections.abc import Callable

    from handrail_orchestrator.store.port import Claimed

_log = logging.getLogger("handrail.worker")

SIGN_ON_AGAIN_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 0.02
HAND_BACK_SECONDS = 1.0
"""When a run is due again whose execution is over although it neither ended nor waits."""
LAST_WORDS_SECONDS = 3.0
"""How long a worker that closes tries to write that it gives its runs back."""
LONGEST_CLOSE_SECONDS = 2 * STOP_SECONDS + LAST_WORDS_SECONDS + 2.0
"""How long closing takes beyond the grace, at worst."""
ALONE_TICK_SECONDS = 0.5
COMPANY_TICK_SECONDS = 0.2
"""How often a worker looks after the store: more often when there is somebody to take over from."""


class Worker:
    """Executes runs in this process, up to a number at once; all of it on one event loop but ``tick``."""

    def __init__(
        self,
        workflows: Workflows,
        equipment: Equipment,
        settings: Settings,
        presence: Presence,
        on_finished: "Callable[[Execution], None]",
    ) -> None:
        self.active: dict[int, Execution] = {}
        """Executions by run key."""
        self.begun = 0
        """How many executions have begun."""
        self.failure: StoreError | None = None
        """Why this worker gave up, if it did."""
        self.is_blind = False
        """Whether the last look for work failed, so that nobody knows what is due."""
        self._on_finished = on_finished
        self._workflows = workflows
        self._equipment = equipment
        self._settings = settings
        self._presence = presence
        self._loop = asyncio.get_running_loop()
        self._watchdog = Watchdog(self.active, settings.lease_seconds)
        self._claiming: asyncio.Task[None] | None = None
        self._claim_again = False
        self._backing_off = BackingOff(equipment.store, equipment.clock)
        self._resting = Resting(equipment.clock, self.wake)
        self._expected = 0
        self._backlog = False
        self._waits_for_rest = False
        """Whether a run is due that is executed with nothing beside it ..."""
        self._apart = False
        """... and whether one is being executed: it alone may be what kills its process."""
        self._alarm = Alarm(equipment.clock, self.wake)
        self._firing = Firing(equipment, self._fired_timers)
        self._long_steps = LongSteps(self.active, equipment)
        self._closing = False
        connect(equipment, looks=self._fired_timers, rings=presence.ring_others)

    # -- claiming

    def sign_on(self) -> None:
        """Sign on at the store and look for work."""
        self._equipment.writer.work_for(self._presence.sign_on(self.wake))
        self._presence.look_after()  # runs of a worker that died before this one came are taken over at once
        report_stranded(self._equipment.store, self._workflows.versions, self._equipment.clock.now())
        self._firing.begin()
        self.wake()

    def wake(self) -> None:
        """Look for due runs, once now or once more after the look that is under way."""
        if self._closing or self.failure is not None:
            return
        if self._claiming is not None:
            self._claim_again = True
            return
        self._claiming = self._loop.create_task(self._claim())
        self._claiming.add_done_callback(self._claimed)

    async def _claim(self) -> None:
        self._stop_cancelled()
        look_for_places(self._equipment, self.id)
        room = self._settings.concurrency - len(self.active) - self._expected
        self._backlog = room <= 0
        if room <= 0 or not self._workflows.versions or self._apart:
            self._firing.at(self._equipment.store.next_timer(self._equipment.clock.now()))
            hold_back(self.active.values(), self._equipment, *held_back(self._equipment.store))
            return
        suspects = all(each.claimed.crashes < SUSPECT for each in self.active.values())
        busy = bool(self.active or self._expected)
        clock = self._equipment.clock
        change = Claim(self._workflows.versions, clock.now(), room, suspects, busy, self._resting.keys)
        me = self.id
        try:
            claimed: Claimed = await self._equipment.writer.ask(change)
        except Fenced:
            self.struck_off(me)
            return
        if me != self.id:  # struck off meanwhile: these runs were given to others, and we have signed on anew
            self._claim_again = True
            return
        self._firing.at(claimed.next_timer)
        self._waits_for_rest = claimed.waits_for_rest
        hold_back(self.active.values(), self._equipment, claimed.paused, claimed.failing)
        for run in claimed.runs:
            self._execute_stored(run)
        if claimed.next_wake is not None:
            self._backlog = claimed.next_wake <= clock.now() and len(self.active) >= self._settings.concurrency
            if not self._backlog:
                self._alarm.at(claimed.next_wake)

    def _claimed(self, task: asyncio.Task[None]) -> None:
        self._claiming = None
        again, self._claim_again = self._claim_again, False
        error = None if task.cancelled() else task.exception()
        self.is_blind = error is not None
        if isinstance(error, StoreError):
            _log.warning("cannot look for work: %s", error)
        elif error is not None:
            _log.error("looking for work failed", exc_info=error)
        elif again:
            self.wake()
        self._equipment.stillness.changed()

    def _fired_timers(self) -> None:
        """Look for the runs that go on because of that."""
        self.wake()
        self._presence.ring_others()

    async def look(self) -> None:
        """Look for due runs, and for what came meanwhile, and wait until that is over."""
        self.wake()
        while self._claiming is not None:
            await asyncio.wait([self._claiming])

    def _stop_cancelled(self) -> None:
        if self.active:
            for key in self._equipment.store.cancelled_of(self._presence.worker):
                if key in self.active:
                    self.active[key].stop("cancelled")

    # -- executing

    @property
    def has_room(self) -> bool:
        """Whether one more run can be executed now."""
        stops = self._closing or self.failure is not None or self._waits_for_rest or self._apart
        return not stops and self._settings.concurrency > len(self.active) + self._expected

    def expect(self) -> None:
        """Keep room for a run that is being started here."""
        self._expected += 1

    def arrived(self) -> None:
        """Give up the room that was kept."""
        self._expected -= 1

    async def is_idle(self) -> bool:
        """Wait for what is under way, look once more, and return whether there was nothing to do."""
        if self._closing:  # what is handed back is not done
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            return False
        if under_way := self._under_way():
            await asyncio.wait(under_way)
            return False
        await self.look()
        if self._resting or self.is_blind:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            return False
        if self._backing_off and not self._under_way():
            await self._backing_off.moment()
            return False
        return not self._under_way()

    @property
    def is_open(self) -> bool:
        """Whether this worker goes on: it neither closes nor has given up."""
        return not self._closing and self.failure is None

    def is_still(self, *, but_for_bodies: bool = False) -> bool:
        """Return whether what is executed here goes on with the clock only, or else, if so asked, with its bodies."""
        if self._claiming is not None or self._firing.task is not None or self._expected or self._resting:
            return False
        return all(each.is_still or (but_for_bodies and each.is_at_work) for each in self.active.values())

    def _under_way(self) -> "list[asyncio.Task[None]]":
        """Return the look that is under way, or else the executions."""
        return self._looks() or [each.task for each in self.active.values()]

    def _looks(self) -> "list[asyncio.Task[None]]":
        return [each for each in (self._claiming, self._firing.task) if each is not None]

    def _execute_stored(self, claimed: ClaimedRun) -> None:
        history = History(claimed.id)
        if claimed.has_history:
            rows = self._equipment.store.history(claimed.key)
            history = History(
                claimed.id, rows.steps, rows.events, copied_seq=claimed.copied_seq, after_seq=claimed.round_seq
            )
        self.execute(claimed, history)

    def execute(self, claimed: ClaimedRun, history: History) -> Execution:
        """Execute a run that this worker owns."""
        workflow = self._workflows.find(claimed.workflow, claimed.version)
        bound = self._equipment.library.workflow(workflow)
        code = code_match(same_version=workflow.version == claimed.version, same_code=workflow.code == claimed.code)
        run = undone.run_of(claimed, history, self._equipment, code)
        run.workflow = claimed.workflow
        execution = Execution(claimed, bound, run, self._equipment)
        self.active[claimed.key] = execution
        self.begun += 1
        self._apart |= claimed.must_be_alone
        self._backing_off.forget(claimed.key)
        execution.task = RunTask(driven(execution, self._equipment), loop=self._loop, name=claimed.id)
        execution.task.add_done_callback(lambda _task: self._finished(execution))
        execution.on_abandoned = self._finished
        self._long_steps.watch()
        return execution

    def _finished(self, execution: Execution) -> None:
        if execution.done.done():  # it was abandoned before its task came to an end
            return
        if self.active.get(execution.claimed.key) is execution:  # after a lost lease, a newer one may have its place
            del self.active[execution.claimed.key]
        if not execution.abandoned:
            self._look_at_faults(execution)
        if execution.wake is not None:
            self._alarm.at(execution.wake)
        self._firing.at(execution.run.waits.item_timer)
        self._resting.note(execution)
        self._backing_off.note(execution)
        self._apart = self._apart and bool(self.active)
        suspected = self._waits_for_rest or execution.claimed.crashes >= SUSPECT
        if self._backlog or execution.woke_others or suspected:
            self.wake()
        if execution.woke_others:
            self._presence.ring_others()
        execution.done.set_result(None)
        self._on_finished(execution)
        self._equipment.stillness.changed()

    def _look_at_faults(self, execution: Execution) -> None:
        """See to it that a run which neither ended nor waits is executed again by somebody, or fails visibly."""
        task, run = execution.task, execution.claimed
        fault = None if task.cancelled() else task.exception()
        if isinstance(fault, Exception):
            _log.error("run %s stopped by a fault of the engine", run.id, exc_info=fault)
        execution.error = fault or execution.error
        if execution.status != "running" or execution.run.lost is not None or self._closing or self.failure is not None:
            return
        now = self._equipment.clock.now()
        if isinstance(fault, Exception):
            self._equipment.writer.add(EndRun(run.key, "failed", None, error_json(fault), now))
        else:  # at once what was told to stop while it was being put down
            again = DUE if execution.wake is not None else now + HAND_BACK_SECONDS
            self._equipment.writer.add(HandBack(run.key, again))
            self._alarm.at(max(now, again))

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
        if self._alarm.clock_has_stepped():
            self._loop.call_soon_threadsafe(self._look_at_the_clock)
        me, due = self.id, False
        try:
            if self._closing:
                self._presence.beat()
            else:
                due = self._presence.look_after()
        except Fenced:
            self._loop.call_soon_threadsafe(self.struck_off, me)
        except StoreNotFound as error:
            self._loop.call_soon_threadsafe(self.give_up, error)
        if due:
            self._loop.call_soon_threadsafe(self.wake)

    def _look_at_the_clock(self) -> None:
        """Set anew what was set by the clock as it was; at no time is there no timer for what is due later."""
        self._alarm.set_anew()
        self._firing.set_anew()
        for execution in self.active.values():
            execution.set_deadline()
        self.wake()

    def refused(self, change: Change, error: Exception) -> None:
        """Stop the run whose change the store refused: it is another's by now, or it fails with what was wrong."""
        execution = self.active.get(run_of(change) or 0)
        if not isinstance(error, Fenced):
            _log.error("the store refused %s: %s", type(change).__name__, error)
        if execution is not None and isinstance(error, Fenced):
            execution.lose(error)
        elif execution is not None:
            execution.refuse(error)

    def unheard(self, change: Change, reply: object) -> None:
        """Hand back a run that was started to be executed at once, by somebody who does not wait for it any more."""
        if isinstance(change, StartRun) and isinstance(reply, Started) and change.execute and reply.new:
            self._equipment.writer.add(HandBack(reply.key, DUE))
            self._loop.call_soon(self.wake)

    def nobody_executes(self, change: StartRun, asked: "asyncio.Future[Started]") -> None:
        """Hand back such a run when its start was cancelled just after it was recorded."""
        if asked.done() and not asked.cancelled() and asked.exception() is None:
            self.unheard(change, asked.result())

    @property
    def id(self) -> int:
        """Return the id it signed on with; another one after it was struck off."""
        return self._presence.worker

    def struck_off(self, worker: int) -> None:
        """Drop every run, which others own by now, and sign on anew; once for each id, however often it is noticed."""
        if self._closing or self.failure is not None or worker != self.id:
            return
        _log.warning("this worker's lease ended: its %d runs are left to others, signing on again", len(self.active))
        lost = Fenced(self._equipment.store.path, "this worker's lease ended and another took over its runs")
        for execution in list(self.active.values()):
            execution.lose(lost)
        lose_places(self._equipment)
        self._presence.sign_off()
        try:
            self.sign_on()
        except StoreLocked:
            self._loop.call_later(SIGN_ON_AGAIN_SECONDS, self.struck_off, worker)
        except StoreError as error:
            self.give_up(error)

    def give_up(self, error: StoreError) -> None:
        """Stop for good because the store cannot be written; what is recorded stays and can be taken up later."""
        if self.failure is None:
            self.failure = error
            _log.error("this worker stops: %s", error)
            for execution in list(self.active.values()):
                execution.lose(error)

    async def close(self) -> bool:
        """Stop claiming, give steps in flight some time, and hand every run back; return whether it was cancelled."""
        self._closing = True
        self._alarm.cancel()
        self._firing.close()
        self._long_steps.close()
        hurried = await self._ended_within(self._settings.grace_seconds)
        for execution in list(self.active.values()):
            execution.stop("closing")
        hurried |= await self._ended_within(2 * STOP_SECONDS)
        for execution in list(self.active.values()):
            execution.abandon()
        released = False
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._equipment.writer.ask(Release())
            released = True
            self._presence.ring_others()
        except (StoreError, TimeoutError) as error:
            _log.warning("the runs of this worker could not be handed back, the next one takes them over: %s", error)
        except asyncio.CancelledError:
            hurried = True
        self._presence.sign_off(released=released)
        return hurried

    async def _ended_within(self, seconds: float) -> bool:
        return await ended_within([*self._looks(), *(each.task for each in self.active.values())], seconds)
