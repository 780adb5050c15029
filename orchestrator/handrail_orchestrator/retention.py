"""Retention: how long runs are kept after their end, declared by their workflows, applied once an hour."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from handrail_orchestrator.errors import OrchestratorError
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


async def apply_retention(client: _Pruner) -> None:
    """Delete what is past its time, now and once an hour, until this is cancelled; what fails is tried again."""
    while True:
        try:
            count = await client.prune_kept()
        except OrchestratorError as error:
            _log.warning("runs past their time could not be deleted, the next try is in an hour: %s", error)
        else:
            if count:
                _log.info("%d runs past their time were deleted", count)
        await asyncio.sleep(APPLIED_EVERY_SECONDS)
