"""One review item: what is asked, and everything that helps to answer it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from handrail.console.context import console_of
from handrail.console.render import page


def routes() -> list[BaseRoute]:
    """Return the routes of one item."""
    return [Route("/items/{item:int}", shown, name="item")]


def shown(request: Request) -> Response:
    """Show one item."""
    item = console_of(request).client.review(request.path_params["item"])
    return page(request, "item.html", item=item)
