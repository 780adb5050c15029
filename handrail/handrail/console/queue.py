"""The list of review items: what waits for people, filtered by what stands in the address."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from handrail.console.answers import see
from handrail.console.context import console_of
from handrail.console.render import page
from handrail.console.viewer import viewer_of
from handrail_orchestrator.store import ReviewQuery

PAGE_ROWS = 50


def routes() -> list[BaseRoute]:
    """Return the routes of the list."""
    return [Route("/queue", listed, name="queue"), Route("/queue/next", start, name="next", methods=["POST"])]


def listed(request: Request) -> Response:
    """Show one page of the list."""
    client = console_of(request).client
    query = query_of(request.query_params)
    rows = client.reviews(replace(query, limit=PAGE_ROWS + 1))
    shown = rows[:PAGE_ROWS]
    following = f"{shown[-1].priority}.{shown[-1].id}" if len(rows) > PAGE_ROWS else None
    return page(
        request,
        "queue.html",
        rows=shown,
        count=client.review_count(query),
        following=following,
        filters=dict(request.query_params),
    )


async def start(request: Request) -> Response:
    """Take the most urgent item that nobody has, and show it."""
    form = await request.form()
    queue = str(form.get("queue", "")) or None
    taken = await console_of(request).client.next_review(by=viewer_of(request).person, queue=queue)
    return see(request, "queue") if taken is None else see(request, "item", item=taken.id)


def query_of(params: Mapping[str, Any]) -> ReviewQuery:
    """Return what an address asks for."""
    return ReviewQuery(queue=params.get("queue") or None, after=_place(params.get("after", "")))


def _place(text: str) -> tuple[int, int] | None:
    """Return where a page begins, as the priority and number of the item before it."""
    priority, _, item = text.partition(".")
    return (int(priority), int(item)) if priority.isdecimal() and item.isdecimal() else None
