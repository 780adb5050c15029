"""``handrail runs``: look at runs, and cancel, retry, fork or prune them."""

import asyncio
import math
import shlex
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Annotated, NamedTuple, TypeVar, cast, get_args

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli import many, operating
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.flow import write_log
from handrail_orchestrator.cli.options import DEFAULT_STORE, DoerOption, JsonOption, LimitOption, StoreOption
from handrail_orchestrator.cli.outcome import outcome
from handrail_orchestrator.cli.printing import out, plain_text, run_table, step_table
from handrail_orchestrator.client import Client
from handrail_orchestrator.control.forgetting import Forgotten
from handrail_orchestrator.control.selection import RunSelection
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.records.health import Health
from handrail_orchestrator.records.run import RunRecord, WaitRecord
from handrail_orchestrator.records.step import StepRecord
from handrail_orchestrator.store.address_text import as_typed
from handrail_orchestrator.store.queries import RunQuery
from handrail_orchestrator.store.rows import RunStatus
from handrail_orchestrator.tags import read_filter

app = typer.Typer(help="Look at runs, and cancel, retry, fork or prune them.", no_args_is_help=True)
app.command("log")(write_log)
app.command("outcome")(outcome)
app.command("start")(operating.start)
app.command("send")(operating.send)
app.command("set-result")(operating.set_result)
app.command("skip")(operating.skip)

T = TypeVar("T")

MOST_DAYS = 100_000
"""Longer ago than there have been computers."""


def _with_client(store: str, use: Callable[[Client], Awaitable[T]]) -> T:
    async def reach() -> T:
        async with Client(store) as client:
            return await use(client)

    return asyncio.run(reach())


def _doer(client: Client, by: str) -> str | None:
    """Return who does it; None where the system cannot tell and the store knows nobody anyway."""
    return by if by.strip() or client.people.exist() else None


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
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="NAME=VALUE", help="only runs with this tag; may be given again"),
    ] = None,
    before: Annotated[str | None, typer.Option(metavar="RUN", help="only runs older than this one")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List runs, newest first, after a count of all by workflow and status."""
    wanted, carried = _status(status), read_filter(tags or [])

    async def fetch(client: Client) -> _Listed:
        before_key = None if before is None else client.run(before).key
        # one more than is shown tells whether there is a next page
        query = RunQuery(
            status=wanted, workflow=workflow, tags=carried, before_key=before_key, limit=limit + 1, values=as_json
        )
        rows = client.find_runs(query)
        waits = client.waits([row.key for row in rows if row.status == "waiting"])
        return _Listed(rows, waits, None if as_json else client.health())

    found = _with_client(store, fetch)
    rows = found.rows[:limit]
    older = harmless(f"older ones: add --before {shlex.quote(rows[-1].id)}") if len(found.rows) > limit else ""
    if as_json:
        for row in rows:
            typer.echo(json_line({**row.as_json(), "waits": _waits_of(row, found.waits)}))
        if older:  # beside the lines, as programs read those: what they have is not all
            typer.echo(older, err=True)
        return
    health = found.health
    for (name, version, state), count in () if health is None else health.runs.items():
        out().print(f"{count:>8,} {harmless(name)} v{version} {state}", markup=False)
    for (name, version), count in () if health is None else health.due.items():
        out().print(f"{count:>8,} {harmless(name)} v{version} due, and no worker has taken them yet", markup=False)
    for rests in () if health is None else (*health.paused, *health.down):
        out().print(harmless(str(rests)), markup=False)
    out().print(run_table(rows, found.waits))
    if older:
        out().print(older, markup=False)


def _undo_said(run: RunRecord) -> str:
    if run.status == run.undoing:
        return "what it did is undone"
    return "stuck: retry it, or set-result of the undo step" if run.status == "set_aside" else "under way"


class _Listed(NamedTuple):
    rows: Sequence[RunRecord]
    waits: Sequence[WaitRecord]
    health: Health | None


def _waits_of(run: RunRecord, waits: Sequence[WaitRecord]) -> list[dict[str, object]]:
    return [wait.as_json() for wait in waits if wait.run_key == run.key]


@app.command()
@complaining
def show(run_id: str, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Show one run with every step record, and what it waits for."""

    async def fetch(client: Client) -> tuple[RunRecord, Sequence[StepRecord], Sequence[WaitRecord]]:
        row = client.run(run_id)
        return row, client.steps(run_id), client.waits([row.key])

    row, steps, waits = _with_client(store, fetch)
    if as_json:
        told = [{"run": row.key, **step.as_json()} for step in steps]
        typer.echo(json_line({**row.as_json(), "waits": _waits_of(row, waits), "steps": told}))
        return
    out().print(run_table([row], waits))
    output = plain_text(row.output) if row.status == "completed" else ""
    for name, said in (
        ("says", row.progress),
        ("undo", None if row.undoing is None else _undo_said(row)),
        ("round", None if row.round == 1 else f"{row.round}; steps of the rounds before: --json, or client.some_steps"),
        ("tags", " ".join(f"{name}={value}" for name, value in row.tags.items())),
    ):
        if said:
            out().print(harmless(f"{name:<7} {said}"), markup=False)
    out().print(harmless(f"input   {plain_text(row.input)}\noutput  {output}\n"), markup=False)
    out().print(step_table(steps, waits))


@app.command()
@complaining
def cancel(
    by: DoerOption,
    run_id: many.RunArgument = None,
    store: StoreOption = DEFAULT_STORE,
    status: many.StatusOption = None,
    workflow: many.WorkflowOption = None,
    tags: many.TagOption = None,
    failed_step: many.FailedOption = None,
    error: many.ErrorOption = None,
    message: many.MessageOption = None,
    since: many.FromOption = None,
    before: many.ToOption = None,
    dry_run: many.DryRunOption = False,
    bulk: many.BulkOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cancel a run and its children, or all that the options name."""
    runs = many.chosen(status, workflow, tags, failed_step, error, message, since, before)
    if _is_one(run_id, runs, dry_run=dry_run, bulk=bulk):
        one = str(run_id)
        said = _with_client(store, lambda client: client.cancel(one, by=_doer(client, by)))
        typer.echo(harmless(f"{one}: {said}"))
        return
    doing = many.Doing("cancel", store, lambda client: _doer(client, by), bulk, None, dry_run=dry_run, as_json=as_json)
    many.change_many(doing, runs)


@app.command()
@complaining
def retry(
    by: DoerOption,
    run_id: many.RunArgument = None,
    store: StoreOption = DEFAULT_STORE,
    status: many.StatusOption = None,
    workflow: many.WorkflowOption = None,
    tags: many.TagOption = None,
    failed_step: many.FailedOption = None,
    error: many.ErrorOption = None,
    message: many.MessageOption = None,
    since: many.FromOption = None,
    before: many.ToOption = None,
    dry_run: many.DryRunOption = False,
    bulk: many.BulkOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a failed run, or all that the options name, due again from the step that failed; a worker goes on."""
    runs = many.chosen(status, workflow, tags, failed_step, error, message, since, before)
    if _is_one(run_id, runs, dry_run=dry_run, bulk=bulk):
        one = str(run_id)
        _with_client(store, lambda client: client.retry(one, by=_doer(client, by)))
        typer.echo(harmless(f"{one}: due; execute it with: handrail work MODULE:WORKFLOW --store {as_typed(store)}"))
        return
    doing = many.Doing("retry", store, lambda client: _doer(client, by), bulk, None, dry_run=dry_run, as_json=as_json)
    many.change_many(doing, runs)


@app.command()
@complaining
def fork(
    by: DoerOption,
    run_id: many.RunArgument = None,
    store: StoreOption = DEFAULT_STORE,
    step: Annotated[str | None, typer.Option(help="the first step that shall run again; none: all of them")] = None,
    new_id: Annotated[str | None, typer.Option("--id", help="the new run's id")] = None,
    status: many.StatusOption = None,
    workflow: many.WorkflowOption = None,
    tags: many.TagOption = None,
    failed_step: many.FailedOption = None,
    error: many.ErrorOption = None,
    message: many.MessageOption = None,
    since: many.FromOption = None,
    before: many.ToOption = None,
    dry_run: many.DryRunOption = False,
    bulk: many.BulkOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a new run with the history of another up to a step; or one for each that the options name."""
    if new_id is not None and not new_id.strip():
        raise Misuse("--id is empty: give the new run's id, or leave the option out to have one made")
    runs = many.chosen(status, workflow, tags, failed_step, error, message, since, before)
    if _is_one(run_id, runs, dry_run=dry_run, bulk=bulk):
        one = str(run_id)
        new = _with_client(store, lambda client: client.fork(one, step=step, id=new_id, by=_doer(client, by)))
        typer.echo(harmless(new))
        return
    doing = many.Doing("fork", store, lambda client: _doer(client, by), bulk, step, dry_run=dry_run, as_json=as_json)
    many.change_many(doing, runs)


def _is_one(run_id: str | None, runs: RunSelection, *, dry_run: bool, bulk: str | None) -> bool:
    """Return whether one run is named, and not many."""
    if run_id is not None and (runs != RunSelection() or dry_run or bulk is not None):
        raise Misuse(f"name one run ({run_id}), or choose many by the options; not both")
    return run_id is not None


@app.command()
@complaining
def forget(
    by: DoerOption,
    run_ids: Annotated[list[str] | None, typer.Argument(metavar="[RUN...]", help="runs, by their ids")] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", metavar="NAME=VALUE", help="runs with this tag, such as customer=acme")
    ] = None,
    why: Annotated[str | None, typer.Option(help="why, for the record; without the values")] = None,
    end: Annotated[bool, typer.Option("--cancel", help="cancel those that have not ended")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say how many, and do nothing")] = False,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Blank the values of runs and of their descendants, and keep the record that they were there."""
    wanted = read_filter(tags or [])
    if not wanted and not run_ids:
        raise Misuse("forget whom? Give --tag customer=acme, or the ids of runs: `handrail runs forget RUN`")

    async def do(client: Client) -> Forgotten:
        return await client.forget(
            tags=wanted, runs=run_ids or (), by=_doer(client, by), why=why, cancel=end, dry_run=dry_run
        )

    found = _with_client(store, do)
    if as_json:
        typer.echo(json_line(found.as_json()))
    elif dry_run:
        typer.echo(f"{found.runs:,} runs would be forgotten, {found.open:,} of them have not ended; nothing was done")
    elif not found.runs:
        shown = harmless(" ".join(f"{name}={value}" for name, value in wanted.items()))
        typer.echo(f"no run carries {shown}: there is nothing to forget; what was forgotten carries no tag any more")
    else:
        typer.echo(f"{found.forgotten:,} of {found.runs:,} runs forgotten")
    if found.open and not dry_run:
        typer.echo(f"{found.open:,} have not ended yet: say it again when they have", err=True)
        raise typer.Exit(1)


@app.command()
@complaining
def prune(
    by: DoerOption,
    older_than_days: Annotated[
        float | None, typer.Option(min=0, max=MOST_DAYS, help="ended longer ago than that")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    status: Annotated[
        list[str] | None, typer.Option(help="which ended runs (default: completed and cancelled)")
    ] = None,
    workflow: Annotated[str | None, typer.Option(help="only runs of this workflow")] = None,
    retention: Annotated[bool, typer.Option(help="those that ended longer ago than their workflow keeps them")] = False,
    vacuum: Annotated[bool, typer.Option(help="give the space back to the disk")] = False,
) -> None:
    """Delete runs that ended long ago, with all that belongs to them."""
    if (older_than_days is None) != retention or (retention and (status or workflow)):
        raise Misuse("say --older-than-days N, or --retention alone: it goes by what the workflows declare (keep=...)")
    if older_than_days is not None and not math.isfinite(older_than_days):
        raise Misuse(f"--older-than-days is {older_than_days}: give a number of days, 0 or more")
    statuses = cast("list[RunStatus]", [_status(each) for each in status or ("completed", "cancelled")])

    async def delete(client: Client) -> int:
        if older_than_days is None:
            count = await client.prune_kept(by=_doer(client, by))
        else:
            older_than = timedelta(days=older_than_days)
            count = await client.prune(
                older_than=older_than, statuses=statuses, workflow=workflow, by=_doer(client, by)
            )
        if vacuum:
            client.vacuum()
        return count

    typer.echo(f"{_with_client(store, delete)} runs deleted")
