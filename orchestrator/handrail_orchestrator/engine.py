"""The ports to whatever executes runs; held to one contract suite (``tests/contract``).

Four, each of them the next with more: what is remembered of runs; questions to people; all that any process may do; and
executing. Who uses an engine names the least that it needs, so that a double of it is short.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from handrail_orchestrator.file import File, HasFileId
from handrail_orchestrator.keeping import FileSource
from handrail_orchestrator.records.health import Health
from handrail_orchestrator.records.item import ReviewChange, ReviewDetail, ReviewItem
from handrail_orchestrator.records.judgement import JudgementRecord
from handrail_orchestrator.records.run import RunRecord, WaitRecord
from handrail_orchestrator.records.step import StepRecord
from handrail_orchestrator.review.moves import SendUpCode
from handrail_orchestrator.store.files import FileRow
from handrail_orchestrator.store.queries import JudgedQuery, ReviewQuery, RunQuery
from handrail_orchestrator.store.rows import RunStatus
from handrail_orchestrator.workflow import AnyWorkflow, Workflow

if TYPE_CHECKING:
    from handrail_guards.verdict import Verdict

In = TypeVar("In")
Out = TypeVar("Out")
Out_co = TypeVar("Out_co", covariant=True)


class RunRecords(Protocol):
    """What is remembered of runs; see ``Client`` for each method's errors."""

    @property
    def store(self) -> str:
        """Return the store's address."""
        ...

    def run(self, run_id: str) -> RunRecord:
        """Return one run."""
        ...

    def runs(
        self, *, status: RunStatus | None = None, workflow: str | None = None, after_key: int = 0, limit: int = 100
    ) -> Sequence[RunRecord]:
        """Return runs, oldest first: of one status or workflow, and after the run with this key."""
        ...

    def latest_runs(
        self,
        *,
        status: RunStatus | None = None,
        workflow: str | None = None,
        before_key: int | None = None,
        limit: int = 100,
    ) -> Sequence[RunRecord]:
        """Return runs, newest first: of one status or workflow, and before the run with this key."""
        ...

    def find_runs(self, query: RunQuery) -> Sequence[RunRecord]:
        """Return the runs of a query, newest first."""
        ...

    def run_ids(self, keys: Sequence[int]) -> Mapping[int, str]:
        """Return the ids of runs by their keys, such as those of parents."""
        ...

    def steps(self, run_id: str) -> Sequence[StepRecord]:
        """Return the step records of a run, in order of recording."""
        ...

    def some_steps(self, run_id: str, *, after: tuple[int, str] = (0, ""), limit: int = 100) -> Sequence[StepRecord]:
        """Return step records of a run, in order of recording, after the one with this (seq, name)."""
        ...

    def workflow_names(self) -> Sequence[str]:
        """Return the names of the workflows that the store has had runs of, in order."""
        ...

    def waits(self, keys: Sequence[int]) -> Sequence[WaitRecord]:
        """Return what runs wait for, by their keys."""
        ...

    def judgements(self, query: JudgedQuery) -> Sequence[JudgementRecord]:
        """Return judgements with what people said of them, by run, oldest first, then by name."""
        ...


class Fates(Protocol):
    """What became of runs, counted."""

    def fates(self, run_ids: Sequence[str] | None, workflow: str | None) -> Sequence[tuple[str, str | None, int]]:
        """Return what became of runs: (fate, error, count)."""
        ...

    def open_runs(self, run_ids: Sequence[str]) -> Sequence[tuple[str, bool]]:
        """Return which of these runs have not ended, and whether each waits for a person."""
        ...


class ReviewDesk(Protocol):
    """Questions to people, and their answers; see ``Client`` for each method's errors."""

    def reviews(self, query: ReviewQuery | None = None) -> Sequence[ReviewItem]:
        """Return review items, most urgent first; those that wait, if no query is given."""
        ...

    def review_count(self, query: ReviewQuery | None = None) -> int:
        """Return how many items the query's list has without its limit."""
        ...

    def review(self, item: int) -> ReviewDetail:
        """Return one review item, with what was judged and everything that happened to it."""
        ...

    def review_log(self, item: int) -> Sequence[ReviewChange]:
        """Return every change of a review item, oldest first."""
        ...

    async def next_review(self, *, by: str, queue: str | None = None) -> ReviewDetail | None:
        """Take the most urgent item that nobody has; None when there is none."""
        ...

    async def decide(  # noqa: PLR0913 -- what a person may say with an answer
        self,
        item: int,
        value: Any,
        *,
        by: str,
        version: int | None = None,
        shown: str | None = None,
        note: str | None = None,
        despite: Sequence[str] = (),
        undo_seconds: float = 0.0,
        link: str | None = None,
    ) -> ReviewItem:
        """Answer a review item and resume its run."""
        ...

    def use(self, *workflows: AnyWorkflow) -> None:
        """Check answers with the code of these workflows from now on."""
        ...

    async def objections(self, item: int, value: Any) -> "Sequence[Verdict] | None":
        """Return what the guards have against an answer; None when nothing is known that could tell."""
        ...

    async def undo(self, item: int, *, by: str) -> ReviewItem:
        """Take back one's own answer of the last minutes, if its run has not read it."""
        ...

    async def commit(self, item: int, *, by: str) -> ReviewItem:
        """Let one's own answer count at once, without the rest of its undo window."""
        ...

    async def fire_timers(self) -> int:
        """Let answers count whose undo window is over, and policies for what is late fire; returns how many."""
        ...

    async def skip(self, item: int, *, by: str, note: str | None = None) -> ReviewItem:
        """Give an item back for somebody else."""
        ...

    async def release(self, item: int, *, by: str) -> ReviewItem:
        """Give back an item that this person has taken, as if they had never looked at it."""
        ...

    async def take(self, item: int, *, by: str) -> ReviewDetail:
        """Take an item, or take one's own anew."""
        ...

    async def extend(self, item: int, *, by: str, worked: float = 0.0) -> bool:
        """Show that one is still at an item."""
        ...

    async def snooze(self, item: int, *, by: str, until: float, note: str | None = None) -> ReviewItem:
        """Put an item away until a time."""
        ...

    async def assign(self, item: int, *, by: str, to: str | None, note: str | None = None) -> ReviewItem:
        """Give an item to one person, or to whoever comes."""
        ...

    async def send_up(self, item: int, *, by: str, code: SendUpCode, note: str | None = None) -> ReviewItem:
        """Hand an item to the next tier, with the reason."""
        ...

    async def add_note(self, item: int, *, by: str, text: str) -> ReviewItem:
        """Say something about an item for whoever looks at it next."""
        ...


class EngineClient(RunRecords, Fates, ReviewDesk, Protocol):
    """All that any process may do to the runs of a store, whoever executes them."""

    def now(self) -> float:
        """Return the time by the engine's clock, in seconds since the epoch."""
        ...

    def health(self) -> Health:
        """Return how runs, questions and workers are doing."""
        ...

    def code_of(self, workflow: str) -> str | None:
        """Return where a workflow's code was found, as ``module:name``; None when nobody has said."""
        ...

    async def remember_code(self, workflow: str, target: str) -> None:
        """Say where a workflow's code is found, as ``module:name``."""
        ...

    async def send(
        self, run_id: str, name: str, payload: Any = None, *, event_id: str | None = None, by: str | None = None
    ) -> bool:
        """Send an external event to a run; returns whether it was new."""
        ...

    async def cancel(self, run_id: str, *, reason: str = ..., by: str | None = None) -> str:
        """Cancel a run and its children; returns its status."""
        ...

    async def retry(self, run_id: str, *, by: str | None = None) -> None:
        """Go on with a failed run from the step that failed."""
        ...

    async def fork(
        self,
        run_id: str,
        *,
        step: str | None = None,
        id: str | None = None,  # noqa: A002
        by: str | None = None,
    ) -> str:
        """Start a new run with the history of another before a step; returns its id."""
        ...

    async def keep_file(self, source: FileSource, *, name: str | None = None) -> File:
        """Keep a file, given as its bytes or its path."""
        ...

    def read_file(self, file: HasFileId) -> bytes:
        """Return the bytes of a file."""
        ...

    def files_of(self, run_id: str) -> Sequence[FileRow]:
        """Return the files that a run uses."""
        ...

    async def prune(
        self,
        *,
        older_than: timedelta,
        statuses: Sequence[RunStatus] = ...,
        workflow: str | None = None,
        by: str | None = None,
    ) -> int:
        """Delete runs that ended longer ago, with all that belongs to them; returns how many."""
        ...

    async def prune_kept(self, *, by: str | None = None) -> int:
        """Delete the runs that ended longer ago than their workflow declares to keep them; returns how many."""
        ...

    def vacuum(self) -> None:
        """Give space that deleted runs held back to the disk."""
        ...


class Handle(Protocol[Out_co]):
    """One started run."""

    @property
    def id(self) -> str:
        """Return the run's id."""
        ...

    @property
    def new(self) -> bool:
        """Return whether this start made it."""
        ...

    async def result(self) -> Out_co:
        """Wait until the run has ended and return its result."""
        ...


class Engine(EngineClient, Protocol):
    """Starts runs and executes them, too; see ``Orchestrator`` for each method's errors."""

    async def start(
        self,
        workflow: Workflow[In, Out],
        value: In,
        *,
        id: str | None = None,  # noqa: A002
        by: str | None = None,
    ) -> Handle[Out]:
        """Start a run; recorded when this returns."""
        ...

    async def start_many(
        self, workflow: Workflow[In, Out], runs: Sequence[tuple[str | None, In]]
    ) -> Sequence[Handle[Out]]:
        """Start several runs, all or none."""
        ...

    async def idle(self) -> None:
        """Wait until every run has ended or waits."""
        ...

    async def failed(self) -> None:
        """Wait until the store cannot be used any more; returns only by raising."""
        ...
