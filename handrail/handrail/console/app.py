"""The console as one ASGI application: its routes, its door, what it answers to errors."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from handrail.console import (
    batch,
    hooks,
    item,
    item_files,
    item_moves,
    link_pages,
    own_pages,
    own_settings,
    people_pages,
    queue,
    runs,
    scraping,
    signin,
    strip,
)
from handrail.console import (
    slack as slack_pages,
)
from handrail.console.answers import fault, handrail_error, http_error, see
from handrail.console.api import entrance
from handrail.console.context import Console, ConsoleSettings
from handrail.console.operations import notice_pages, rollout_pages, trigger_pages
from handrail.console.operations import pages as operations_pages
from handrail.console.promises import pages as promise_pages
from handrail.console.render import STATIC
from handrail.console.security import LARGEST_BODY, Door
from handrail.console.signin_parts import SignInParts
from handrail.console.viewer import SingleUser
from handrail_ground.errors import HandrailError
from handrail_orchestrator.client import Client
from handrail_orchestrator.notices.slack import SlackChannel
from handrail_orchestrator.similar import Similar
from handrail_orchestrator.telemetry.trace_context import called_from, read_traceparent

PUBLIC = ("/static/", "/healthz", "/readyz", "/metrics", "/signin/", "/slack/", "/link/")
"""Paths that need nobody to be signed in; one that ends with a slash stands for all below it too."""


class _Kept(StaticFiles):
    """Files of ours, which a browser may keep: their links carry their version."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def kept(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = list(message["headers"])  # type: ignore[call-overload]
                message["headers"] = [*headers, (b"cache-control", b"public, max-age=31536000, immutable")]
            await send(message)

        await super().__call__(scope, receive, kept)  # type: ignore[arg-type]


def console(
    client: Client,
    settings: ConsoleSettings = ConsoleSettings(),
    *,
    sign_in: SignInParts | None = None,
    similar: Similar | None = None,
    slack: Iterable[SlackChannel] = (),
) -> ASGIApp:
    """Return the console of a store whose client is open."""
    app = Starlette(
        routes=every_route(),
        exception_handlers={HandrailError: handrail_error, HTTPException: http_error, Exception: fault},
    )
    app.router.redirect_slashes = False  # it would send people to whatever host a request names
    # a page has a hundred links: looking through all routes for each would take half of its time
    app.state.named = {route.name: route for route in app.routes if isinstance(route, Route | Mount)}
    app.state.console = Console(client, settings, similar, slack=tuple(slack))
    app.state.scraped = scraping.Scraped(client)
    parts = sign_in or SignInParts.of(client, settings.sign_in, SingleUser.at(client, settings.single_user))
    app.state.sign_in = parts
    door = Door(
        app,
        sign_in=parts.sessions,
        public=PUBLIC,
        root_path=settings.root_path,
        most_bytes=lambda path: hooks.most_bytes_at(client, path, LARGEST_BODY),
    )

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        with called_from(read_traceparent(headers.get("traceparent"), headers.get("tracestate"))):
            await door(dict(scope) | {"app": app}, receive, send)

    return served


def every_route() -> list[BaseRoute]:
    """Return the routes of all pages and of the API; each module adds its own here."""
    return [
        Route("/", _home, name="home"),
        Mount("/static", _Kept(directory=STATIC), name="static"),
        *queue.routes(),
        *batch.routes(),
        *item.routes(),
        *item_files.routes(),
        *item_moves.routes(),
        *strip.routes(),
        *own_settings.routes(),
        *signin.routes(),
        *slack_pages.routes(),
        *own_pages.routes(),
        *people_pages.routes(),
        *link_pages.routes(),
        *runs.routes(),
        *scraping.routes(),
        *operations_pages.routes(),
        *trigger_pages.routes(),
        *rollout_pages.routes(),
        *notice_pages.routes(),
        *promise_pages.routes(),
        *entrance.routes(),
        *hooks.routes(),
    ]


def _home(request: Request) -> Response:
    return see(request, "queue")
