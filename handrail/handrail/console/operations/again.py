"""Runs that failed alike, tried again or forked: each by itself, and what was refused is told."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from handrail_ground.errors import HandrailError
from handrail_orchestrator.client import Client
from handrail_orchestrator.failures.group import FailureGroup

AT_ONCE = 500
"""Runs of one request, the newest; the page says how many are left."""


@dataclass(frozen=True, slots=True)
class TriedAgain:
    """What became of the runs of a request."""

    done: int
    refused: Sequence[tuple[str, str]]
    """Ids of runs that stay as they are, and why."""
    left: int
    """Runs of the group that the request did not come to."""


async def retry_all(client: Client, group: FailureGroup, *, by: str) -> TriedAgain:
    """Make the runs of a group due again; a worker goes on with them, and whether they fail again is not known yet."""
    return await _each(group, lambda run_id: client.retry(run_id, by=by))


async def fork_all(client: Client, group: FailureGroup, *, step: str | None, by: str) -> TriedAgain:
    """Start new runs with the histories of a group's before a step; None: with no history."""
    return await _each(group, lambda run_id: client.fork(run_id, step=step, by=by))


async def _each(group: FailureGroup, do: Callable[[str], Awaitable[object]]) -> TriedAgain:
    chosen = group.runs[:AT_ONCE]
    results = await asyncio.gather(*(do(run.id) for run in chosen), return_exceptions=True)
    refused: list[tuple[str, str]] = []
    for run, result in zip(chosen, results, strict=True):
        if isinstance(result, HandrailError):
            refused.append((run.id, str(result)))
        elif isinstance(result, BaseException):
            raise result
    return TriedAgain(len(chosen) - len(refused), refused, len(group.runs) - len(chosen))
