"""``handrail review take``, ``skip``, ``assign``, ``escalate`` ...: what people do with a question but answer it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import (
    DEFAULT_STORE,
    AsOption,
    ItemArgument,
    JsonOption,
    NoteOption,
    StoreOption,
)
from handrail_orchestrator.cli.printing import moment
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.review.blinding import item_for
from handrail_orchestrator.review.moves import SEND_UP_CODES

UNITS: Final = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}

_CODES = ", ".join(SEND_UP_CODES)


@complaining
def take(item: ItemArgument, by: AsOption, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Take one question for five minutes, so that nobody else answers it."""
    moved = _moved(store, lambda client: client.take(item, by=by))
    _say(item_for(moved, by), f"is yours until {moment(moved.lease_until)}", as_json=as_json)


@complaining
def release(item: ItemArgument, by: AsOption, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Give back a question that you have taken, as if you had never looked at it."""
    moved = _moved(store, lambda client: client.release(item, by=by))
    _say(item_for(moved, by), "is open again", as_json=as_json)


@complaining
def skip(
    item: ItemArgument,
    by: AsOption,
    store: StoreOption = DEFAULT_STORE,
    note: NoteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Leave a question to somebody else; it is offered to you last from now on."""
    moved = _moved(store, lambda client: client.skip(item, by=by, note=note))
    _say(item_for(moved, by), "is open again", as_json=as_json)


@complaining
def snooze(
    item: ItemArgument,
    by: AsOption,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="such as 2026-03-01T09:00; local time")] = None,
    after: Annotated[str | None, typer.Option("--for", metavar="SPAN", help="such as 90min, 4h or 2d")] = None,
    store: StoreOption = DEFAULT_STORE,
    note: NoteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a question away until a time; nobody is offered it before."""
    if (until is None) is (after is None):
        raise Misuse("give either --until TIME or --for SPAN, such as --for 4h")

    def wake(now: float) -> float:
        return read_moment(until) if until is not None else now + read_span(after or "")

    moved = _moved(store, lambda client: client.snooze(item, by=by, until=wake(client.now()), note=note))
    _say(item_for(moved, by), f"is put away until {moment(moved.snoozed_until)}", as_json=as_json)


@complaining
def assign(
    item: ItemArgument,
    by: AsOption,
    to: Annotated[str | None, typer.Option(metavar="NAME", help="who is to answer it")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="whoever comes is to answer it")] = False,
    store: StoreOption = DEFAULT_STORE,
    note: NoteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a question to one person, or back to whoever comes; it is taken from whoever has it."""
    if (to is None) is not nobody:
        raise Misuse("give either --to NAME or --nobody")
    moved = _moved(store, lambda client: client.assign(item, by=by, to=to, note=note))
    _say(item_for(moved, by), "is for whoever comes" if to is None else f"is for {to}", as_json=as_json)


@complaining
def escalate(
    item: ItemArgument,
    by: AsOption,
    code: Annotated[str, typer.Option(metavar="CODE", help=f"why: {_CODES}")],
    store: StoreOption = DEFAULT_STORE,
    note: NoteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a question up to the next tier, with the reason; it keeps its number."""
    known = next((each for each in SEND_UP_CODES if each == code), None)
    if known is None:
        raise Misuse(f"--code {code!r} is no reason to send a question up; reasons: {_CODES}")
    moved = _moved(store, lambda client: client.send_up(item, by=by, code=known, note=note))
    _say(item_for(moved, by), f"is sent up to tier {moved.tier}", as_json=as_json)


@complaining
def add_note(
    item: ItemArgument,
    text: Annotated[str, typer.Argument(help="what whoever looks at it next should know")],
    by: AsOption,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Say something about a question, for whoever looks at it next."""
    moved = _moved(store, lambda client: client.add_note(item, by=by, text=text))
    _say(item_for(moved, by), "has your note", as_json=as_json)


@complaining
def undo(item: ItemArgument, by: AsOption, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Take your own answer back, as long as its run has not gone on with it; the question is yours again."""
    moved = _moved(store, lambda client: client.undo(item, by=by))
    _say(item_for(moved, by), f"is yours again until {moment(moved.lease_until)}", as_json=as_json)


def read_span(text: str) -> float:
    """Return a span of time in seconds.

    Raises:
        Misuse: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d)", text.strip(), re.ASCII)
    if found is None or len(text) > 20:
        raise Misuse(f"{text!r} is no span of time: write a number and s, min, h or d, such as 90min, 4h or 2d")
    return float(found[1]) * UNITS[found[2]]


def read_moment(text: str) -> float:
    """Return a time in seconds since the epoch; one without a zone is local.

    Raises:
        Misuse: it is none.
    """
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise Misuse(f"{text!r} is no time: write it as 2026-03-01T09:00, or with a zone, 2026-03-01T09:00Z") from error


def _moved(store: str, move: Callable[[Client], Awaitable[ReviewItem]]) -> ReviewItem:
    async def do() -> ReviewItem:
        async with Client(store) as client:
            return await move(client)

    return asyncio.run(do())


def _say(item: ReviewItem, became: str, *, as_json: bool) -> None:
    typer.echo(json_line(item.as_json()) if as_json else harmless(f"item {item.id} {became}"))
