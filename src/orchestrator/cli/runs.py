"""``handrail runs``: look at runs, and cancel, retry, fork or prune them."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any, TypeVar, cast, get_args

import typer

from orchestrator.cli.failing import complaining
from orchestrator.cli.harmless import harmless
from orchestrator.cli.printing import out, run_table, step_table
from orchestrator.cli.running import DEFAULT_STORE, JsonOption, StoreOption
from orchestrator.client import Client
from orchestrator.errors import Misuse
from orchestrator.store.rows import ENDED, RunRow, RunStatus, StepRow

app = typer.Typer(help="Look at runs, and cancel, retry, fork or prune them.", no_args_is_help=True)

T = TypeVar("T")


def _with_client(store: str, use: Callable[[Client], Awaitable[T]]) -> T:
    async def reach() -> T:
        async with Client(store) as client:
            return await use(client)

    return asyncio.run(reach())


def _status(text: str | None) -> RunStatus | None:
    if text is not None and text not in get_args(RunStatus):
        raise Misuse(f"there is no status {text!r}; there are: {', '.join(get_args(RunStatus))}")
    return cast("RunStatus | None", text)


@app.command("list")
@complaining
def list_runs(
    store: StoreOption = DEFAULT_STORE,
    status: Annotated[str | None, typer.Option(help="only runs with this status")] = None,
    workflow: Annotated[str | None, typer.Option(help="only runs of this workflow")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: JsonOption = False,
) -> None:
    """List runs, oldest first, after a count of all by workflow and status."""
    wanted = _status(status)

    async def fetch(
        client: Client,
    ) -> tuple[list[RunRow], dict[tuple[str, int, RunStatus], int], dict[tuple[str, int], int]]:
        rows = client.store.runs(status=wanted, workflow=workflow, limit=limit)
        return rows, client.store.counts(), client.store.due(time.time())

    rows, counts, due = _with_client(store, fetch)
    if as_json:
        for row in rows:
            typer.echo(json.dumps(_public(row)))
        return
    for (name, version, state), count in counts.items():
        out().print(f"{count:>8,} {name} v{version} {state}", markup=False)
    for (name, version), count in due.items():
        out().print(f"{count:>8,} {name} v{version} due, and no worker has taken them yet", markup=False)
    out().print(run_table(rows))


@app.command()
@complaining
def show(run_id: str, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Show one run with every step record."""

    async def fetch(client: Client) -> tuple[RunRow, list[StepRow]]:
        return client.run(run_id), list(client.steps(run_id))

    row, steps = _with_client(store, fetch)
    if as_json:
        typer.echo(json.dumps({**_public(row), "steps": [_public(step) for step in steps]}))
        return
    out().print(run_table([row]))
    out().print(harmless(f"input   {row.input}\noutput  {row.output or ''}\n"), markup=False)
    out().print(step_table(steps))


@app.command()
@complaining
def cancel(run_id: str, store: StoreOption = DEFAULT_STORE) -> None:
    """Cancel a run and its children."""
    typer.echo(f"{run_id}: {_with_client(store, lambda client: client.cancel(run_id))}")


@app.command()
@complaining
def retry(run_id: str, store: StoreOption = DEFAULT_STORE) -> None:
    """Make a failed run due again, from the step that failed; a worker goes on with it."""
    _with_client(store, lambda client: client.retry(run_id))
    typer.echo(f"{run_id}: due; execute it with: handrail work MODULE:WORKFLOW --store {store}")


@app.command()
@complaining
def fork(
    run_id: str,
    store: StoreOption = DEFAULT_STORE,
    step: Annotated[str | None, typer.Option(help="the first step that shall run again; none: all of them")] = None,
    new_id: Annotated[str | None, typer.Option("--id", help="the new run's id")] = None,
) -> None:
    """Start a new run with the history of another up to a step."""
    typer.echo(_with_client(store, lambda client: client.fork(run_id, step=step, id=new_id)))


@app.command()
@complaining
def prune(
    older_than_days: Annotated[float, typer.Option(min=0)],
    store: StoreOption = DEFAULT_STORE,
    status: Annotated[
        list[str] | None, typer.Option(help="which ended runs (default: completed and cancelled)")
    ] = None,
    vacuum: Annotated[bool, typer.Option(help="give the space back to the disk")] = False,
) -> None:
    """Delete runs that ended long ago, with all that belongs to them."""
    statuses = cast("list[RunStatus]", [_status(each) for each in status or ("completed", "cancelled")])

    async def delete(client: Client) -> int:
        count = await client.prune(older_than=timedelta(days=older_than_days), statuses=statuses)
        if vacuum:
            client.store.vacuum()
        return count

    typer.echo(f"{_with_client(store, delete)} runs deleted")


def _public(row: RunRow | StepRow) -> dict[str, Any]:
    data = row._asdict()
    for name in ("input", "output", "error", "verdicts"):
        if data.get(name) is not None:
            data[name] = json.loads(data[name])
    if isinstance(row, RunRow):
        data["has_ended"] = row.status in ENDED
    return data
