"""Webhooks: what others call when something happened. They sign what they send, and need not be signed in."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.context import console_of
from handrail_orchestrator.client import Client
from handrail_orchestrator.orchestrator import Orchestrator

HOOKS = "/hooks/"
"""What the path of every webhook begins with."""


def routes() -> list[BaseRoute]:
    """Return the one route of all webhooks."""
    return [Route(f"{HOOKS}{{rest:path}}", _deliver, methods=["POST"], name="hooks")]


def most_bytes_at(client: Client, path: str, most: int) -> int:
    """Return how large the body of a request to a path may be: ``most``, or what the webhook there takes."""
    if not path.startswith(HOOKS) or not isinstance(client, Orchestrator):
        return most
    hook = client.hook(path)
    return most if hook is None else hook.most_bytes


async def _deliver(request: Request) -> Response:
    orchestrator = console_of(request).orchestrator
    hook = None if orchestrator is None else orchestrator.hook(f"{HOOKS}{request.path_params['rest']}")
    if hook is None:
        return JSONResponse({"problem": "there is no such webhook here"}, 404)
    answer = await hook.deliver(request.headers, await request.body())
    return JSONResponse(dict(answer.body), answer.status, dict(answer.headers))
