"""The list of review items: what waits for people, filtered by what stands in the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.beside import headings
from handrail.console.context import console_of
from handrail.console.filters import KINDS, LONGEST_FILTER, STATES, ListFilters
from handrail.console.render import link, page
from handrail.console.strip import queues_of, strip_of
from handrail.console.viewer import viewer_of
from handrail.console.work import done_of
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.store import ReviewQuery

PAGE_ROWS = 50
VIEW = "view"
"""What names a view in the address that it leads to: it opens, whatever of it there is no more."""
MOST_COUNTED = 1_000
"""Items that are counted of those that a text is looked for in, one by one."""
ALIKE_LOOKED_AT = 200
"""Items, of those that come first, among which some alike are looked for."""
LEAST_ALIKE = 3
MOST_CLUSTERS = 6


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of the list."""

    rows: Sequence[ReviewItem]
    before: str | None
    """What the page before this one ends with; None: this is the first."""
    after: str | None


def routes() -> list[BaseRoute]:
    """Return the routes of the list."""
    return [
        Route("/queue", listed, name="queue"),
        Route("/queue/next", start, name="next", methods=["POST"]),
        Route("/queue/views", put_view, name="view", methods=["POST"]),
    ]


def listed(request: Request) -> Response:
    """Show one page of the list."""
    console, viewer = console_of(request), viewer_of(request)
    client = console.client
    filters = ListFilters.read(request.query_params)
    if filters.unread and VIEW not in request.query_params:
        raise Misuse(filters.problem)
    query = filters.query(viewer, client.now())
    shown = _page(client.reviews(filters.page(query, PAGE_ROWS + 1)), filters)
    count = _count(client, query, shown, filters)
    done = request.query_params.get("done", "")
    return page(
        request,
        "queue.html",
        strip=strip_of(request, filters["queue"]),
        shown=shown,
        headings=headings(client, shown.rows),
        count=min(count, MOST_COUNTED) if filters["text"] else count,
        is_more=bool(filters["text"]) and count > MOST_COUNTED,
        filters=filters,
        longest=LONGEST_FILTER,
        queues=queues_of(request),
        workflows=client.workflow_names(),
        states=list(STATES),
        kinds=KINDS,
        views=[(name, f"{kept}&{urlencode({VIEW: name})}") for name, kept in client.views(by=viewer.person)],
        done=done_of(console, viewer, int(done)) if done.isdecimal() and len(done) < 19 else None,
        is_end="end" in request.query_params,
    )


def _page(rows: Sequence[ReviewItem], filters: ListFilters) -> ListPage:
    """Return a page of rows of which one more was asked for than it shows."""
    has_more = len(rows) > PAGE_ROWS
    if filters.before is not None:
        shown = rows[-PAGE_ROWS:]
        return ListPage(shown, _edge(shown, 0) if has_more else None, _edge(shown, -1))
    shown = rows[:PAGE_ROWS]
    is_first = filters.after is None
    return ListPage(shown, None if is_first else _edge(shown, 0), _edge(shown, -1) if has_more else None)


def _count(client: Client, query: ReviewQuery, shown: ListPage, filters: ListFilters) -> int:
    """Return how many items there are; of those with a text in them, one over the most stands for any number above.

    No index knows in which a text is: what the page has shown by looking at all of them is not looked for again.
    """
    if not filters["text"]:
        return client.review_count(query)
    if shown.before is None and shown.after is None:
        return len(shown.rows)
    return client.review_count(query, at_most=MOST_COUNTED + 1)


def _edge(rows: Sequence[ReviewItem], place: int) -> str | None:
    return f"{rows[place].priority}.{rows[place].id}" if rows else None


async def start(request: Request) -> Response:
    """Take the most urgent item that nobody has, and show it."""
    form = await request.form()
    queue = str(form.get("queue", "")) or None
    taken = await console_of(request).client.next_review(by=viewer_of(request).person, queue=queue)
    if taken is None:
        return RedirectResponse(link(request, "queue", {"queue": queue, "end": 1}), 303)
    return RedirectResponse(link(request, "item", {"queue": queue}, item=taken.id), 303)


async def put_view(request: Request) -> Response:
    """Keep the list as it is filtered under a name, or drop a view."""
    form = await request.form()
    filters = ListFilters.read(dict(parse_qsl(str(form.get("query", "")))))
    if filters.unread:
        raise Misuse(filters.problem)
    name, query = str(form.get("name", "")), urlencode(filters.chosen)
    dropped = "drop" in form
    await console_of(request).client.put_view(
        name, "" if dropped else query or "state=waiting", by=viewer_of(request).person
    )
    return RedirectResponse(link(request, "queue", None if dropped else filters.chosen), 303)
