"""The port to whatever remembers: changes in, rows out."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from handrail_orchestrator.store.batches import BatchStore
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.control import ControlStore
from handrail_orchestrator.store.decided import DecidedStore
from handrail_orchestrator.store.evidence import StoredEvidence
from handrail_orchestrator.store.figures import FigureStore
from handrail_orchestrator.store.files import FileStore
from handrail_orchestrator.store.fired import FiredStore
from handrail_orchestrator.store.flows import FlowStore, StoppedRow
from handrail_orchestrator.store.known import KnownStore
from handrail_orchestrator.store.learned import LearnedStore
from handrail_orchestrator.store.outbox import OutboxStore
from handrail_orchestrator.store.promises import PromiseStore
from handrail_orchestrator.store.queries import JudgedQuery, ReviewQuery, RunQuery
from handrail_orchestrator.store.resealing import RawStore
from handrail_orchestrator.store.rollouts import RolloutStore
from handrail_orchestrator.store.rows import (
    ChildRow,
    ClaimedRun,
    EventRow,
    JudgedRow,
    PassRow,
    PersonRow,
    ReviewLogRow,
    ReviewRow,
    RunRow,
    RunStatus,
    StepRow,
    WaitRow,
    WorkerRow,
)
from handrail_orchestrator.store.running import RunningStore
from handrail_orchestrator.store.sealing import Sealing
from handrail_orchestrator.store.sharing import SharedLimitStore
from handrail_orchestrator.store.triggers import TriggerStore


class Claimed(NamedTuple):
    """Runs claimed, and when the next one is due (None: none is)."""

    runs: Sequence[ClaimedRun]
    next_wake: float | None
    waits_for_rest: bool = False
    """Whether a run is due that is executed with nothing beside it: nothing is claimed until this worker rests."""
    next_timer: float | None = None
    """When the next timer of a review item is over."""
    paused: frozenset[str] = frozenset()
    """The workflows that rest."""
    failing: frozenset[str] = frozenset()
    """The systems that have failed lately."""


class HistoryRows(NamedTuple):
    """What a run remembers."""

    steps: Sequence[StepRow]
    events: Sequence[EventRow]
    children: Sequence[ChildRow] = ()
    """What its steps of kind ``child`` started, as far as it is still there."""


class Store(
    BatchStore,
    ControlStore,
    DecidedStore,
    FigureStore,
    FileStore,
    FiredStore,
    FlowStore,
    KnownStore,
    LearnedStore,
    OutboxStore,
    RawStore,
    RunningStore,
    SharedLimitStore,
    TriggerStore,
    PromiseStore,
    RolloutStore,
    Protocol,
):
    """Remembers runs, steps, waits and reviews; safe to use from several threads.

    ``apply`` is the only way to write. It applies the changes in order in one transaction and returns
    one reply per change; a change that is refused leaves nothing behind, its reply is the error, and
    the others go on. When the whole transaction fails it raises, and nothing of it is recorded.

    Raises (every method):
        StoreError: the store cannot be read or written.
    """

    @property
    def url(self) -> str:
        """Return the address the store was opened with."""
        ...

    @property
    def path(self) -> str:
        """Return where it is, as errors say it: a file's path, or ``:memory:``."""
        ...

    def now(self) -> float:
        """Return the time by the clock of the store's own machine, in seconds since the epoch."""
        ...

    def prepare_to_write(self) -> object:
        """Open the store for writing, if it is not yet: at once, or not at all, before anything has begun.

        Raises:
            StoreLocked: somebody holds the write lock and does not let go.
        """
        ...

    def apply(self, changes: Sequence[Change], *, worker: int | None = None) -> list[Any]:
        """Write; changes that only a live worker may make are refused (``Fenced``) once ``worker`` was struck off."""
        ...

    def try_apply(self, changes: Sequence[Change], *, worker: int | None = None) -> list[Any] | None:
        """Write like ``apply``, unless that would wait for somebody who is writing: then do nothing, return None."""
        ...

    def changed_elsewhere(self) -> bool:
        """Return whether another process wrote since the last call."""
        ...

    def listen(self, on_ring: Callable[[], None]) -> Callable[[], None]:
        """Call back, from any thread, as soon as others wrote, where the store can tell; returns what ends that."""
        ...

    def history(self, key: int) -> HistoryRows:
        """Return what a run remembers, in order of recording."""
        ...

    def run(self, run_id: str) -> RunRow | None:
        """Return one run."""
        ...

    def runs(
        self, *, status: RunStatus | None = None, workflow: str | None = None, after_key: int = 0, limit: int = 100
    ) -> list[RunRow]:
        """Return runs, oldest first."""
        ...

    def latest(self, query: RunQuery) -> list[RunRow]:
        """Return runs, newest first; what a page of them costs does not grow with the number of runs."""
        ...

    def stopped_runs(self, query: RunQuery) -> list[StoppedRow]:
        """Return the same of runs that failed or were set aside, without what they were about."""
        ...

    def run_ids(self, keys: Sequence[int]) -> dict[int, str]:
        """Return the ids of runs by their keys; a key that no run has is left out."""
        ...

    def some_steps(self, key: int, *, after: tuple[int, str] = (0, ""), limit: int = 100) -> list[StepRow]:
        """Return step records of a run in order of recording, after the one with this (seq, name)."""
        ...

    def waits(self, keys: Sequence[int]) -> list[WaitRow]:
        """Return what runs wait for, in the order of their keys, and what each asked first first."""
        ...

    def counts(self) -> dict[tuple[str, int, RunStatus], int]:
        """Return how many runs there are by workflow, version and status."""
        ...

    def due(self, now: float) -> dict[tuple[str, int], int]:
        """Return how many unclaimed runs are due, by workflow and version."""
        ...

    def fates(self, run_ids: list[str] | None, workflow: str | None) -> list[tuple[str, str | None, int]]:
        """Return what became of runs, counted: (fate, error, count)."""
        ...

    def open_runs(self, run_ids: list[str]) -> list[tuple[str, bool]]:
        """Return which of these runs have not ended, and whether each waits for a person."""
        ...

    def in_flight(self, keys: Sequence[int]) -> list[int]:
        """Return those of some runs, by key, that are due or being executed."""
        ...

    def cancelled_of(self, worker: int) -> list[int]:
        """Return the keys of runs of this worker that were told to stop."""
        ...

    def workers(self) -> list[WorkerRow]:
        """Return the workers that signed on and did not sign off."""
        ...

    def ring(self, *, but: int | None = None) -> None:
        """Tell the workers on the store that something may be due; not the one that says so itself.

        A ring may be lost: every worker looks at the store once in a while as well.
        """
        ...

    def reviews(self, query: ReviewQuery) -> list[ReviewRow]:
        """Return review items, most urgent first."""
        ...

    def review_count(self, query: ReviewQuery, *, at_most: int | None = None) -> int:
        """Return how many items the query's list has without its limit; ``at_most``: no more are counted."""
        ...

    def views(self, person: str) -> list[tuple[str, str]]:
        """Return a person's views of lists, by name: (name, query)."""
        ...

    def next_timer(self, now: float) -> float | None:
        """Return when the next timer of a review item is over, that of a policy or of an undo window.

        Of an item that somebody has while its timer is over, it is when the lease ends.
        """
        ...

    def review(self, item: int) -> ReviewRow | None:
        """Return one review item."""
        ...

    def review_log(self, item: int) -> list[ReviewLogRow]:
        """Return every change of one item, oldest first."""
        ...

    def retentions(self) -> dict[str, float]:
        """Return in seconds how long ended runs are kept, by workflow; of one that is not there, for ever."""
        ...

    def evidence(self) -> AbstractContextManager[StoredEvidence]:
        """Return what the store holds as evidence, all of the moment at which the block is entered."""
        ...

    def judged(self, query: JudgedQuery) -> list[JudgedRow]:
        """Return judgements with what people said of them, by run, oldest first, then by name."""
        ...

    def workflow_names(self) -> list[str]:
        """Return the names of the workflows that there are or were runs of, in order."""
        ...

    def has_promises(self) -> bool:
        """Return whether an AI step has ever promised anything."""
        ...

    def answered_others(self, item: int) -> set[str]:
        """Return the names of those who answered other questions of an item's run, or of what it was forked from."""
        ...

    def has_people(self) -> bool:
        """Return whether the store knows anybody."""
        ...

    def person(self, name: str) -> PersonRow | None:
        """Return one person."""
        ...

    def person_of(self, *, subject: str | None = None, email: str | None = None) -> PersonRow | None:
        """Return who signs in with an identity provider as this subject, or with this e-mail address."""
        ...

    def people(self) -> list[PersonRow]:
        """Return everybody, by name."""
        ...

    def pass_of(self, secret_hash: str) -> PassRow | None:
        """Return the pass with this hash."""
        ...

    def passes_of(self, person: str) -> list[PassRow]:
        """Return what lets a person in, newest first."""
        ...

    def target(self, workflow: str) -> str | None:
        """Return where a workflow's code was found, as ``module:name``."""
        ...

    def sealing(self) -> str | None:
        """Return what a sealed store says of its keys (``sealing.SealState``); None: it is not sealed."""
        ...

    def seal_with(self, sealing: Sealing) -> None:
        """Have what the store writes itself sealed, and what it looks into opened; once, before anything is written."""
        ...

    def vacuum(self) -> None:
        """Give space that deleted runs held back to the disk."""
        ...

    def close(self) -> None:
        """Close the store; closing twice does nothing."""
        ...
