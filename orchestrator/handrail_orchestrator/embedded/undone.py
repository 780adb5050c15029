"""A run of which nothing is left to do but to undo what it did, in reverse order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from handrail_orchestrator.context import StepContext
from handrail_orchestrator.embedded.body import BodyFailed
from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.escapes import error_type
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.matching import CodeMatch
from handrail_orchestrator.embedded.records import Begun, error_json, message_of
from handrail_orchestrator.embedded.run import EmbeddedRun
from handrail_orchestrator.embedded.tries import resumed
from handrail_orchestrator.embedded.undos import Undo
from handrail_orchestrator.errors import UndoFailed
from handrail_orchestrator.interrupts import is_for_us
from handrail_orchestrator.store.changes import Change, RecordStep
from handrail_orchestrator.store.rows import ClaimedRun
from handrail_orchestrator.suspension import apart


class _NothingNew(BaseException):
    """The replay has come to where something would happen that did not happen before."""


class UndoneRun(EmbeddedRun):
    """Replays its workflow, to find again with what it registered its undo actions, and executes those."""

    is_replaying = False
    """Whether nothing may be recorded and no body may begin."""

    def write(self, change: Change) -> None:
        """Put a change on its way to the store, unless the run only remembers."""
        if self.is_replaying:
            raise _NothingNew
        super().write(change)

    async def settled(self) -> None:
        """Wait until everything recorded so far is on disk, unless the run only remembers."""
        if self.is_replaying:
            raise _NothingNew
        await super().settled()

    async def undo(self, workflow: Callable[..., Awaitable[Any]], given: Sequence[Any], before: str) -> None:
        """Execute what was registered and is not undone yet, the last first.

        Raises:
            UndoFailed: one failed for good, or the code does not register it any more.
        """
        await self._remember(workflow, given)
        left = [row for row in self.history.undos() if row.status in {"registered", "started"}]
        for row in sorted(left, key=lambda row: row.seq, reverse=True):
            undo = self.undos.registered.get(row.name)
            if undo is None:
                problem = "the code does not register it any more: put the code back"
                raise UndoFailed(step=row.name, problem=problem, before=before)
            await self._undo(undo, before)

    async def _remember(self, workflow: Callable[..., Awaitable[Any]], given: Sequence[Any]) -> None:
        self.is_replaying = True
        try:
            with apart():
                await workflow(self, *given)
        except BaseException as error:  # however far it comes: what it has registered by then is known
            task = asyncio.current_task()
            if is_for_us(error) or (task is not None and task.cancelling()):
                raise
        finally:
            self.is_replaying = False
        self.history.broken = None
        self.waits.open.clear()

    async def _undo(self, undo: Undo, before: str) -> None:
        row, bound, clock = undo.row, undo.bound, self.equipment.clock
        if row.due is not None and row.due > clock.now():
            raise self.waits.back_off(row)
        await self.settled()
        step = replace(bound.step, kind="undo", pace=bound.step.pace)
        attempt = row.attempt + 1 if row.status == "started" else 1
        begun = Begun(self.key, row.name, row.seq, step, attempt, clock.now(), row.input or "")
        self.running[row.name] = begun
        try:
            notes = self.notebook()
            tries = resumed(begun, row if row.status == "started" else None, notes)
            context = StepContext(self.id, self.in_round(row.name), attempt, files=self.equipment.files)
            done = await self.equipment.bodies.execute(step, context, tries, undo.args, undo.kwargs)
            output = bound.result.encode(done.value)
        except BodyFailed as failed:
            raise self._failed_to_undo(begun, failed.error, failed.attempt, before) from failed.error
        except Exception as error:
            raise self._failed_to_undo(begun, error, attempt, before) from error
        finally:
            del self.running[row.name]
        self.write(RecordStep(begun.done(done.attempt, clock.now(), output, done.decided_by or bound.decided_by)))

    def _failed_to_undo(self, begun: Begun, error: Exception, attempt: int, before: str) -> UndoFailed:
        self.write(RecordStep(begun.failed(attempt, self.equipment.clock.now(), error_json(error))))
        problem = f"{error_type(error)}: {message_of(error)}"
        return UndoFailed(step=begun.name, problem=problem, before=before)


def run_of(claimed: ClaimedRun, history: History, equipment: Equipment, code: CodeMatch) -> EmbeddedRun:
    """Return a run as its worker executes it: from its top, or only what is left of it to undo."""
    if claimed.undoing is None:
        run = EmbeddedRun(claimed.key, claimed.id, history, equipment, code=code)
    else:
        run = UndoneRun(claimed.key, claimed.id, history, equipment, code=code, must_record=True)
    if claimed.round != run.round:
        run.round = claimed.round
    return run
