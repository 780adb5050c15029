"""The port to whoever is told how runs go; an engine without one does nothing for it."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from handrail_orchestrator.context import StepContext
from handrail_orchestrator.step import AnyStep
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.rows import ClaimedRun, RunStatus, StepRow
from handrail_orchestrator.store.starts import StartRun

T = TypeVar("T")


class Observed(Protocol):
    """One execution of a run, as far as it is told of; never raises."""

    @property
    def kept_at_first(self) -> str | None:
        """Return what is to be kept of the run's trace at once; None: what is kept already is enough."""
        ...

    def kept_for_next(self) -> str | None:
        """Return what is to be kept of the run's trace when this execution ends in a wait; None: nothing."""
        ...

    def wait_over(self, row: StepRow) -> None:
        """Take note that a wait of the run is over, since just now or since before this execution began."""
        ...

    def enter(self) -> None:
        """Begin: what is called from now on, in this task and those that it makes, belongs to the execution."""
        ...

    def concluded(self, status: RunStatus, error: BaseException | None, now: float) -> None:
        """Take note of what the execution came to; nothing belongs to it any more."""
        ...


class Telemetry(Protocol):
    """Is told how runs go; never raises, and waits for nobody but in ``flush``."""

    def started(self, start: StartRun) -> str | None:
        """Return what is to be kept of the trace of a run that is being started."""
        ...

    def execution(self, claimed: ClaimedRun, store: Store, now: float) -> Observed:
        """Return what is told of an execution that begins."""
        ...

    def attempt(self, step: AnyStep, context: StepContext, body: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        """Return what is awaited in place of an attempt of a step's body."""
        ...

    def flush(self) -> None:
        """Hand on what was told so far, within the time that it says; called in a thread, when an engine closes."""
        ...
