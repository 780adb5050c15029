"""Several items with the same suggestion at once: each is shown, may be left out, and is decided by itself."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from handrail.console.beside import beside, headings
from handrail.console.context import console_of
from handrail.console.labels import shown_value
from handrail.console.render import page
from handrail.console.viewer import viewer_of
from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.review.permission import scope
from handrail_orchestrator.store import ReviewQuery

LOOKED_AT = 200
"""Items, of those that come first, among which some alike are looked for."""
AT_ONCE = 10
LEAST = 2
LONGEST_EXCERPT = 280


@dataclass(frozen=True, slots=True)
class Cluster:
    """Items of one step with the same suggestion."""

    workflow: str
    step: str
    value: str
    """The suggestion, as JSON text."""
    text: str
    items: Sequence[ReviewItem]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one item of a batch."""

    item: int
    heading: str
    problem: str = ""
    """Why it was not decided; empty: it was."""


def routes() -> list[BaseRoute]:
    """Return the routes of batches."""
    return [Route("/batch", shown, name="batch"), Route("/batch", decide, name="batch_decide", methods=["POST"])]


def shown(request: Request) -> Response:
    """Show what is alike, and of one cluster its first items."""
    return _shown(request, ())


def _shown(request: Request, settled: Sequence[Settled]) -> Response:
    params = request.query_params
    queue = params.get("queue", "")
    found = clusters(request, queue)
    wanted = (params.get("workflow", ""), params.get("step", ""), params.get("value", ""))
    chosen = next((each for each in found if (each.workflow, each.step, each.value) == wanted), None)
    if chosen is None and not params.get("value") and found:
        chosen = found[0]
    items = [] if chosen is None else chosen.items[:AT_ONCE]
    client = console_of(request).client
    texts = {each.id: _excerpt(beside(client.review(each.id)).shown) for each in items}
    called = headings(client, items)
    return page(
        request,
        "batch.html",
        queue=queue,
        clusters=found,
        chosen=chosen,
        items=[(each, called[each.id], texts[each.id], str((place + 1) % 10)) for place, each in enumerate(items)],
        settled=settled,
    )


def clusters(request: Request, queue: str) -> list[Cluster]:
    """Return what is alike among the items that come first for this person, the largest cluster first."""
    client, viewer = console_of(request).client, viewer_of(request)
    within = scope(viewer.known, "decide")
    query = ReviewQuery(
        queue=queue or None, queues=within.only, not_queues=within.but, free_for=viewer.person, now=client.now(),
        limit=LOOKED_AT,
    )  # fmt: skip
    rows = [row for row in client.reviews(query) if viewer.may("decide", row)]
    groups: dict[tuple[str, str, str], list[ReviewItem]] = {}
    for row in rows:
        if row.kind == "decide" and row.suggestion is not None and row.choices:
            step = row.step.rpartition("/")[0].partition("#")[0]
            groups.setdefault((row.workflow, step, json.dumps(row.suggestion)), []).append(row)
    sizes = Counter({key: len(items) for key, items in groups.items() if len(items) >= LEAST})
    return [Cluster(*key, shown_value(groups[key][0].suggestion), groups[key]) for key, _ in sizes.most_common()]


def _excerpt(text: str) -> str:
    return text if len(text) <= LONGEST_EXCERPT else f"{text[: LONGEST_EXCERPT - 1]}…"


async def decide(request: Request) -> Response:
    """Accept the suggestion of each item that is marked, if it is as it was shown."""
    form = await request.form()
    console, by = console_of(request), viewer_of(request).person
    settled: list[Settled] = []
    for marked in form.getlist("item")[:AT_ONCE]:
        number, _, digest = str(marked).partition(":")
        if not (number.isascii() and number.isdecimal() and len(number) < 19):
            continue
        try:
            item = console.client.plain_review(int(number))
            await console.client.decide(
                item.id, item.suggestion, by=by, shown=digest, version=_version(form.get(f"version.{number}")),
                undo_seconds=console.settings.undo_seconds,
            )  # fmt: skip
            settled.append(Settled(item.id, headings(console.client, [item])[item.id]))
        except ReviewError as error:
            settled.append(Settled(int(number), f"#{number}", str(error)))
    return await run_in_threadpool(_shown, request, settled)


def _version(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 19 else None
