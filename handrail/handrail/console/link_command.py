"""``handrail review link``: an address by which one person can answer one item, once."""

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.audit.moments import utc
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, ItemArgument, JsonOption, StoreOption
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, NotAllowed, ReviewError
from handrail_orchestrator.links import PATH, link_for, refusal_of
from handrail_orchestrator.secret import signing_secret
from handrail_orchestrator.store.address import path_of

DEFAULT_HOURS = 48.0
LONGEST_HOURS = 24.0 * 366


@complaining
def link(
    item: ItemArgument,
    audience: Annotated[str, typer.Option("--for", metavar="NAME", help="who may answer with it, by name or address")],
    base_url: Annotated[
        str, typer.Option(metavar="URL", help="where the console is reached, such as https://x/review")
    ],
    hours: Annotated[float, typer.Option(min=0.01, max=LONGEST_HOURS, help="how long it holds")] = DEFAULT_HOURS,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Print an address by which one person can answer one item, once, without signing in.

    It holds for the item as it is now: when it is changed, taken or answered, the link shows what happened instead.
    Whoever has the address can answer, so send it to that person alone.
    """
    where = _checked(base_url)
    expires, token = asyncio.run(_made(store, item, audience, hours))
    address = f"{where}{PATH}{token}"
    if as_json:
        typer.echo(json_line({"item": item, "for": audience, "expires": utc(int(expires)), "url": address}))
        return
    typer.echo(harmless(address))


def _checked(base_url: str) -> str:
    try:
        found = urlsplit(base_url)
        is_whole = found.scheme in {"http", "https"} and bool(found.hostname) and not (found.query or found.fragment)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise Misuse(f"--base-url {base_url[:80]!r}: give where people reach the console, such as https://host/review")
    return base_url.rstrip("/")


async def _made(store: str, number: int, audience: str, hours: float) -> tuple[float, str]:
    async with Client(store) as client:
        item = client.plain_review(number)
        if item.state not in {"open", "leased"}:
            raise ReviewError(f"review item {number} is {item.state}: there is nothing to answer")
        if problem := refusal_of(client.people, audience, item):
            raise NotAllowed(problem)
        expires = client.now() + hours * 3_600.0
        secret = signing_secret(path_of(client.store))
        return expires, link_for(item, audience=audience, expires=expires, secret=secret)
