"""``handrail runs start``, ``send``, ``set-result`` and ``skip``: what is done to runs without their code."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import typer

from handrail_ground.text import harmless
from handrail_ground.values import InvalidJson, from_json
from handrail_orchestrator.cli.acting import read_moment
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, DoerOption, NoteOption, StoreOption
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse

T = TypeVar("T")

StepArgument = Annotated[str, typer.Argument(help="the step's name, as `handrail runs show` has it")]


@complaining
def start(  # noqa: PLR0913, PLR0917 -- each is an option
    workflow: Annotated[str, typer.Argument(help="the workflow's name")],
    by: DoerOption,
    value: Annotated[str | None, typer.Option("--input", metavar="JSON", help="what it is started with")] = None,
    run_id: Annotated[str | None, typer.Option("--id", help="its id: the same id and input is the same run")] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="when it begins: 2026-03-01T09:00; local time")] = None,
    after_seconds: Annotated[float | None, typer.Option(min=0, help="in how many seconds it begins")] = None,
    version: Annotated[int | None, typer.Option(min=1, max=2**31, help="of which version; the newest, if none")] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Start a run of a workflow that has been worked with on this store; a worker executes it."""
    data = None if value is None else read_json(value, "--input")
    moment = None if at is None else datetime.fromtimestamp(read_moment(at), UTC)
    after = None if after_seconds is None else _span(after_seconds)
    if run_id is not None and not run_id.strip():
        raise Misuse("--id is empty: give the run's id, or leave the option out to have one made")
    started = _with(
        store,
        lambda client: client.start(
            workflow, data, id=run_id, by=_doer(client, by), at=moment, after=after, version=version
        ),
    )
    if moment is not None and started.new:
        typer.echo(harmless(f"{started.id} {_begins(moment)}"), err=True)
    typer.echo(harmless(started.id if started.new else f"{started.id} (it had been started before)"))


def _begins(moment: datetime) -> str:
    """Return when a run begins: a local time that there is not, or twice, is shown as it was understood."""
    when = moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    return f"begins at {when}" if moment > datetime.now(UTC) else f"is due now: {when} has passed"


@complaining
def send(
    name: Annotated[str, typer.Argument(help="the event's name")],
    by: DoerOption,
    payload: Annotated[str | None, typer.Option(metavar="JSON", help="what belongs to it")] = None,
    run_id: Annotated[str | None, typer.Option("--run", help="the run that it is for")] = None,
    key: Annotated[str | None, typer.Option(help="for whichever run waits for this key")] = None,
    event_id: Annotated[str | None, typer.Option(help="one with the same id counts once")] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Send an event to a run, or to whichever run waits for its key."""
    if (run_id is None) == (key is None):
        raise Misuse("say --run ID, or --key KEY: for which run it is, or by what the run that waits is found")
    data = None if payload is None else read_json(payload, "--payload")

    async def sent(client: Client) -> str:
        who = _doer(client, by)
        if run_id is not None:
            new = await client.send(run_id, name, data, event_id=event_id, by=who)
            return f"{run_id}: sent" if new else f"{run_id}: an event with this id had come before"
        found = await client.send_to(name, data, key=key or "", event_id=event_id, by=who)
        where = "kept until a run waits for it" if found.run_id is None else f"{found.run_id} has it"
        return where if found.new else f"an event with this id had come before: {where}"

    typer.echo(harmless(_with(store, sent)))


@complaining
def set_result(
    run_id: str,
    step: StepArgument,
    by: DoerOption,
    value: Annotated[str, typer.Option(metavar="JSON", help="what the step came to")],
    note: NoteOption = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Put a result in place of a step that failed; the run goes on with it."""
    data = read_json(value, "--value")
    _with(store, lambda client: client.set_result(run_id, step, data, by=by, note=note))
    typer.echo(harmless(f"{run_id}: {step} is set; a worker goes on with the run"))


@complaining
def skip(
    run_id: str, step: StepArgument, by: DoerOption, note: NoteOption = None, store: StoreOption = DEFAULT_STORE
) -> None:
    """Let a run go on without the result of a step that failed, as if it had returned None."""
    _with(store, lambda client: client.skip_step(run_id, step, by=by, note=note))
    typer.echo(harmless(f"{run_id}: {step} is skipped; a worker goes on with the run"))


def read_json(text: str, option: str) -> Any:
    """Return what was typed as JSON.

    Raises:
        Misuse: it is none.
    """
    try:
        return from_json(text)
    except InvalidJson as error:
        raise Misuse(f"{option} is no JSON ({error}): text stands in quotation marks, as in '\"INV-7\"'") from error


def _span(seconds: float) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, ValueError) as error:
        raise Misuse(f"--after-seconds is {seconds}: give a number of seconds, at most ten years") from error


def _doer(client: Client, by: str) -> str | None:
    """Return who does it; None where the system cannot tell and the store knows nobody anyway."""
    return by if by.strip() or client.people.exist() else None


def _with(store: str, use: Callable[[Client], Awaitable[T]]) -> T:
    async def reach() -> T:
        async with Client(store) as client:
            return await use(client)

    return asyncio.run(reach())
