"""Executes the runs that this worker owns, however it came by them."""

import contextvars
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from handrail_orchestrator.embedded import undone
from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.in_flight import OVER
from handrail_orchestrator.embedded.long_steps import LongSteps
from handrail_orchestrator.embedded.matching import code_match
from handrail_orchestrator.embedded.observing import driven
from handrail_orchestrator.embedded.records import error_json
from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.store.changes import Change, ClaimedChange, EndRun, claim_of, plain, run_of
from handrail_orchestrator.store.claiming import HandBack
from handrail_orchestrator.store.rows import DUE, ClaimedRun
from handrail_orchestrator.workflow import Workflows

if TYPE_CHECKING:
    import asyncio

_log = logging.getLogger("handrail.worker")

HAND_BACK_SECONDS = 1.0
"""When a run is due again whose execution is over although it neither ended nor waits."""


class Executing:
    """The executions of one process; ``on_over`` is told of each that is over, once its place is free."""

    def __init__(self, workflows: Workflows, equipment: Equipment, on_over: Callable[[Execution], None]) -> None:
        self.active: dict[int, Execution] = {}
        """Executions by run key."""
        self.begun = 0
        """How many executions have begun."""
        self.is_open = True
        """Whether it goes on; what stops while it does not is given back by whoever closes it."""
        self.is_apart = False
        """Whether a run is being executed with nothing beside it: it alone may be what kills its process."""
        self._workflows = workflows
        self._equipment = equipment
        self._on_over = on_over
        self._on_end = self._finished  # once, and not for each: so the next
        self._context = contextvars.copy_context()
        self._long_steps = LongSteps(self.active, equipment)

    @property
    def tasks(self) -> "list[asyncio.Task[None]]":
        """Return the tasks of what is being executed."""
        return [each.task for each in self.active.values()]

    def execute_stored(self, claimed: ClaimedRun) -> Execution:
        """Execute a run that this worker owns, with all that it remembers."""
        history = History(claimed.id)
        if claimed.has_history:
            rows = self._equipment.store.history(claimed.key)
            history = History(
                claimed.id, rows.steps, rows.events,
                copied_seq=claimed.copied_seq, after_seq=claimed.round_seq, children=rows.children,
            )  # fmt: skip
        return self.execute(claimed, history)

    def execute(self, claimed: ClaimedRun, history: History) -> Execution:
        """Execute a run that this worker owns."""
        workflow = self._workflows.find(claimed.workflow, claimed.version)
        bound = self._equipment.library.workflow(workflow)
        code = code_match(same_version=workflow.version == claimed.version, same_code=workflow.code == claimed.code)
        run = undone.run_of(claimed, history, self._equipment, code)
        run.workflow, run.claim, run.bound = claimed.workflow, claimed.claim, bound
        execution = Execution(claimed, bound, run, self._equipment, self._on_end)
        if (earlier := self.active.get(claimed.key)) is not None:
            earlier.lose(Fenced(self._equipment.store.path, "this run was claimed anew in the same process"))
        self.active[claimed.key] = execution
        self.begun += 1
        self.is_apart |= claimed.must_be_alone
        execution.begin(driven(execution, self._equipment), self._context)
        self._long_steps.watch()
        return execution

    def _finished(self, execution: Execution) -> None:
        if execution.is_over:  # it was abandoned before its task came to an end
            return
        if self.active.get(execution.claimed.key) is execution:  # after a lost lease, a newer one may have its place
            del self.active[execution.claimed.key]
        if not execution.abandoned and execution.task.done():
            self._look_at_faults(execution)
        if execution.status != "running" and execution.run.lost is None:
            execution.run.lose(OVER)
        self.is_apart = self.is_apart and bool(self.active)
        self._on_over(execution)

    def _look_at_faults(self, execution: Execution) -> None:
        """See to it that a run which neither ended nor waits is executed again by somebody, or fails visibly."""
        task, run = execution.task, execution.claimed
        fault = None if task.cancelled() else task.exception()
        if isinstance(fault, Exception):
            _log.error("run %s stopped by a fault of the engine", run.id, exc_info=fault)
        execution.error = fault or execution.error
        if execution.status != "running" or execution.run.lost is not None or not self.is_open:
            return
        now = self._equipment.clock.now()
        if isinstance(fault, Exception):
            end = EndRun(run.key, "failed", None, error_json(fault), now)
            self._equipment.writer.add(ClaimedChange(run.claim, end))
        else:  # at once what was told to stop while it was being put down
            again = DUE if execution.wake is not None else now + HAND_BACK_SECONDS
            self._equipment.writer.add(ClaimedChange(run.claim, HandBack(run.key, again)))
            execution.wake = max(now, again)

    def stop_cancelled(self, worker: int) -> None:
        """Stop those that were cancelled, by whomever."""
        if self.active:
            for key in self._equipment.store.cancelled_of(worker):
                if key in self.active:
                    self.active[key].stop("cancelled")

    def is_still(self, *, but_for_bodies: bool = False) -> bool:
        """Return whether all goes on with the clock only, or else, if so asked, with its bodies."""
        return all(each.is_still or (but_for_bodies and each.is_at_work) for each in self.active.values())

    def set_deadlines(self) -> None:
        """Stop each when its time is up, by the clock as it is now."""
        for execution in self.active.values():
            execution.set_deadline()

    def refused(self, change: Change, error: Exception) -> None:
        """Stop the run whose change the store refused: it is another's by now, or it fails with what was wrong."""
        execution = self.active.get(run_of(change) or 0)
        if execution is not None and claim_of(change) not in {None, execution.claimed.claim}:
            execution = None  # it was lost before, and a later one has its place
        if not isinstance(error, Fenced):
            _log.error("the store refused %s: %s", type(plain(change)).__name__, error)
        if execution is not None and isinstance(error, Fenced):
            execution.lose(error)
        elif execution is not None:
            execution.refuse(error)

    def lose_all(self, error: Exception) -> None:
        """Stop every run: others own them by now, or the store is out of reach."""
        for execution in list(self.active.values()):
            execution.lose(error)

    def close(self) -> None:
        """Look after long steps no more; what is being executed goes on."""
        self.is_open = False
        self._long_steps.close()

    def stop_all(self) -> None:
        """Tell every run to stop, so that it can be handed back."""
        for execution in list(self.active.values()):
            execution.stop("closing")

    def abandon_all(self) -> None:
        """Leave behind what does not stop."""
        for execution in list(self.active.values()):
            execution.abandon()
