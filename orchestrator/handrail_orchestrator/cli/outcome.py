"""``handrail runs outcome``: what became of a run after its end."""

import asyncio
import re
from datetime import datetime
from typing import Annotated

import typer

from handrail_ground.text import harmless
from handrail_orchestrator.cli.acting import read_moment
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, DoerOption, StoreOption
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse

_SEPARATED = re.compile(r"[-+]?\d+(?:[,'’ \u00a0\u202f]\d+)+(?:\.\d+)?|[-+]?\d{1,3}(?:\.\d{3})+,\d+")
"""Digits with what separates thousands, or a comma: counted as a text, such a number would be in no mean."""


@complaining
def outcome(
    run_id: str,
    name: Annotated[str, typer.Argument(help="what it is called, such as reopened")],
    by: DoerOption,
    value: Annotated[str | None, typer.Argument(help="yes, no, a number or a short text; without it, yes")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="when it happened: 2026-03-01T09:00; local time")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Record what became of a run after its end; recorded again, it takes the place of what stood there."""
    told, moment = _value(value), None if at is None else datetime.fromtimestamp(read_moment(at)).astimezone()

    async def record() -> int:
        async with Client(store) as client:
            who = by if by.strip() or client.people.exist() else None
            return await client.outcome(run_id, name, told, at=moment, by=who)

    number = asyncio.run(record())
    typer.echo(harmless(f"{run_id}: {name} is recorded as outcome {number}"))


def _value(text: str | None) -> bool | float | str | None:
    if text is None or text.strip().lower() in {"yes", "true"}:
        return True
    if text.strip().lower() in {"no", "false"}:
        return False
    said = text.strip()
    number: float | None
    try:
        number = float(said)
    except ValueError:
        number = None
    if number is not None and said.isascii() and "_" not in said:
        return number
    if number is not None or _SEPARATED.fullmatch(said):
        raise Misuse(f"{said!r} may be a number: write it as 1234.5; a text has a letter")
    return said
