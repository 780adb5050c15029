"""What a store knows of triggers beside what they fired: what they are, how far they looked, what became of it."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from handrail_orchestrator.store.rows import RunStatus
from handrail_orchestrator.store.starts import Fire

TriggerAction = Literal[
    "fired", "skipped", "refused", "repeated", "declared", "changed", "paused", "resumed", "asked", "clock"
]
"""What can happen to a trigger, as its history says it."""


class TriggerRow(NamedTuple):
    """A trigger as it was declared last, and where it stands."""

    name: str
    kind: str
    workflow: str
    says: str
    """What its code says of it, in one line."""
    declared: float
    """When it was first given to an orchestrator."""
    seen: float
    """When it last was."""
    looked: str | None
    """How far it has looked, in words of its own."""
    paused: float | None
    """Since when it fires nothing."""
    pauses: str
    """JSON list of the pauses since then that are over: [from, to]."""
    trouble: str | None
    """Why it cannot look at present."""
    trouble_at: float | None


class TriggerState(NamedTuple):
    """A trigger in a list of all."""

    row: TriggerRow
    fired_at: float | None
    """When it last started a run."""
    waiting: int
    """What it has yet to fire: runs that ended, and what people asked for."""


class TriggerEvent(NamedTuple):
    """One thing that happened to a trigger."""

    at: float
    action: TriggerAction
    key: str | None
    """Of the occurrence that it is about."""
    run_id: str | None
    actor: str | None
    """Who did it, such as ``person:ann``; None: the trigger itself."""
    reason: str | None


class AskRow(NamedTuple):
    """Somebody's wish that a trigger fires now."""

    id: int
    trigger: str
    at: float
    actor: str | None
    payload: str | None
    """What it is to be fired with, as JSON."""


class RunEnd(NamedTuple):
    """The end of a run that a trigger waits for."""

    number: int
    run: int
    """The run's key."""
    status: RunStatus
    at: float


class DeclareTrigger(NamedTuple):
    """Say what a trigger is; one that is known keeps where it stands. Reply: its row."""

    name: str
    kind: str
    workflow: str
    says: str
    now: float
    looked: str | None = None
    """How far it has looked when it is new, or says something else than before."""
    watched: str | None = None
    """The workflow whose ended runs it waits for."""
    statuses: tuple[RunStatus, ...] = ()
    """How those end."""


class PauseTrigger(NamedTuple):
    """Let a trigger fire nothing until it is resumed. Reply: whether it was not paused before."""

    name: str
    now: float
    actor: str | None = None
    reason: str | None = None


class ResumeTrigger(NamedTuple):
    """Let a trigger fire again. Reply: whether it was paused."""

    name: str
    now: float
    actor: str | None = None
    reason: str | None = None


class AskToFire(NamedTuple):
    """Ask whoever runs a trigger to fire it now. Reply: the number of the wish."""

    name: str
    now: float
    actor: str | None
    payload: str | None
    reason: str | None = None


class CloseAsk(NamedTuple):
    """Say that a wish was granted, or why it cannot be. Reply: whether it was still open."""

    id: int
    refusal: TriggerEvent | None = None


class TellTrigger(NamedTuple):
    """Put something into a trigger's history, once by its action and key if it has one. Reply: whether it is new."""

    trigger: str
    event: TriggerEvent


class Advance(NamedTuple):
    """Fire occurrences and note how far a trigger has looked, all at once, if it still stands where it was read.

    Reply: a list of what each led to; None: it is paused, or somebody else has moved it.
    """

    trigger: str
    before: str | None
    after: str
    now: float
    fires: Sequence[Fire] = ()
    events: Sequence[TriggerEvent] = ()
    pauses_over: float | None = None
    """Pauses that ended by then need not be known any more."""


class TakeEnd(NamedTuple):
    """Fire for the end of a run, or say why not, if it is the next that the trigger has to look at.

    Reply: what it led to, or None: the trigger is paused, or somebody else has done it.
    """

    trigger: str
    number: int
    fire: Fire | None
    event: TriggerEvent | None = None
    """What the history says in place of a run."""


class TroubleTrigger(NamedTuple):
    """Say why a trigger cannot look at present; None: it can again."""

    name: str
    now: float
    trouble: str | None


class ForgetTrigger(NamedTuple):
    """Strike a trigger off the list, with what it waits for; what it fired stays known. Reply: whether it was there."""

    name: str
    now: float


TriggerChange = (
    DeclareTrigger
    | PauseTrigger
    | ResumeTrigger
    | AskToFire
    | CloseAsk
    | TellTrigger
    | Advance
    | TakeEnd
    | TroubleTrigger
    | ForgetTrigger
)


class TriggerStore(Protocol):
    """The part of a store that knows triggers.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def trigger(self, name: str) -> TriggerRow | None:
        """Return one trigger."""
        ...

    def triggers(self) -> list[TriggerState]:
        """Return all triggers, by name."""
        ...

    def trigger_history(self, name: str, *, limit: int) -> list[TriggerEvent]:
        """Return what happened to a trigger, newest first."""
        ...

    def trigger_asks(self, names: Sequence[str]) -> list[AskRow]:
        """Return which of some triggers somebody wants to fire, oldest first."""
        ...

    def run_ends(self, trigger: str, *, limit: int) -> list[RunEnd]:
        """Return the ends of runs that a trigger has yet to look at, in the order in which they came."""
        ...

    def fired_before(self, run_id: str, *, most: int) -> int:
        """Return how many runs stand before one that triggers started for each other's end, at most so many."""
        ...
