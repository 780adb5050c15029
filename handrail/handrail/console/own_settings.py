"""A person's own settings: their keys, their zone, how they write numbers and days."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from handrail.console.keys import EXTRACTION, TRIAGE, key_map
from handrail.console.render import page
from handrail.console.viewer import viewer_of


def routes() -> list[BaseRoute]:
    """Return the routes of settings."""
    return [Route("/keys", keys, name="keys")]


def keys(request: Request) -> Response:
    """Show the keys of both kinds of pages."""
    settings = viewer_of(request).settings
    return page(
        request, "keys.html", kinds={"triage": key_map(TRIAGE, settings), "extraction": key_map(EXTRACTION, settings)}
    )
