"""``handrail review``: the queue of questions, on the command line."""

import asyncio
import getpass
import json
import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.text import Text

from orchestrator import review
from orchestrator.cli.failing import complaining
from orchestrator.cli.harmless import harmless
from orchestrator.cli.printing import context_text, out, review_table
from orchestrator.cli.running import DEFAULT_STORE, JsonOption, StoreOption
from orchestrator.cli.target import load_workflow
from orchestrator.client import Client
from orchestrator.embedded.presence import living
from orchestrator.errors import Misuse, ReviewError, UnknownWorkflow
from orchestrator.orchestrator import Orchestrator
from orchestrator.store import ReviewQuery
from orchestrator.store.rows import AUDIT, ReviewRow

app = typer.Typer(help="Answer what the workflows ask.", no_args_is_help=True)

AsOption = Annotated[str, typer.Option("--as", metavar="NAME", help="who decides", default_factory=getpass.getuser)]
QueueOption = Annotated[str | None, typer.Option("--queue", help="only this queue")]


@app.command("list")
@complaining
def list_items(
    store: StoreOption = DEFAULT_STORE,
    queue: QueueOption = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the questions that wait, most urgent first."""

    async def fetch() -> tuple[list[ReviewRow], int]:
        async with Client(store) as client:
            query = ReviewQuery(queue=queue, limit=limit)
            return client.reviews(query), client.store.review_count(query)

    items, total = asyncio.run(fetch())
    if as_json:
        for item in items:
            typer.echo(json.dumps(_public(item)))
        return
    out().print(review_table(items))
    out().print(f"{len(items)} of {total} shown", markup=False)


@app.command()
@complaining
def show(item: int, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Show one question and everything that happened to it."""

    async def fetch() -> tuple[ReviewRow, list[Any]]:
        async with Client(store) as client:
            return client.review(item), client.review_log(item)

    row, log = asyncio.run(fetch())
    if as_json:
        typer.echo(json.dumps({**_public(row), "log": [each._asdict() for each in log]}))
        return
    _show(row)
    for entry in log:
        typer.echo(f"  {entry.actor} {entry.action} → {entry.state}  {entry.data or ''}")


@app.command()
@complaining
def decide(
    item: int,
    answer: Annotated[str, typer.Argument(help="the answer: text, or JSON")],
    by: AsOption,
    store: StoreOption = DEFAULT_STORE,
    note: Annotated[str | None, typer.Option(help="why, for the record")] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer one question; its run goes on."""

    async def answer_it() -> ReviewRow:
        async with Client(store) as client:
            row = client.review(item)
            decided = await client.decide(item, _read(row, answer), by=by, note=note)
            await _go_on(client, store, _resumed(decided))
            return decided

    decided = asyncio.run(answer_it())
    typer.echo(json.dumps(_public(decided)) if as_json else f"item {item}: {decided.decision} by {decided.decided_by}")


@app.command()
@complaining
def skip(item: int, by: AsOption, store: StoreOption = DEFAULT_STORE) -> None:
    """Give a question back for somebody else."""

    async def give_back() -> None:
        async with Client(store) as client:
            await client.skip(item, by=by)

    asyncio.run(give_back())
    typer.echo(f"item {item} is open again")


@app.command("next")
@complaining
def next_items(by: AsOption, store: StoreOption = DEFAULT_STORE, queue: QueueOption = None) -> None:
    """Answer one question after the other: a digit chooses, Enter accepts, s skips, q stops."""
    asyncio.run(_loop(by, store, queue))


async def _loop(by: str, store: str, queue: str | None) -> None:
    decided, resumed = 0, list[str]()
    async with Client(store) as client:
        passed: set[int] = set()
        while (item := await client.next_review(by=by, queue=queue)) is not None:
            if item.id in passed:  # everything left was skipped by this person
                await client.skip(item.id, by=by)
                break
            _show(item)
            value = await asyncio.to_thread(_prompt, item)
            if value is _STOP:
                await client.skip(item.id, by=by)
                break
            if value is _SKIP:
                passed.add(item.id)
                await client.skip(item.id, by=by)
                continue
            try:
                row = await client.decide(item.id, value, by=by, version=item.version)
            except ReviewError as error:
                typer.echo(f"  {error}")
                continue
            decided += 1
            resumed += _resumed(row)
            typer.echo(f"  → {row.decision}\n")
        left = client.store.review_count(ReviewQuery(queue=queue))
        typer.echo(f"{decided} decided, {left} left")
        await _go_on(client, store, resumed)


_STOP = object()
_SKIP = object()


def _prompt(item: ReviewRow) -> Any:
    """Ask until there is something to do; the end of input stops."""
    options = review.choices(item)
    while True:
        typer.echo("  answer (digit, text, Enter accepts, s skips, q stops): ", nl=False)
        line = sys.stdin.readline()
        typed = line.strip()
        if not line or typed == "q":
            return _STOP
        if typed == "s":
            return _SKIP
        if not typed and item.suggestion is not None:
            return json.loads(item.suggestion)
        if typed.isdigit() and 1 <= int(typed) <= len(options):
            return options[int(typed) - 1]
        if typed:
            try:
                return _read(item, typed)
            except ReviewError as error:
                typer.echo(f"  {error}")


def _read(item: ReviewRow, typed: str) -> Any:
    """Return what was typed as JSON if that fits, and as text if not."""
    try:
        value = json.loads(typed)
        review.check_answer(item, value)
    except (json.JSONDecodeError, ReviewError) as error:
        try:
            review.check_answer(item, typed)
        except ReviewError:
            if isinstance(error, ReviewError):
                raise error from None
            raise
        return typed
    return value


def _resumed(item: ReviewRow) -> list[str]:
    """Return the workflow whose run goes on with the decision, if one does."""
    return [] if item.kind == AUDIT else [item.workflow]


async def _go_on(client: Client, store: str, workflows: Iterable[str]) -> None:
    """Finish the decided runs here if nobody else executes them."""
    wanted = sorted(set(workflows))
    if not wanted or living(client.store):
        return
    loaded = []
    for name in wanted:
        target = client.store.target(name)
        try:
            if target is None:
                raise UnknownWorkflow("the store does not say where its code is")
            loaded.append(load_workflow(target))
        except Misuse as error:
            typer.echo(
                f"recorded; {name!r} goes on when a worker for it is up ({error}):"
                f" handrail work MODULE:WORKFLOW --store {store}"
            )
    if loaded:
        async with Orchestrator(store, workflows=loaded) as orchestrator:
            await orchestrator.idle()


def _show(item: ReviewRow) -> None:
    console = out()
    console.rule(Text(harmless(f"item {item.id} · {item.queue} · {item.run_id}")), align="left")
    console.print(f"{harmless(item.title)}\n", markup=False)
    if item.context != "null":
        console.print(context_text(item), markup=False)
    console.print(f"\nwhy here: {harmless(item.reason)}", markup=False)
    suggested = None if item.suggestion is None else json.loads(item.suggestion)
    confidences = {str(value): confidence for value, confidence in json.loads(item.alternatives)}
    for number, option in enumerate(review.choices(item)[:9], 1):
        confidence = item.confidence if option == suggested else confidences.get(str(option))
        shown = "" if confidence is None else f"{confidence:.0%}"
        mark = "*" if option == suggested else " "
        console.print(f" {mark}{number}  {option!s:<24} {shown}", markup=False)


def _public(item: ReviewRow) -> dict[str, Any]:
    data = item._asdict()
    for name in ("suggestion", "alternatives", "schema", "context", "decision"):
        data[name] = None if data[name] is None else json.loads(data[name])
    return data
