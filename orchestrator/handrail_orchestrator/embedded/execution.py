"""One run executed from its top until it ends or has to wait."""

import asyncio
import json
import logging
from contextvars import Context
from typing import TYPE_CHECKING, Any, Literal

from handrail_guards.model_circuits import share_circuits
from handrail_orchestrator.embedded.branches import leave_branches
from handrail_orchestrator.embedded.commit import Commit
from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.escapes import STOP_SECONDS, RunTask, is_signal, leave
from handrail_orchestrator.embedded.in_flight import landed, require_awaited
from handrail_orchestrator.embedded.library import BoundWorkflow
from handrail_orchestrator.embedded.readable import readable
from handrail_orchestrator.embedded.records import error_json, message_of
from handrail_orchestrator.embedded.run import EmbeddedRun
from handrail_orchestrator.embedded.undone import UndoneRun
from handrail_orchestrator.errors import (
    DeadlineExceeded,
    Fenced,
    OrchestratorError,
    RunCancelled,
    StoreError,
    SuspensionSwallowed,
    UndoFailed,
)
from handrail_orchestrator.forked import end_copy, this_process
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.store.changes import Change, ClaimedChange, EndRun, Suspend
from handrail_orchestrator.store.rows import ClaimedRun, RunStatus
from handrail_orchestrator.store.running import FinishUndo, GoOn, PutAside
from handrail_orchestrator.strands import Strands, enter_strands
from handrail_orchestrator.suspension import GoesOn, Suspended, only_suspensions

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from handrail_orchestrator.clock import Timer

_log = logging.getLogger("handrail.runs")

StopReason = Literal["cancelled", "deadline", "refused", "closing", "lost"]
"""Why an execution was told to stop: the first three end the run; ``refused`` is for what cannot be recorded."""


class Execution:
    """Drives one run; its task is done when the run has ended or waits, and the store knows it."""

    # what most executions never set stands here: each start would pay for it
    wake: float | None = None
    """When a run that waits is due again."""
    abandoned = False
    """Whether its code ignored its cancels, so that nobody waits for it any more."""
    before_wait: "Callable[[], None] | None" = None
    """What is done before it is recorded that the run waits."""
    _timer: "Timer | None" = None
    _refusal: Exception | None = None
    _stop: StopReason | None = None

    def __init__(
        self,
        claimed: ClaimedRun,
        bound: BoundWorkflow,
        run: EmbeddedRun,
        equipment: Equipment,
        on_over: "Callable[[Execution], None]",
    ) -> None:
        """Call ``on_over`` when the task is done, and before that when the code in it is left behind."""
        self.claimed = claimed
        self.run = run
        self.task: asyncio.Task[None]
        self.strands = Strands(claimed.id, equipment.stillness)
        self._bound = bound
        self._equipment = equipment
        self._on_over = on_over
        # what every execution sets: set first when it is over, it would cost each a dict (see ``SteppingRun``)
        self.status: RunStatus = "running"
        self.value: Any = None
        self.error: BaseException | None = None
        self.woke_others = False
        """Whether other runs became due: a parent, or children."""
        self.is_over = False
        self._awaited: tuple[asyncio.Future[None], ...] = ()
        self._in_code = False
        if bound.workflow.due_hours is not None:
            run.waits.due_hours = bound.workflow.due_hours
        if claimed.cancel and claimed.undoing is None:
            self._stop = "cancelled"

    def begin(self, driving: "Coroutine[object, object, None]", context: Context) -> None:
        """Have its task do what drives it, from now on; that it is over is told in a context of others."""
        self.task = RunTask(driving, name=self.claimed.id)
        self.task.add_done_callback(self._task_ended, context=context)

    def over(self, waits: "asyncio.Future[None] | None" = None) -> "asyncio.Future[None]":
        """Return what is done once this execution is over; each who waits has their own, and may stop waiting."""
        future = self.task.get_loop().create_future() if waits is None else waits
        if self.is_over:
            future.set_result(None)
        else:
            self._awaited = (*self._awaited, future)
        return future

    def end(self) -> None:
        """Tell who waits that it is over."""
        self.is_over = True
        for future in self._awaited:
            if not future.done():
                future.set_result(None)

    def _told(self) -> None:
        """Tell at once that it is over, without one more turn of the event loop."""
        self._on_over(self)
        self.task.remove_done_callback(self._task_ended)

    def _task_ended(self, _task: "asyncio.Task[None]") -> None:
        self._on_over(self)

    @property
    def is_still(self) -> bool:
        """Whether it goes on only with the clock."""
        return self._stop is None and self.strands.is_still(self.task, len(self.run.running))

    @property
    def is_at_work(self) -> bool:
        """Whether a body of it is being executed."""
        return self._stop is None and bool(self.run.running)

    def stop(self, reason: StopReason) -> None:
        """Tell the workflow and its steps to stop, once; what they recorded stays."""
        if self.claimed.undoing is not None and reason in {"cancelled", "deadline"}:
            return  # it ends already: what undoes it is stopped by neither
        if self._stop is None and not self.task.done():
            self._stop = reason
            self.run.stop()
            self.task.cancel()
            self.task.get_loop().call_later(STOP_SECONDS, self._insist)

    def _insist(self) -> None:
        """Cancel once more what has swallowed its cancel, and leave behind what does so again."""
        if not self._in_code or self.task.done():
            return
        self.task.cancel()
        self.task.get_loop().call_later(STOP_SECONDS, self.abandon)

    def abandon(self) -> None:
        """Leave code behind that does not stop: nothing of it is recorded any more, and its run ends without it."""
        if self.abandoned or not self._in_code or self.task.done():
            return
        self.abandoned = True
        steps = ", ".join(self.run.running) or "the workflow between its steps"
        _log.warning("run %s: %s ignores that it was cancelled, and is left behind", self.claimed.id, steps)
        if self._stop in {"cancelled", "deadline", "refused"}:
            status, output, error = self._stopped(asyncio.CancelledError())
            self._write_end(status, output, error)
            self.status, self.error = status, error
        self.run.lose(RunCancelled(f"run {self.claimed.id!r} was left behind: it ignored its cancel"))
        leave(self.task)
        self._on_over(self)

    def lose(self, error: Exception) -> None:
        """Stop because another worker owns the run now, or the store is out of reach."""
        self.run.lose(error)
        self.stop("lost")

    def refuse(self, error: Exception) -> None:
        """Stop because something of it cannot be recorded, ever: the run fails, it would come to the same again."""
        self._refusal = error
        self.run.lose(error)
        self.stop("refused")

    def set_deadline(self) -> None:
        """Stop the run when its time is up, by the clock as it is now."""
        if self._timer is not None:
            self._timer.cancel()
        if self.claimed.deadline is not None:
            self._timer = self._equipment.clock.call_at(self.claimed.deadline, lambda: self.stop("deadline"))

    async def drive(self) -> None:
        """Execute, and record how it ended."""
        leave_branches()
        enter_strands(self.strands)  # this and the next for the task of this execution, which has a context of its own
        circuits = None if self._equipment.outages is None else self._equipment.outages.of(self.claimed.key)
        share_circuits(circuits)
        if self.claimed.deadline is not None:
            self.set_deadline()
        try:
            try:
                if self.claimed.undoing is not None and isinstance(self.run, UndoneRun):
                    await self._undo(self.run)
                else:
                    outcome = await self._outcome()
                    broken = self.run.broken  # it asked for what its history does not hold
                    await self._conclude(*(outcome if broken is None else ("failed", None, broken)))
            except (OrchestratorError, asyncio.CancelledError):
                if self._stop != "refused" or self.status != "running":
                    raise
                await self._conclude("failed", None, self._refusal)
        except (StoreError, asyncio.CancelledError) as error:
            self._interrupted(error)
        else:
            self._told()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            if circuits is not None:
                circuits.close()

    def _interrupted(self, error: BaseException) -> None:
        """Take note of what kept it from recording how it ended."""
        self.error = self.run.lost or error
        if self._stop in {"cancelled", "deadline"}:  # it came while the end was being written: look again
            self.wake = self._equipment.clock.now()
        if not isinstance(error, asyncio.CancelledError | Fenced):
            _log.error("run %s stopped: %s", self.claimed.id, error)

    async def _outcome(self) -> tuple[RunStatus, Any, BaseException | None]:
        """Run the workflow's function and return what it came to."""
        bound, claimed, original = self._bound, self.claimed, this_process.generation
        if claimed.deadline is not None and claimed.deadline <= self._equipment.clock.now():
            self._stop = self._stop or "deadline"
        self._in_code = True
        try:
            if self._stop is not None:
                raise asyncio.CancelledError  # noqa: TRY301 -- the same way out as for one told to stop later
            given = (bound.input.decode(claimed.input),) if bound.takes_input else ()
            value = await bound.workflow.function(self.run, *given)
            end_copy(original)
            if self._stop in {"cancelled", "deadline"}:  # and the code has swallowed it
                raise asyncio.CancelledError  # noqa: TRY301 -- as above
            return "completed", bound.output.encode(self._unless_waiting(value)), None
        except GoesOn as goes_on:
            if self._stop is not None:
                return self._stopped(asyncio.CancelledError())
            return "pending", goes_on.input, None
        except asyncio.CancelledError as error:
            return self._stopped(error)
        except BaseException as raised:
            end_copy(original, raised)
            shown = readable(raised)
            if only_suspensions(shown):
                return "waiting", None, None
            ours = isinstance(shown, StoreError) and shown.path == self._equipment.store.path
            if ours or is_signal(shown, self.task):
                raise
            return "failed", None, shown
        finally:
            self._in_code = False

    def _unless_waiting(self, value: object) -> Any:
        if self.run.open_waits:
            waits = ", ".join(self.run.open_waits)
            raise SuspensionSwallowed(
                f"run {self.claimed.id!r} returned while it waits for {waits}: do not catch BaseException"
                " in a workflow, and use run.all to wait for several things at once"
            )
        if self.run.goes_on:
            raise SuspensionSwallowed(
                f"run {self.claimed.id!r} returned after run.again: do not catch BaseException in a workflow"
            )
        require_awaited(self.run)
        self.value = value
        return value

    def _stopped(self, error: asyncio.CancelledError) -> tuple[RunStatus, Any, BaseException | None]:
        match self._stop:
            case "cancelled":
                return "cancelled", None, RunCancelled(f"run {self.claimed.id!r} was cancelled")
            case "deadline":
                return "failed", None, DeadlineExceeded(f"run {self.claimed.id!r} took longer than its deadline allows")
            case "refused":
                return "failed", None, self._refusal
            case "closing" | "lost":
                raise error
            case None if is_signal(error, self.task):
                _log.warning(
                    "run %s was cancelled from outside, though nobody asked: it is handed back", self.claimed.id
                )
                raise error
            case None:
                return (
                    "failed",
                    None,
                    RunCancelled("the workflow raised CancelledError by itself: nobody had cancelled its run"),
                )

    async def _conclude(self, status: RunStatus, output: object, error: BaseException | None) -> None:
        claimed, run = self.claimed, self.run
        if self._stop is None and (run.running or run.settling or run.history.unbegun):
            await landed(run)
        if self._stop != "refused":
            await self.run.under_way()
        if status == "waiting":
            waits = self.run.waits
            if self.before_wait is not None:
                self.before_wait()
            deadline = None if waits.is_held else claimed.deadline
            dues = [due for due in (*waits.open.values(), deadline) if due is not None]
            suspend = Suspend(claimed.key, min(dues, default=None), claimed.signals)
            self.wake = await self._equipment.writer.ask(self._owned(suspend))
            self.status = status
            self.woke_others = waits.started_child
            _log.info("run %s waits for %s", claimed.id, ", ".join(waits.open))
            return
        if status == "pending":
            await self._go_on(str(output))
            return
        await self._write_end(status, output, error)
        if self.run.lost is not None and self._refusal is None:
            raise self.run.lost
        self.status, self.error = status, error
        if error is not None and self.run.undos.registered:  # it is due again, to undo them
            self.status, self.wake = "waiting", self._equipment.clock.now()
        if error is not None:
            _log.warning("run %s %s: %s", claimed.id, status, message_of(error))
        else:
            _log.info("run %s completed", claimed.id)

    async def _go_on(self, encoded: str) -> None:
        """Begin the run's next round, with the code of the version that this one ended with."""
        workflow, now = self._bound.workflow, self._equipment.clock.now()
        deadline = None if workflow.deadline_seconds is None else now + workflow.deadline_seconds
        change = GoOn(self.claimed.key, encoded, workflow.name, workflow.version, workflow.code, now, deadline)
        await self._equipment.writer.ask(self._owned(change))
        self.status, self.wake = "waiting", now
        _log.info("run %s goes on with another input, round %d", self.claimed.id, self.claimed.round + 1)

    async def _undo(self, run: UndoneRun) -> None:
        """Undo what the run did; it ends as it was about to, or is set aside."""
        writer, claimed, clock = self._equipment.writer, self.claimed, self._equipment.clock
        ends = json.loads(claimed.undoing or "{}")
        given = (self._bound.input.decode(claimed.input),) if self._bound.takes_input else ()
        self._in_code = self.woke_others = True
        try:
            await run.undo(self._bound.workflow.function, given, str(RecordedError.read(ends["error"] or "{}")))
        except Suspended:
            until = min(run.waits.open_until(), default=None)
            self.wake = await writer.ask(self._owned(Suspend(claimed.key, until, claimed.signals)))
            self.status = "waiting"
            return
        except UndoFailed as failed:
            await run.under_way()
            await writer.add(self._owned(PutAside(claimed.key, error_json(failed), clock.now())))
            self.status, self.error = "set_aside", failed
            _log.error("run %s is set aside: %s", claimed.id, failed)
            return
        finally:
            self._in_code = False
        await run.under_way()
        await writer.add(self._owned(FinishUndo(claimed.key, clock.now())))
        if run.lost is not None:
            raise run.lost
        self.status = ends["status"]
        _log.warning("run %s %s, and what it did is undone", claimed.id, self.status)

    def _write_end(self, status: RunStatus, output: Any, error: BaseException | None) -> Commit:
        recorded = None if error is None else error_json(error, self.run.beside)
        has_dependants = self.run.has_waited
        self.woke_others = has_dependants or self.claimed.parent is not None
        now = self._equipment.clock.now()
        change = EndRun(self.claimed.key, status, output, recorded, now, has_dependants)
        return self._equipment.writer.add(self._owned(change))

    def _owned(self, change: Change) -> ClaimedChange:
        return ClaimedChange(self.claimed.claim, change)
