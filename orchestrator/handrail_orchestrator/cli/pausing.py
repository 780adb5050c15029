"""``handrail pause``, ``resume`` and ``paused``: what rests in every process on a store."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar, get_args

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, DoerOption, JsonOption, StoreOption
from handrail_orchestrator.cli.printing import moment
from handrail_orchestrator.client import Client
from handrail_orchestrator.records.paused import Paused
from handrail_orchestrator.store.queries import ReviewQuery
from handrail_orchestrator.store.rows import ReviewState

T = TypeVar("T")

WorkflowOption = Annotated[str | None, typer.Option("--workflow", metavar="NAME", help="a workflow, by its name")]
QueueNameOption = Annotated[str | None, typer.Option("--queue", metavar="NAME", help="a queue of questions")]


def _with_client(store: str, use: Callable[[Client], Awaitable[T]]) -> T:
    async def reach() -> T:
        async with Client(store) as client:
            return await use(client)

    return asyncio.run(reach())


def _doer(client: Client, by: str) -> str | None:
    return by if by.strip() or client.people.exist() else None


def _is_known(client: Client, workflow: str | None, queue: str | None) -> bool:
    """Return whether there was ever a run of the workflow, or a question in the queue: a name may be mistyped."""
    if workflow is not None:
        return workflow in client.workflow_names()
    return bool(client.review_count(ReviewQuery(states=get_args(ReviewState), queue=queue)))


@complaining
def pause(
    by: DoerOption,
    workflow: WorkflowOption = None,
    queue: QueueNameOption = None,
    why: Annotated[str | None, typer.Option(help="why, for whoever sees that it rests")] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Let a workflow type or a queue rest: a step that is being executed ends, and no other begins."""

    async def do(client: Client) -> Paused:
        rests = await client.pause(workflow=workflow, queue=queue, by=_doer(client, by), why=why)
        if not _is_known(client, workflow, queue):
            typer.echo(
                harmless(f"nothing in this store is of {rests.kind} {rests.name!r} yet: check the name"), err=True
            )
        return rests

    _say(_with_client(store, do), as_json=as_json)


@complaining
def resume(
    by: DoerOption,
    workflow: WorkflowOption = None,
    queue: QueueNameOption = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Let all that rests of a workflow type or a queue go on."""

    async def do(client: Client) -> Paused | None:
        return await client.resume(workflow=workflow, queue=queue, by=_doer(client, by))

    over = _with_client(store, do)
    if as_json:
        typer.echo(json_line(None if over is None else over.as_json()))
    elif over is None:
        typer.echo("it did not rest")
    else:
        typer.echo(harmless(f"{over.kind} {over.name} goes on"))


@complaining
def paused(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """List what rests, since when, by whom and why."""

    async def look(client: Client) -> list[Paused]:
        return client.paused()

    for each in _with_client(store, look):
        _say(each, as_json=as_json)


def _say(each: Paused, *, as_json: bool) -> None:
    typer.echo(json_line(each.as_json()) if as_json else harmless(f"{each} (since {moment(each.at)})"))
