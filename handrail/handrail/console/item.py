"""One review item: its page, and the part of it that changes from item to item."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.context import console_of
from handrail.console.render import fragment, link, page
from handrail.console.strip import strip_of
from handrail.console.viewer import viewer_of
from handrail.console.work import Typed, Work, work_of
from handrail_orchestrator.records.item import ReviewDetail
from handrail_orchestrator.review import permission

FRAGMENT_HEADER = "x-console"
"""Sent by the console's script: ``work`` asks for the changing part of an item's page alone."""
LOCATION_HEADER = "x-location"
"""Where the script says the page is from now on."""


def routes() -> list[BaseRoute]:
    """Return the routes of one item."""
    return [
        Route("/items/{item:int}", shown, name="item"),
        Route("/items/{item:int}/work", ahead, name="item_work"),
    ]


def shown(request: Request) -> Response:
    """Show one item."""
    item = seen(request)
    done = request.query_params.get("done", "")
    queue = request.query_params.get("queue", "")
    return item_page(request, item, queue=queue, done=int(done) if done.isdecimal() and len(done) < 19 else None)


def seen(request: Request) -> ReviewDetail:
    """Return the item that a request names, if the person may look at it.

    Raises:
        NotAllowed: they may not.
        UnknownItem: there is none.
    """
    item = console_of(request).client.review(request.path_params["item"])
    permission.check(viewer_of(request).known, "look", item)
    return item


def ahead(request: Request) -> Response:
    """Return the changing part of an item's page, for a browser that loads it ahead; it is not taken by this."""
    item = seen(request)
    return HTMLResponse(_work_part(request, work_of(request, item, queue=request.query_params.get("queue", ""))))


def item_page(
    request: Request,
    item: ReviewDetail,
    *,
    queue: str = "",
    typed: Typed = Typed(),
    done: int | None = None,
    status: int = 200,
) -> Response:
    """Return an item's page, or the part of it that changes when the console's script asks for that."""
    work = work_of(request, item, queue=queue, typed=typed, done=done)
    if request.headers.get(FRAGMENT_HEADER) == "work":
        location = link(request, "item", {"queue": queue, "done": done}, item=item.id)
        return HTMLResponse(_work_part(request, work), status, {LOCATION_HEADER: location})
    return page(request, "item.html", status=status, work=work, strip=strip_of(request, queue or item.queue))


async def item_page_aside(
    request: Request,
    item: ReviewDetail,
    *,
    queue: str,
    typed: Typed = Typed(),
    done: int | None = None,
    status: int = 200,
) -> Response:
    """Return an item's page from an endpoint that the event loop waits for."""
    return await run_in_threadpool(item_page, request, item, queue=queue, typed=typed, done=done, status=status)


def _work_part(request: Request, work: Work) -> str:
    return fragment(request, "work.html", work=work)
