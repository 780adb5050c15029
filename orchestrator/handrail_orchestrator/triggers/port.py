"""The port to whatever starts runs by itself: it watches, fires each key once, and is closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, runtime_checkable

from handrail_orchestrator.records.run import RunRecord
from handrail_orchestrator.store.files import KeepFile
from handrail_orchestrator.store.fired import Fired
from handrail_orchestrator.store.rows import RunStatus
from handrail_orchestrator.store.starts import Fire
from handrail_orchestrator.store.triggers import RunEnd, TriggerEvent, TriggerRow
from handrail_orchestrator.workflow import AnyWorkflow


@dataclass(frozen=True, slots=True)
class ByHand:
    """Somebody's wish that a trigger fires now."""

    key: str
    """The key to fire under, so that the wish starts one run."""
    actor: str | None
    """Who wants it, such as ``person:ann``; None: a program."""
    payload: Any
    """What to fire with; None: nothing was said."""


@dataclass(frozen=True, slots=True)
class AwaitedEnds:
    """The ends of runs that a trigger waits for."""

    workflow: str
    """Whose runs."""
    statuses: tuple[RunStatus, ...]
    """How they end."""


class TriggerHost(Protocol):
    """Where a trigger starts runs: an orchestrator, seen from here.

    Raises (every method):
        StoreError: the store cannot be read or written.
    """

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        ...

    async def until(self, when: float | None, *, at_most: float) -> None:
        """Wait until the clock has reached a time, and at most so many seconds of this machine's own time."""
        ...

    def standing(self, trigger: "Trigger") -> TriggerRow:
        """Return where the trigger stands: whether it is paused, and how far it has looked.

        Raises:
            UnknownTrigger: it was struck off.
        """
        ...

    async def stage(self, stream: BinaryIO) -> KeepFile:
        """Give a file's bytes to the store; the change that comes back keeps it, with the run that it is for.

        Raises:
            Misuse: it changed while it was read.
            OSError: it cannot be read.
        """
        ...

    async def fire(  # noqa: PLR0913 -- what a run is started with, by name
        self,
        trigger: "Trigger",
        key: str,
        value: object,
        *,
        run_id: str,
        files: Sequence[KeepFile] = (),
        state: str = "fired",
        by: str | None = None,
        reason: str | None = None,
    ) -> Fired:
        """Start the run of a key, and keep its files, in one transaction; a key that was fired starts nothing.

        ``state`` is what is noted of the key at first, for whoever fires it again. Of a trigger that is paused nothing
        is started: ``Fired.is_paused``.

        Raises:
            RunConflict: a run has this id that was started with something else.
            NotStorable: the value does not fit the workflow's input.
        """
        ...

    async def note(self, trigger: "Trigger", key: str, state: str) -> None:
        """Note how far the trigger is with a key, for whoever fires it again."""
        ...

    async def tell(self, trigger: "Trigger", event: TriggerEvent) -> bool:
        """Put something into the trigger's history, once by its action and key; returns whether it is new."""
        ...

    async def trouble(self, trigger: "Trigger", trouble: str | None) -> None:
        """Say why the trigger cannot look at present; None: it can again."""
        ...

    def occurrence(
        self,
        trigger: "Trigger",
        key: str,
        value: object,
        *,
        run_id: str,
        alone: bool = False,
        reason: str | None = None,
    ) -> Fire:
        """Return the change that starts the run of a key, for ``advance`` and ``take_end``.

        Raises:
            NotStorable: the value does not fit the workflow's input.
        """
        ...

    async def advance(
        self,
        trigger: "Trigger",
        standing: TriggerRow,
        looked: str,
        *,
        fires: Sequence[Fire] = (),
        events: Sequence[TriggerEvent] = (),
        pauses_over: float | None = None,
    ) -> list[Fired] | None:
        """Fire occurrences and note how far the trigger has looked, all in one transaction.

        Returns None, and does nothing, if the trigger is paused, or does not stand any more where it was read.
        """
        ...

    def run_ends(self, trigger: "Trigger", *, limit: int) -> Sequence[RunEnd]:
        """Return the ends of runs that the trigger has yet to look at, in the order in which they came."""
        ...

    def ended_run(self, end: RunEnd) -> RunRecord | None:
        """Return the run that ended; None: it was deleted since."""
        ...

    def run(self, run_id: str) -> RunRecord:
        """Return a run.

        Raises:
            UnknownRun: there is none with this id.
        """
        ...

    def chain(self, run_id: str, *, most: int) -> int:
        """Return how many runs stand before one that triggers started for each other's end, at most so many."""
        ...

    async def take_end(self, trigger: "Trigger", number: int, fire: Fire | None, event: TriggerEvent | None) -> bool:
        """Fire for the next end of a run, or say why not; returns whether nobody else had done so."""
        ...


@runtime_checkable
class Trigger(Protocol):
    """What starts runs of one workflow by itself; inherit from it to write one."""

    @property
    def name(self) -> str:
        """Return what its keys belong to: triggers of one name, in however many processes, fire each key once."""
        ...

    @property
    def kind(self) -> str:
        """Return what it is in a word, such as ``folder``."""
        ...

    @property
    def says(self) -> str:
        """Return what people should know of it in one line, such as ``inbox/*.pdf``; never a secret."""
        ...

    @property
    def workflow(self) -> AnyWorkflow:
        """Return the workflow that it starts."""
        ...

    @property
    def awaits(self) -> AwaitedEnds | None:
        """Return the ends of runs that the store is to keep for it; None: it waits for none."""
        return None

    def begins_at(self, now: float) -> str | None:
        """Return how far it has looked when it is new, in words of its own; None: it keeps no account of that."""
        del now
        return None

    def check(self) -> None:
        """Check what is known only where it is to work, such as secrets in the environment.

        Raises:
            Misuse: it cannot work.
        """
        return

    async def watch(self, host: TriggerHost) -> None:
        """Watch and fire until it is closed or cancelled."""
        ...

    async def by_hand(self, host: TriggerHost, wish: ByHand) -> None:
        """Fire now, as somebody wants it.

        Raises:
            OrchestratorError: it cannot; the history says so.
        """
        ...

    async def close(self) -> None:
        """Let ``watch`` return once what it has in hand is done."""
        ...
