"""The port to what decides which runs a worker executes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.executing import Executing
from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.embedded.firing import Firing
from handrail_orchestrator.embedded.settings import Settings
from handrail_orchestrator.errors import OrchestratorError
from handrail_orchestrator.workflow import Workflows

if TYPE_CHECKING:
    import asyncio


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerParts:
    """The parts of a worker that a dispatch works with."""

    workflows: Workflows
    equipment: Equipment
    settings: Settings
    executing: Executing
    firing: Firing
    worker: Callable[[], int]
    """The id that the worker has signed on with."""
    struck_off: Callable[[int], None]
    """Called when the store says that the worker with this id was struck off."""
    give_up: Callable[[OrchestratorError], None]
    """Called when no run can be executed here any more."""
    is_responsive: Callable[[], bool]
    """Whether the event loop turns, so that the worker may say that it is alive; called from any thread."""
    has_company: Callable[[], bool]
    """Whether others work on the store, who could execute what is due as well."""


class Dispatch(Protocol):
    """Finds runs for one worker's ``Executing``; all of it on the worker's event loop but ``clock_has_stepped``."""

    async def begin(self) -> None:
        """Be ready to find runs, once the worker has signed on."""
        ...

    @property
    def task(self) -> "asyncio.Task[None] | None":
        """Return the look that is under way."""
        ...

    @property
    def is_blind(self) -> bool:
        """Return whether the last look for work failed, so that nobody knows what is due."""
        ...

    def wake(self) -> None:
        """Look for due runs, once now or once more after the look that is under way."""
        ...

    async def look(self) -> None:
        """Look for due runs, and for what came meanwhile, and wait until that is over."""
        ...

    @property
    def has_room(self) -> bool:
        """Return whether a run that is started here can be executed here at once."""
        ...

    def expect(self) -> None:
        """Keep room for a run that is being started here."""
        ...

    def arrived(self) -> None:
        """Give up the room that was kept."""
        ...

    def begins(self, key: int) -> None:
        """Take note that a run is executed now."""
        ...

    def over(self, execution: Execution) -> None:
        """Take note that an execution is over, and look for more to do."""
        ...

    @property
    def is_still(self) -> bool:
        """Return whether nothing is on its way from here."""
        ...

    async def is_at_rest(self) -> bool:
        """Return whether nothing is due after a look; what is left alone for a while is waited for, a moment."""
        ...

    def clock_has_stepped(self) -> bool:
        """Return whether the clock was set; called in the writer's thread."""
        ...

    def set_anew(self) -> None:
        """Wait for the same times by the clock as it is now."""
        ...

    def close(self) -> None:
        """Find nothing more."""
        ...

    async def closed(self) -> None:
        """Wait until everybody knows what became of the runs, once they are handed back."""
        ...


MakeDispatch = Callable[[WorkerParts], Dispatch]
