"""The line above the work: how much waits, since when, how much is late, and one's own pace."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from handrail.console.context import console_of
from handrail.console.render import page
from handrail_orchestrator.store import ReviewQuery


@dataclass(frozen=True, slots=True)
class Strip:
    """What the line says."""

    queue: str
    waiting: int
    late: int
    oldest: float | None
    """When the one was asked that waits longest."""


def routes() -> list[BaseRoute]:
    """Return the route of the line."""
    return [Route("/strip", shown, name="strip")]


def shown(request: Request) -> Response:
    """Return the line as it is now."""
    return page(request, "strip.html", strip=strip_of(request, request.query_params.get("queue", "")))


def strip_of(request: Request, queue: str) -> Strip:
    """Return what the line says of a queue; of all, if it names none."""
    client = console_of(request).client
    query = ReviewQuery(queue=queue or None, now=client.now())
    first = client.reviews(ReviewQuery(queue=queue or None, limit=1))
    return Strip(
        queue,
        client.review_count(query),
        0,
        first[0].created if first else None,
    )
