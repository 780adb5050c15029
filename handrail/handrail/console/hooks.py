"""Webhooks: what others call when something happened. They sign what they send, and need not be signed in."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.context import console_of
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, StoreError
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.triggers.webhook import come_again

HOOKS = "/hooks/"
"""What the path of every webhook begins with."""


def routes() -> list[BaseRoute]:
    """Return the one route of all webhooks."""
    return [Route(f"{HOOKS}{{rest:path}}", _deliver, methods=["POST"], name="hooks")]


def most_bytes_at(client: Client, path: str, most: int) -> int:
    """Return how large the body of a request to a path may be: ``most``, or what the webhook there takes."""
    if not path.startswith(HOOKS) or not isinstance(client, Orchestrator):
        return most
    try:
        hook = client.hook(path)
    except (StoreError, Misuse):  # whoever answers says so
        return most
    return most if hook is None else hook.most_bytes


def too_large(most: int) -> Response:
    """Return the answer to a delivery that is larger than what is taken: nobody has looked at its signature."""
    return JSONResponse({"problem": f"at most {most:,} bytes are taken"}, 413)


async def _deliver(request: Request) -> Response:
    orchestrator = console_of(request).orchestrator
    try:
        hook = None if orchestrator is None else orchestrator.hook(f"{HOOKS}{request.path_params['rest']}")
        if hook is None:
            return JSONResponse({"problem": "there is no such webhook here"}, 404)
        answer = await hook.deliver(request.headers, await request.body())
    except (StoreError, Misuse):  # it has given up its store, or is about to end: whoever comes up next takes it
        answer = come_again("the store cannot be used now")
    return JSONResponse(dict(answer.body), answer.status, dict(answer.headers))
