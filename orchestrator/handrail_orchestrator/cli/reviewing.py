"""``handrail review``: the queue of questions, on the command line."""

import asyncio
from typing import Annotated, Any

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.cli import fields
from handrail_orchestrator.cli.code import Code, go_on
from handrail_orchestrator.cli.desk import TerminalDesk
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.options import (
    DEFAULT_STORE,
    AsOption,
    ItemArgument,
    JsonOption,
    LimitOption,
    QueueOption,
    StoreOption,
)
from handrail_orchestrator.cli.printing import json_text, out, review_table
from handrail_orchestrator.cli.showing import show_item
from handrail_orchestrator.cli.stopping import run_until_stopped
from handrail_orchestrator.cli.terminal import hang_ups_interrupt
from handrail_orchestrator.cli.typed import read_answer
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, ReviewError
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.workflow import AnyWorkflow

app = typer.Typer(help="Answer what the workflows ask.", no_args_is_help=True)


@app.command("list")
@complaining
def list_items(
    store: StoreOption = DEFAULT_STORE,
    queue: QueueOption = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List the questions that wait, most urgent first."""

    async def fetch() -> tuple[list[ReviewItem], int]:
        async with Client(store) as client:
            query = ReviewQuery(queue=queue, limit=limit)
            return client.reviews(query), client.review_count(query)

    items, total = asyncio.run(fetch())
    if as_json:
        for item in items:
            typer.echo(json_line(item.as_json()))
        return
    out().print(review_table(items))
    out().print(f"{len(items)} of {total} shown", markup=False)


@app.command()
@complaining
def show(item: ItemArgument, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Show one question, what was suggested and why it is asked, and everything that happened to it."""

    async def fetch() -> ReviewDetail:
        async with Client(store) as client:
            return client.review(item)

    found = asyncio.run(fetch())
    if as_json:
        judged = None if found.said is None else found.said.as_json()
        log = [change.as_json() for change in found.history]
        typer.echo(json_line({**found.as_json(), "judgement": judged, "log": log}))
        return
    show_item(found)
    for change in found.history:
        data = "" if change.data is None else json_text(change.data)
        typer.echo(harmless(f"  {change.actor} {change.action} → {change.state}  {data}"))


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
    note: Annotated[str | None, typer.Option(help="why, for the record")] = None,
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
    said = f"item {item}: {json_text(decided.decision)} by {decided.decided_by}"
    typer.echo(json_line(decided.as_json()) if as_json else harmless(said))


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


@app.command()
@complaining
def skip(item: ItemArgument, by: AsOption, store: StoreOption = DEFAULT_STORE) -> None:
    """Leave a question to somebody else."""

    async def give_back() -> None:
        async with Client(store) as client:
            await client.skip(item, by=by)

    asyncio.run(give_back())
    typer.echo(f"item {item} is open again")


@app.command("next")
@complaining
def next_items(by: AsOption, store: StoreOption = DEFAULT_STORE, queue: QueueOption = None) -> None:
    """Answer one question after the other; ? at the prompt lists the keys."""
    code = Code(store)
    with hang_ups_interrupt(), asyncio.Runner() as runner:  # nothing of the loop's waits while somebody thinks
        client = Client(store)
        runner.run(client.__aenter__())
        try:
            desk = TerminalDesk(client, runner, code, by, queue)
            desk.work()
            typer.echo(f"{len(desk.decided)} decided, {desk.left()} left")
            workflows = code.resumable(client, desk.decided)
        finally:
            runner.run(client.__aexit__(None, None, None))
    with calling_foreign_code():
        run_until_stopped(go_on(store, workflows))
