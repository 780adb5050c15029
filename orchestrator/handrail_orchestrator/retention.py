"""Retention: how long runs are kept after their end, declared by their workflows, applied once an hour."""

import logging
from collections.abc import Iterable
from typing import Protocol

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.given_time import is_above_zero
from handrail_orchestrator.workflow import AnyWorkflow

APPLIED_EVERY_SECONDS = 3_600.0
"""How often a command that goes on for long deletes what is past its time."""

_log = logging.getLogger("handrail.worker")


class _Pruner(Protocol):
    """Whoever can delete what is past its time."""

    async def prune_kept(self) -> int:
        """Delete it, and return how many runs that were."""
        ...


def declared(workflows: Iterable[AnyWorkflow]) -> dict[str, float | None]:
    """Return in seconds how long each workflow's runs are kept; of several versions the newest one says."""
    newest: dict[str, AnyWorkflow] = {}
    for each in workflows:
        if each.name not in newest or newest[each.name].version < each.version:
            newest[each.name] = each
    return {name: None if each.keep is None else each.keep.total_seconds() for name, each in newest.items()}


class Retention:
    """Deletes what is past its time; a chore."""

    name = "retention"

    def __init__(self, client: _Pruner, *, every_seconds: float = APPLIED_EVERY_SECONDS) -> None:
        if not is_above_zero(every_seconds):
            raise Misuse(f"Retention(every_seconds={every_seconds!r}): give a number of seconds above 0")
        self._client = client
        self.every_seconds = every_seconds

    async def do(self) -> None:
        """Delete it once."""
        if count := await self._client.prune_kept():
            _log.info("%d runs past their time were deleted", count)
