"""``handrail review``: the queue of questions, on the command line."""

import asyncio
from typing import Annotated, Any

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli import acting, fields
from handrail_orchestrator.cli.code import Code, go_on
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.listing import list_items
from handrail_orchestrator.cli.options import (
    DEFAULT_STORE,
    AsOption,
    ItemArgument,
    JsonOption,
    NoteOption,
    StoreOption,
)
from handrail_orchestrator.cli.printing import plain_text
from handrail_orchestrator.cli.showing import detail_json, show_history, show_item
from handrail_orchestrator.cli.stopping import run_until_stopped
from handrail_orchestrator.cli.typed import read_answer
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, ReviewError
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.review.blinding import item_for
from handrail_orchestrator.workflow import AnyWorkflow

app = typer.Typer(help="Answer what the workflows ask.", no_args_is_help=True)
app.command("list")(list_items)
app.command()(acting.take)
app.command()(acting.release)
app.command()(acting.skip)
app.command()(acting.snooze)
app.command()(acting.assign)
app.command()(acting.escalate)
app.command("note")(acting.add_note)
app.command()(acting.undo)


@app.command()
@complaining
def show(item: ItemArgument, by: AsOption, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Show one question, what was suggested and why it is asked, and everything that happened to it."""

    async def fetch() -> ReviewDetail:
        async with Client(store) as client:
            return client.review(item)

    found = item_for(asyncio.run(fetch()), by)
    if as_json:
        typer.echo(json_line(detail_json(found)))
        return
    show_item(found, by=by)
    show_history(found)


@app.command()
@complaining
def decide(
    item: ItemArgument,
    by: AsOption,
    answer: Annotated[str | None, typer.Argument(help="the answer: text, or JSON")] = None,
    store: StoreOption = DEFAULT_STORE,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="the suggestion, with this field changed")
    ] = None,
    note: NoteOption = None,
    despite: Annotated[
        list[str] | None, typer.Option(metavar="GUARD", help="a guard that fails, and that the answer stands against")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer one question; its run goes on."""
    code = Code(store)

    async def answer_it() -> tuple[ReviewItem, list[AnyWorkflow]]:
        async with Client(store) as client:
            row = client.review(item)
            value = _given(row, answer, changes or [])
            code.prepare(client, row)
            decided = await client.decide(item, value, by=by, note=note, despite=despite or ())
            return decided, code.resumable(client, [decided])

    with calling_foreign_code(aside=as_json):
        decided, workflows = asyncio.run(answer_it())
        run_until_stopped(go_on(store, workflows))
    typer.echo(json_line(decided.as_json()) if as_json else harmless(f"item {item}{_became(decided)}"))


def _became(item: ReviewItem) -> str:
    if item.state == "decided":
        return f": {plain_text(item.decision)} by {item.decided_by}"
    if len(item.answers) >= item.rules.reviewers:
        return f" has answers that differ: it is open for somebody else, on tier {item.tier}"
    return " has your answer; it counts when another person has answered too"


def _given(item: ReviewItem, answer: str | None, changes: list[str]) -> Any:
    """Return the answer that the command line gives."""
    if (answer is None) is not bool(changes):
        raise Misuse("give either an answer, or changes to what is suggested: --set FIELD=VALUE")
    if answer is not None:
        return read_answer(item, answer)
    value = item.suggestion
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals:
            raise Misuse(f"--set {change!r} says no value: write --set FIELD=VALUE, such as --set total=5.00")
        known = fields.of_item(item, value)
        if name not in known:
            raise ReviewError(
                f"review item {item.id} has no field {name!r}; fields there: {', '.join(known) or 'none'}"
            )
        value = fields.with_typed(item, value, known[name], text)
    return value
