"""What holds runs and questions back: pauses, as a store keeps them."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from handrail_orchestrator.store.breaking import Rule, SystemRow, Way
from handrail_orchestrator.store.forgetting import FamilyRow, ForgetRuns

PauseKind = Literal["workflow", "queue"]

BulkAction = Literal["retry", "cancel", "fork"]
"""What is done to many runs."""


class PauseRow(NamedTuple):
    """A workflow type, or a queue, that rests; the columns of table ``pauses`` in order."""

    kind: PauseKind
    name: str
    by: str | None
    """Who paused it, such as ``person:ann``; None: code did."""
    why: str | None
    at: float


class Pause(NamedTuple):
    """Let a workflow type or a queue rest. Reply: the ``PauseRow`` that holds now, which may be an earlier one."""

    row: PauseRow


class Resume(NamedTuple):
    """Let it go on. Reply: the ``PauseRow`` that is over; None: it did not rest."""

    kind: PauseKind
    name: str
    by: str | None
    now: float


class EnterSystem(NamedTuple):
    """Ask whether a run may use a system. Reply: ``Entered``; one that has to wait is woken when it may go on."""

    system: str
    run: int
    step: str
    now: float
    rule: Rule


class Entered(NamedTuple):
    """What a run may do that needs a system."""

    way: Way
    seconds: float = 0.0
    """How long it waited for it: by so much its step's time limit moves on."""


class SystemFailed(NamedTuple):
    """Count a failure of a system. Reply: whether the run has to wait for it, without having failed."""

    system: str
    run: int
    step: str
    now: float
    rule: Rule
    error: str
    """Its type."""


class SystemAnswered(NamedTuple):
    """Note that a system has answered; when that was the probe, those who wait go on one after the other."""

    system: str
    run: int
    now: float
    rule: Rule


class ProbeNow(NamedTuple):
    """Let somebody try a system that is down without waiting any longer. Reply: whether it is down."""

    system: str
    now: float
    by: str | None


class DownRow(NamedTuple):
    """A system that is down, or fails, and how many runs wait for it."""

    row: SystemRow
    waiting: int


class BulkBatch(NamedTuple):
    """Change some runs of many in one transaction, and note how far it has come. Reply: ``BulkRow``."""

    id: str
    action: BulkAction
    told: str
    """What it is about, as JSON text: the same id is the same."""
    by: str | None
    now: float
    place: str
    """From where to go on, as JSON text; empty: nothing is left."""
    after: str | None = None
    """From where this goes on; it does nothing if somebody else did. None: it begins."""
    runs: Sequence[str] = ()
    """The ids of the next ones; a fork of one is called by it and by this id."""
    step: str | None = None
    """From which step a fork goes on."""


class BulkRow(NamedTuple):
    """A change of many runs, and how far it has come; the columns of table ``bulks`` in order."""

    id: str
    action: BulkAction
    told: str
    by: str | None
    begun: float
    place: str
    done: int
    refused: str
    """JSON object: how many were refused, by why."""
    ended: float | None


ControlChange = Pause | Resume | EnterSystem | SystemFailed | SystemAnswered | ProbeNow | BulkBatch | ForgetRuns


class ControlStore(Protocol):
    """The part of a store that knows what is held back.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def pauses(self) -> Sequence[PauseRow]:
        """Return what rests, workflows first, by name."""
        ...

    def systems(self) -> Sequence[DownRow]:
        """Return the systems that have failed lately, by name, and how many runs wait for each."""
        ...

    def family(self, keys: Sequence[int]) -> Sequence[FamilyRow]:
        """Return runs with all their descendants, these first."""
        ...

    def bulk(self, name: str) -> BulkRow | None:
        """Return a change of many runs, and how far it has come."""
        ...
