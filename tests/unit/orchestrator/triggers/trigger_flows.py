"""What tests of triggers share."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from handrail import Client, Run, workflow
from handrail.orchestrator import Occurrence


@workflow(version=1)
async def report(_run: Run, when: Occurrence) -> str:
    return when.at.isoformat()


@workflow(version=1)
async def bare(_run: Run) -> str:
    return "ran"


@workflow(version=1)
async def patient(run: Run, when: Occurrence) -> str:
    await run.event("go", str)
    return when.at.isoformat()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something that happens in its own time."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 -- another task moves, and tells nobody
            await asyncio.sleep(0.005)


async def has_runs(client: Client, count: int) -> None:
    """Wait until a store has so many runs."""
    await until(lambda: len(run_ids(client)) == count)


def run_ids(client: Client) -> list[str]:
    return [run.id for run in client.runs(limit=1_000)]


def history(client: Client, name: str) -> list[tuple[str, str | None]]:
    """Return what happened to a trigger, oldest first: what, and about which key."""
    return [(event.action, event.key) for event in reversed(client.trigger_history(name))]
