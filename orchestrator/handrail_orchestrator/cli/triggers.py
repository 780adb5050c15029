"""``handrail triggers``: look at what starts runs by itself, pause and resume it, and fire it by hand."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import (
    DEFAULT_STORE,
    DoerOption,
    JsonOption,
    LimitOption,
    NoteOption,
    StoreOption,
)
from handrail_orchestrator.cli.printing import moment, out, table
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.records.trigger import TriggerRecord
from handrail_orchestrator.store.address_text import as_typed
from handrail_orchestrator.store.triggers import TriggerEvent

app = typer.Typer(help="Look at triggers, pause and resume them, and fire them by hand.", no_args_is_help=True)

T = TypeVar("T")

NameArgument = Annotated[str, typer.Argument(metavar="TRIGGER", help="its name, as `handrail triggers list` says it")]


def _with_client(store: str, use: Callable[[Client], Awaitable[T]]) -> T:
    async def reach() -> T:
        async with Client(store) as client:
            return await use(client)

    return asyncio.run(reach())


def _doer(client: Client, by: str) -> str | None:
    """Return who does it; None where the system cannot tell and the store knows nobody anyway."""
    return by if by.strip() or client.people.exist() else None


@app.command("list")
@complaining
def list_triggers(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """List the triggers that were given to whoever works on a store."""

    async def fetch(client: Client) -> list[TriggerRecord]:
        return list(client.triggers())

    found = _with_client(store, fetch)
    if as_json:
        for each in found:
            typer.echo(json_line(each.as_json()))
        return
    rows = ((each.name, each.kind, each.says, each.workflow, _state(each), moment(each.fired)) for each in found)
    out().print(table("", ("name", "kind", "says", "starts", "state", "last fired"), rows))


def _state(each: TriggerRecord) -> str:
    told = [] if each.paused is None else [f"paused since {moment(each.paused)}"]
    if each.trouble is not None:
        told.append(f"in trouble since {moment(each.trouble_at)}: {each.trouble}")
    if each.waiting:
        told.append(f"{each.waiting:,} to fire")
    return "; ".join(told) or "fires"


@app.command()
@complaining
def history(
    name: NameArgument, store: StoreOption = DEFAULT_STORE, limit: LimitOption = 50, as_json: JsonOption = False
) -> None:
    """Show what a trigger fired, what it did not and why, and who paused it, newest first."""

    async def fetch(client: Client) -> list[TriggerEvent]:
        return list(client.trigger_history(name, limit=limit))

    found = _with_client(store, fetch)
    if as_json:
        for event in found:
            typer.echo(json_line(event._asdict()))
        return
    rows = ((moment(at), action, key, run_id, actor, reason) for at, action, key, run_id, actor, reason in found)
    out().print(table("", ("when", "what", "key", "run", "who", "why"), rows))


@app.command()
@complaining
def pause(name: NameArgument, by: DoerOption, store: StoreOption = DEFAULT_STORE, note: NoteOption = None) -> None:
    """Let a trigger fire nothing, in whatever process, from now on."""
    is_new = _with_client(store, lambda client: client.pause_trigger(name, by=_doer(client, by), why=note))
    typer.echo(harmless(f"{name}: paused" if is_new else f"{name}: was paused already"))


@app.command()
@complaining
def resume(name: NameArgument, by: DoerOption, store: StoreOption = DEFAULT_STORE, note: NoteOption = None) -> None:
    """Let a trigger fire again."""
    was = _with_client(store, lambda client: client.resume_trigger(name, by=_doer(client, by), why=note))
    typer.echo(harmless(f"{name}: fires again" if was else f"{name}: was not paused"))


@app.command()
@complaining
def fire(
    name: NameArgument,
    by: DoerOption,
    store: StoreOption = DEFAULT_STORE,
    payload: Annotated[str | None, typer.Option(metavar="JSON", help="what to fire it with")] = None,
    note: NoteOption = None,
) -> None:
    """Ask the process that runs a trigger to fire it now."""
    try:
        data = None if payload is None else json.loads(payload)
    except ValueError as error:
        raise Misuse(f"--payload is no JSON ({error}): a text needs quotes of its own, such as '\"run-1\"'") from None
    wished = _with_client(store, lambda client: client.fire_trigger(name, by=_doer(client, by), payload=data, why=note))
    typer.echo(
        harmless(f"{name}: asked for as {wished}; see: handrail triggers history {name} --store {as_typed(store)}")
    )


@app.command()
@complaining
def forget(name: NameArgument, by: DoerOption, store: StoreOption = DEFAULT_STORE) -> None:
    """Strike a trigger off the list that no code has any more; what it fired stays known."""
    was = _with_client(store, lambda client: client.forget_trigger(name, by=_doer(client, by)))
    if not was:
        raise Misuse(f"no trigger {name!r} in this store: list them with `handrail triggers list`")
    typer.echo(harmless(f"{name}: struck off"))
