"""``handrail runs retry``, ``cancel`` and ``fork`` of many runs at once, by a filter."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, cast, get_args

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.acting import read_moment
from handrail_orchestrator.client import Client
from handrail_orchestrator.control.bulk import BulkResult
from handrail_orchestrator.control.selection import RunSelection
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.store.control import BulkAction
from handrail_orchestrator.store.queries import RunQuery
from handrail_orchestrator.store.rows import RunStatus
from handrail_orchestrator.tags import read_filter

RunArgument = Annotated[str | None, typer.Argument(metavar="[RUN]", help="one run; none: those that the options name")]
StatusOption = Annotated[str | None, typer.Option("--status", help="many: only runs with this status")]
WorkflowOption = Annotated[str | None, typer.Option("--workflow", help="many: only runs of this workflow")]
TagOption = Annotated[list[str] | None, typer.Option("--tag", metavar="NAME=VALUE", help="many: only with this tag")]
FailedOption = Annotated[str | None, typer.Option("--failed-step", help="many: only those that failed in this step")]
ErrorOption = Annotated[str | None, typer.Option("--error", metavar="TYPE", help="many: only with this error")]
MessageOption = Annotated[
    str | None, typer.Option("--message", help="many: only with such a message; numbers and texts in it may differ")
]
FromOption = Annotated[str | None, typer.Option("--from", metavar="TIME", help="many: only started since then")]
ToOption = Annotated[str | None, typer.Option("--to", metavar="TIME", help="many: only started before this time")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="many: say how many and which, and do nothing")]
BulkOption = Annotated[
    str | None, typer.Option("--bulk", metavar="NAME", help="many: a name, to go on with what was interrupted")
]


def chosen(  # noqa: PLR0913, PLR0917 -- as they are typed
    status: str | None,
    workflow: str | None,
    tags: list[str] | None,
    step: str | None,
    error: str | None,
    message: str | None,
    since: str | None,
    before: str | None,
) -> RunSelection:
    """Return the runs that were asked for.

    Raises:
        Misuse: an option says what cannot be.
    """
    if status is not None and status not in get_args(RunStatus):
        raise Misuse(f"there is no status {status!r}; there are: {', '.join(get_args(RunStatus))}")
    query = RunQuery(
        status=cast("RunStatus | None", status),
        workflow=workflow,
        tags=read_filter(tags or []),
        created_from=None if since is None else read_moment(since),
        created_to=None if before is None else read_moment(before),
    )
    return RunSelection(runs=query, step=step, error=error, message=message)


@dataclass(frozen=True)
class Doing:
    """What is done to many runs, and how."""

    action: BulkAction
    store: str
    doer: Callable[[Client], str | None]
    name: str | None
    """To go on with what was interrupted."""
    step: str | None
    """From which step forks go on."""
    dry_run: bool = field(kw_only=True)
    as_json: bool = field(kw_only=True)


def change_many(doing: Doing, runs: RunSelection) -> None:
    """Change the runs, or say which it would be."""

    async def do() -> BulkResult:
        async with Client(doing.store) as client:
            by = doing.doer(client)
            return await client.bulk(doing.action, runs, by=by, dry_run=doing.dry_run, id=doing.name, step=doing.step)

    result = asyncio.run(do())
    if doing.as_json:
        typer.echo(json_line(result.as_json()))
        return
    if doing.dry_run:
        typer.echo(f"{doing.action}: it would be {result.runs:,} runs; nothing was done")
    else:
        typer.echo(harmless(f"{doing.action}: {result.done:,} of {result.runs:,} runs ({result.id})"))
    for why, count in result.refused.items():
        typer.echo(harmless(f"{count:>8,} refused: {why}"))
    for run_id in result.first:
        typer.echo(harmless(f"  {run_id}"))
    if result.runs > len(result.first) > 0:
        typer.echo(f"  and {result.runs - len(result.first):,} more")
