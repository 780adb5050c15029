"""``handrail review list``: which questions there are, by what people look for them by."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final, TypeVar, get_args

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_guards.picture_words import stands_for_pictures
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import (
    DEFAULT_STORE,
    LARGEST_NUMBER,
    AsOption,
    JsonOption,
    LimitOption,
    QueueOption,
    StoreOption,
)
from handrail_orchestrator.cli.printing import ago, out, plain_text, review_table, short, suggested
from handrail_orchestrator.cli.screen import TerminalScreen
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.records.item import ItemKind, ReviewItem
from handrail_orchestrator.review.blinding import item_for
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.rows import ReviewState

T = TypeVar("T")

TABLE_COLUMNS: Final = 72
"""Of a terminal: on a narrower one a question takes lines of its own instead of a row."""
SECOND_TIER: Final = 2

ALL: Final = "all"


@complaining
def list_items(
    by: AsOption,
    store: StoreOption = DEFAULT_STORE,
    queue: QueueOption = None,
    states: Annotated[
        list[str] | None, typer.Option("--state", help="only these: open, leased, pending, decided ..., or all")
    ] = None,
    workflow: Annotated[str | None, typer.Option(help="only what this workflow asks")] = None,
    kinds: Annotated[list[str] | None, typer.Option("--kind", help="only these: decide, ask, repair, audit")] = None,
    text: Annotated[str | None, typer.Option(help="only with this in the question, or of this run")] = None,
    late: Annotated[bool, typer.Option("--late", help="only what is past its due time")] = False,
    sent_up: Annotated[bool, typer.Option("--sent-up", help="only what was sent up, tier 2 and above")] = False,
    assignee: Annotated[str | None, typer.Option(metavar="NAME", help="only what was given to this person")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="only what was given to you (--as)")] = False,
    newest: Annotated[bool, typer.Option("--newest", help="newest first, instead of most urgent first")] = False,
    after: Annotated[
        int | None, typer.Option(min=1, max=LARGEST_NUMBER, metavar="ITEM", help="go on after this one")
    ] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List the questions that wait, most urgent first; or others, by state."""
    if mine and assignee is not None:
        raise Misuse("give either --mine or --assignee NAME")
    query = ReviewQuery(
        queue=queue,
        workflow=workflow,
        kinds=None if kinds is None else _among(kinds, get_args(ItemKind), "kind"),
        text=text,
        tier_from=SECOND_TIER if sent_up else 1,
        assignee=by if mine else assignee,
        is_late=True if late else None,
        order="newest" if newest else "urgent",
        limit=limit + 1,  # one more than is shown tells whether there is a next page
    )
    if states is not None:
        known = get_args(ReviewState)
        query = replace(query, states=known if ALL in states else _among(states, known, "state"))
    found, total = asyncio.run(_fetched(store, query, after, for_people=not as_json))
    items = [item_for(each, by) for each in found[:limit]]
    more = f"; the next ones: add --after {items[-1].id}" if len(found) > limit else ""
    if as_json:
        for item in items:
            typer.echo(json_line(item.as_json()))
        if more:  # beside the lines, as programs read those: what they have is not all
            typer.echo(f"{len(items)} of {total} shown{more}", err=True)
        return
    _show(items)
    typer.echo(f"{len(items)} of {total} shown{more}")


async def _fetched(
    store: str, query: ReviewQuery, after: int | None, *, for_people: bool
) -> tuple[list[ReviewItem], int]:
    async with Client(store) as client:
        query = replace(query, now=client.now())
        total = client.review_count(query)
        if after is not None:
            last = client.plain_review(after)
            query = replace(query, after=(last.priority, last.id))
        found = client.reviews(query)
        return [_with_pictures(client, each) if for_people else each for each in found], total


def _with_pictures(client: Client, item: ReviewItem) -> ReviewItem:
    """Return an item in whose text words stand for pictures with what they are, which the item by itself tells."""
    return client.review(item.id) if stands_for_pictures(plain_text(item.context)) else item


def _show(items: Sequence[ReviewItem]) -> None:
    screen = TerminalScreen.here()
    if screen.columns is None or screen.columns >= TABLE_COLUMNS:
        out().print(review_table(items))
        return
    for item in items:
        state = "" if item.state in {"open", "leased"} else f"{item.state}, "
        where = f"{state}{item.queue}, priority {item.priority}, {ago(item.created)}"
        screen.say(harmless(where), before=f"{item.id}  ")
        screen.say(harmless(short(item.title, 200)), before="  ")
        screen.say(harmless(item.reason), before="  ")
        if item.suggestion is not None:
            screen.say(harmless(f"suggested: {suggested(item)}"), before="  ")


def _among(given: Sequence[str], known: tuple[T, ...], what: str) -> tuple[T, ...]:
    wrong = [each for each in given if each not in known]
    if wrong:
        raise Misuse(f"there is no {what} {wrong[0]!r}; there are: {', '.join(map(str, known))}")
    return tuple(each for each in known if each in given)
