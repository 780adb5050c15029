"""What a store is asked for the process map and the event log: steps as they followed, and what goes on now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.rows import RunStatus, StepStatus


@dataclass(frozen=True, slots=True)
class FlowQuery:
    """Which runs are meant."""

    workflow: str | None = None
    version: int | None = None
    since: float | None = None
    """Only runs made at this time or later, in seconds since the epoch."""
    until: float | None = None
    """Only runs made before this time."""


class LoggedStep(NamedTuple):
    """One step of one run, without what it was about; a run without steps has one with a ``name`` of None."""

    run: int
    """The run's key."""
    run_id: str
    workflow: str
    version: int
    run_status: RunStatus
    created: float
    copied_seq: int
    name: str | None
    seq: int
    kind: StepKind
    status: StepStatus
    attempt: int
    queued: float | None
    started: float | None
    ended: float | None
    owner: str | None
    decided_by: str | None
    money: float | None
    taken: float | None
    """When somebody first took its question."""


class LiveRow(NamedTuple):
    """Steps of one name that have begun and not ended, of runs that have not ended."""

    name: str
    kind: StepKind
    status: StepStatus
    """``waiting``, or ``started`` for those that were long enough to be noted."""
    calls: int
    since: float | None
    """Since when the first of them."""


class StoppedRow(NamedTuple):
    """A run that failed, or was set aside, without what it was about."""

    key: int
    id: str
    workflow: str
    version: int
    ended: float | None
    error: str | None
    """JSON."""


class FailedStepRow(NamedTuple):
    """A step whose failure ended its run."""

    run: int
    """The run's key."""
    name: str
    type: str | None
    """The error's class."""
    message: str | None


class FlowStore(Protocol):
    """The part of a store that the process map looks at.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def live_steps(self, query: FlowQuery) -> list[LiveRow]:
        """Return what goes on now, by the steps' names."""
        ...

    def workflow_versions(self) -> list[tuple[str, int]]:
        """Return the workflows that there are or were runs of, with their versions, in order."""
        ...

    def failed_steps(self, keys: Sequence[int]) -> list[FailedStepRow]:
        """Return the steps whose failures ended some runs, in the order in which the runs' errors name them."""
        ...
