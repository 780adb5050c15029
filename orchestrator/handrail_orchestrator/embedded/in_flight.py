"""What a workflow has left behind: calls that nobody awaited, and steps that tasks of its own have begun."""

import asyncio
from typing import TYPE_CHECKING, Protocol

from handrail_orchestrator.embedded.records import Begun
from handrail_orchestrator.errors import Misuse

BETWEEN_SECONDS = 0.001
"""Between two looks at whether what waits for a commit has begun."""

OVER = Misuse("the run is over for now, and what its code left behind begins no more")
"""Why a run that has ended or waits may not be gone on with; see ``in_its_name``."""

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.history import History


def in_its_name(run_id: str, lost: Exception) -> Exception:
    """Return why a run may not be gone on with; what is one error for all would grow with each who raises it."""
    return Misuse(f"run {run_id!r}: {OVER}") if lost is OVER else lost


class LeavingRun(Protocol):
    """A run that ends or waits, as far as what it leaves behind."""

    history: "History"
    running: dict[str, Begun]
    settling: int

    @property
    def id(self) -> str:
        """Return its id."""
        ...


def require_awaited(run: LeavingRun) -> None:
    """Check that a workflow that returns has awaited all that it called.

    Raises:
        Misuse: it has not; nobody knows whether that was done, or how it came out.
    """
    if run.history.unbegun:
        names = ", ".join(sorted(run.history.unbegun))
        raise Misuse(f"run {run.id!r} returned without {names}, which it called and never awaited: write `await`")
    if run.running or run.settling:
        names = ", ".join(run.running) or "a call"
        raise Misuse(f"run {run.id!r} returned while {names} went on in a task of its own: await it, or use run.all")


async def landed(run: LeavingRun) -> None:
    """Wait until no step of a run is being executed any more, so that each is recorded before its run ends or waits."""
    if run.history.unbegun:
        await asyncio.sleep(0)  # a task that was made a moment ago begins now or never
    while run.running or run.settling:
        if not run.running:
            await asyncio.sleep(BETWEEN_SECONDS)
            continue
        run.running = flight = _InFlight(run.running)
        await flight.over


class _InFlight(dict[str, Begun]):
    """Steps in flight, by name; says when the last has landed."""

    def __init__(self, running: dict[str, Begun]) -> None:
        super().__init__(running)
        self.over = asyncio.get_running_loop().create_future()

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        if not self and not self.over.done():
            self.over.set_result(None)
