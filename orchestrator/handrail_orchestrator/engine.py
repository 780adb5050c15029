"""The port to whatever executes runs; held to one contract suite (``tests/contract``)."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.run import RunRecord
from handrail_orchestrator.records.step import StepRecord
from handrail_orchestrator.store.port import ReviewQuery
from handrail_orchestrator.workflow import Workflow

In = TypeVar("In")
Out = TypeVar("Out")
Out_co = TypeVar("Out_co", covariant=True)


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


class Engine(Protocol):
    """Starts runs, executes them, and lets the world reach them; see ``Orchestrator`` for each method's errors."""

    async def start(self, workflow: Workflow[In, Out], value: In, *, id: str | None = None) -> Handle[Out]:  # noqa: A002
        """Start a run; recorded when this returns."""
        ...

    async def start_many(
        self, workflow: Workflow[In, Out], runs: Sequence[tuple[str | None, In]]
    ) -> Sequence[Handle[Out]]:
        """Start several runs, all or none."""
        ...

    async def send(self, run_id: str, name: str, payload: Any = None, *, event_id: str | None = None) -> bool:
        """Send an external event to a run; returns whether it was new."""
        ...

    async def cancel(self, run_id: str, *, reason: str = ...) -> str:
        """Cancel a run and its children; returns its status."""
        ...

    async def retry(self, run_id: str) -> None:
        """Go on with a failed run from the step that failed."""
        ...

    async def fork(self, run_id: str, *, step: str | None = None, id: str | None = None) -> str:  # noqa: A002
        """Start a new run with the history of another before a step; returns its id."""
        ...

    def run(self, run_id: str) -> RunRecord:
        """Return one run."""
        ...

    def steps(self, run_id: str) -> Sequence[StepRecord]:
        """Return the step records of a run, in order of recording."""
        ...

    def reviews(self, query: ReviewQuery | None = None) -> Sequence[ReviewItem]:
        """Return review items, most urgent first."""
        ...

    async def decide(
        self,
        item: int,
        value: Any,
        *,
        by: str,
        version: int | None = None,
        note: str | None = None,
        despite: Sequence[str] = (),
    ) -> ReviewItem:
        """Answer a review item and resume its run."""
        ...

    async def idle(self) -> None:
        """Wait until every run has ended or waits."""
        ...
