"""Chores: what is done for a store once in a while beside its runs, by whoever works on it for long."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from handrail_ground.optional import LaterModule
from handrail_orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from handrail_orchestrator.embedded import escapes
else:
    escapes = LaterModule("handrail_orchestrator.embedded.escapes")

_log = logging.getLogger("handrail.worker")


class Chore(Protocol):
    """Something to do now and then; several processes may do it on one store at the same time."""

    @property
    def name(self) -> str:
        """Return what it is called, as the log says it."""
        ...

    @property
    def every_seconds(self) -> float:
        """Return how often it is done, counted from its end."""
        ...

    async def do(self) -> None:
        """Do it once; it may be cancelled at any time, and leaves nothing half done then.

        Raises:
            OrchestratorError: it could not be done; it is tried again the next time.
        """
        ...


def begin(chores: Iterable[Chore]) -> "list[asyncio.Task[None]]":
    """Do each now and again in a task of its own, until that is cancelled."""
    return [asyncio.create_task(_done(each), name=each.name) for each in chores]


async def ended(tasks: "Sequence[asyncio.Task[None]]") -> None:
    """End them, and wait until what each has in hand is recorded or left."""
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _done(chore: Chore) -> None:
    while True:
        try:
            await escapes.awaited(chore.do, (), {})
        except OrchestratorError as error:
            _log.warning("%s could not be done and is tried again in %g s: %s", chore.name, chore.every_seconds, error)
        except Exception as error:  # noqa: BLE001 -- one that fails is no reason to leave it, or another, undone
            _log.error("%s failed, and is tried again in %g s", chore.name, chore.every_seconds, exc_info=error)
        await asyncio.sleep(chore.every_seconds)
