"""Proof that a workflow's code still fits a recorded history."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_orchestrator.clock import SystemClock
from handrail_orchestrator.embedded.body import Bodies
from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.library import Library
from handrail_orchestrator.embedded.run import EmbeddedRun
from handrail_orchestrator.errors import HistoryMismatch, StepFailed
from handrail_orchestrator.limits import Limiters
from handrail_orchestrator.reader import Reader, recorded_history
from handrail_orchestrator.store.changes import Change, NoteStarted, OpenWait, ReadAnswer, RecordStep, ReopenWait
from handrail_orchestrator.store.rows import ChildRow, EventRow, StepRow
from handrail_orchestrator.store.running import (
    DecideFirst,
    OpenKeyedWait,
    PutProgress,
    PutTags,
    RegisterUndo,
    StartDetached,
)
from handrail_orchestrator.suspension import apart, only_suspensions
from handrail_orchestrator.workflow import AnyWorkflow


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run as the engine recorded it, for ``assert_replays``; people read ``client.run`` and ``client.steps``."""

    id: str
    input: str
    """JSON."""
    status: str
    output: str | None
    steps: Sequence[StepRow]
    events: Sequence[EventRow] = ()
    copied_seq: int = 0
    """Steps up to this number were copied from the run that this one is a fork of."""
    children: Sequence[ChildRow] = ()


def recorded_run(client: Reader, run_id: str) -> RecordedRun:
    """Take a run's history out of a store.

    Raises:
        UnknownRun: there is no such run.
    """
    row, found = recorded_history(client, run_id)
    known = (row.id, row.input, row.status, row.output)
    return RecordedRun(*known, found.steps, found.events, row.copied_seq, found.children)


_OF_A_STEP = (
    RecordStep, NoteStarted, OpenWait, ReopenWait, PutTags, PutProgress, DecideFirst, RegisterUndo, StartDetached,
    OpenKeyedWait,
)  # fmt: skip


class _HistoryEnds(BaseException):
    """The code went on where the history stops."""


class _Replay(EmbeddedRun):
    def write(self, change: Change) -> None:
        """Refuse: nothing new may happen; that an answer was read now is not told to anybody."""
        if isinstance(change, ReadAnswer):
            return
        if isinstance(change, _OF_A_STEP):
            raise self._new(change.row.name)
        raise self._new(type(change).__name__)

    async def settled(self) -> None:
        """Refuse: a body would begin now."""
        raise self._new("a step")

    def _new(self, found: str) -> BaseException:
        left = [row for row in self.history.unasked() if row.status != "started"]
        if not left:
            return _HistoryEnds()
        return self.history.mismatch(f"{left[0].kind} {left[0].name!r} next", f"{found}, which is not recorded")


async def assert_replays(workflow: AnyWorkflow, history: RecordedRun) -> None:
    """Run a workflow's code over a history without executing anything.

    It must ask for every recorded step, with the recorded input, and come to the recorded result.

    Raises:
        HistoryMismatch: it does not; the message names the step expected and found.
    """
    library = Library()
    bound = library.workflow(workflow)
    asked = History(history.id, history.steps, history.events, copied_seq=history.copied_seq, children=history.children)
    clock = SystemClock()
    equipment = Equipment(
        store=None, writer=None, clock=clock, library=library,  # type: ignore[arg-type]  # a replay reaches neither
        bodies=Bodies(clock=clock, limiters=Limiters({}, clock), threads=1),
    )  # fmt: skip
    run = _Replay(0, history.id, asked, equipment, code="changed", must_record=True, strict=True)
    output = None
    try:
        arguments = (bound.input.decode(history.input),) if bound.takes_input else ()
        with apart():
            output = bound.output.encode(await workflow.function(run, *arguments))
    except _HistoryEnds:
        return
    except HistoryMismatch:
        raise
    except StepFailed:
        pass
    except BaseException as error:
        if not only_suspensions(error):
            raise
    left = asked.unasked()
    if left:
        raise asked.mismatch(f"{left[0].kind} {left[0].name!r}", "nothing more")
    if history.status == "completed" and output != history.output:
        raise asked.mismatch(f"the result {history.output}", f"the result {output}")
