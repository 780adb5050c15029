"""What a run waits for in one execution: which waits are open, until when, and who is told when one is over."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.history import History
from handrail_orchestrator.embedded.matching import Matching
from handrail_orchestrator.errors import WaitExpired
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.changes import Change, RecordStep
from handrail_orchestrator.store.rows import DUE, StepRow
from handrail_orchestrator.suspension import Suspended, unwinding

if TYPE_CHECKING:
    import weakref

    from handrail_orchestrator.codec import Codec
    from handrail_orchestrator.dueness import DueHours

PAUSED = "(paused)"
"""What a run waits for whose workflow is paused; no step has such a name."""


class Recorder(Protocol):
    """A run, as far as what records something for it knows it."""

    def write(self, change: Change) -> None:
        """Put a change on its way to the store."""
        ...


class WaitRecorder(Recorder, Protocol):
    """The run that waits, as far as its waits know it."""

    async def settled(self) -> None:
        """Wait until everything recorded so far is on disk."""
        ...

    def withdrawn(self, names: Sequence[str]) -> None:
        """Wait no more for these."""
        ...


class OpenWaits:
    """The waits that one execution of a run ran into; most executions have none."""

    # what most runs never set stands here: each start would pay for it
    backs_off_until: float | None = None
    """When the last of its steps that failed is tried again, if it waits for that."""
    item_timer: float | None = None
    """When the first timer of the questions that it asked is over."""
    started_child = False
    told: "Callable[[StepRow], None] | None" = None
    """Who is told of waits that are over; None: nobody."""
    due_hours: "DueHours | None" = None
    """What says when a question is due by what it asks; None: its escalation alone does."""
    is_held = False
    """Whether it waits for a system that is down: its deadline stands still."""
    before_answer: "Callable[[str, Codec[Any]], None] | None" = None
    """What a replay that seeks a question does before each of them."""
    wanted_at: Sequence[str | None] = ()
    """The queues of workers that its next steps need; None among them: of any other worker."""

    def __init__(
        self,
        key: int,
        run_id: str,
        history: History,
        matching: Matching,
        equipment: Equipment,
        run: "weakref.ref[WaitRecorder]",
    ) -> None:
        self.open: dict[str, float | None] = {}
        """Waits that this execution ran into, with when each is due."""
        self.key = key
        self.run_id = run_id
        self.history = history
        self.matching = matching
        self.equipment = equipment
        self._run = run
        """Weak, or each ended run would be a cycle and keep the garbage collector busy."""

    def write(self, change: Change) -> None:
        """Put a change on its way to the store."""
        run = self._run()
        assert run is not None  # noqa: S101 -- it is what waits
        run.write(change)

    async def settled(self) -> None:
        """Wait until everything recorded so far is on disk."""
        run = self._run()
        assert run is not None  # noqa: S101 -- it is what waits
        await run.settled()

    def back_off(self, row: StepRow) -> Suspended:
        """Wait until a step that failed is to be tried again, without a place in this process."""
        self.backs_off_until = max(row.due or 0.0, self.backs_off_until or 0.0)
        return self.suspend(row)

    def hold(self, step: str, system: str) -> Suspended:
        """Wait until a system is back, without a place in this process; the store knows, and wakes the run."""
        self.is_held = True
        self.open[f"{step} (system {system})"] = None
        return unwinding(Suspended(step))

    def rest(self) -> Suspended:
        """Wait until the workflow is resumed, due at once then, without a place in this process."""
        self.open[PAUSED] = DUE
        return unwinding(Suspended(PAUSED))

    def open_until(self) -> list[float]:
        """Return when those waits are due that are due at any time."""
        return [due for due in self.open.values() if due is not None]

    def new_row(self, name: str, kind: StepKind, *, due: float | None = None, wanted: str | None = None) -> StepRow:
        """Return the row of a wait that begins now."""
        now = self.equipment.clock.now()
        return StepRow(self.key, name, self.history.take_seq(), kind, "waiting", queued=now, due=due, input=wanted)

    def tell(self, row: StepRow) -> None:
        """Say that a wait is over to whoever wants to know."""
        if self.told is not None:
            self.told(row)

    def ids(self, name: str) -> dict[str, str]:
        """Return what the log says beside a step's name."""
        return {"run": self.run_id, "step": name}

    def suspend(self, row: StepRow) -> Suspended:
        """Return what unwinds the workflow until a wait is over."""
        self.open[row.name] = None if row.kind == "human" else row.due  # whoever is alive fires what is late
        return unwinding(Suspended(row.name))

    def expire(self, row: StepRow, message: str) -> WaitExpired:
        """Record that a wait was over before what it waited for came, and return the error."""
        now = self.equipment.clock.now()
        error = RecordedError("WaitExpired", message).text()
        expired = row._replace(status="failed", ended=now, error=error, decided_by="policy:fail")
        self.write(RecordStep(expired))
        self.tell(expired)
        return wait_expired(expired)


def wait_expired(row: StepRow) -> WaitExpired:
    """Return the error of a wait that was over before what it waited for came."""
    return WaitExpired(step=row.name, message=RecordedError.read(row.error or "{}").message)
