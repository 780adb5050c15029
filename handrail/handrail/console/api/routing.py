"""Which operation of the API a request means, and what is answered when it means none."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from handrail.console.api.document import document
from handrail.console.api.operation import AnyOperation
from handrail.console.api.problems import Problem
from handrail.console.api.reading import segments_of
from handrail.console.api.table import OPERATIONS, PROBES
from handrail.console.context import console_of
from handrail_ground.values import json_line

DOCUMENT = "openapi.json"


async def answer_operation(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request below the API's path."""
    response = await _answered(Request(scope, receive))
    await response(scope, receive, send)


async def answer_probe(path: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what a proxy or a supervisor asks."""
    response = await _one_of(Request(scope, receive), [each for each in PROBES if each.path == path], {})
    await response(scope, receive, send)


async def _answered(request: Request) -> Response:
    segments = segments_of(request.scope)
    if segments == [DOCUMENT]:
        return _documented(request)
    for operation in OPERATIONS if segments is not None else ():
        place = operation.matches(segments or [])
        if place is not None:
            return await _one_of(request, [each for each in OPERATIONS if each.path == operation.path], place)
    return Problem("not-found", "no operation has this path").response(request)


async def _one_of(request: Request, operations: Sequence[AnyOperation], place: Mapping[str, str]) -> Response:
    """Answer by the one of the operations of a path that has the request's method."""
    method = "GET" if request.method == "HEAD" else request.method
    for operation in operations:
        if operation.method == method:
            return await operation.answered(request, place)
    return _not_known(request, {operation.method for operation in operations})


def _not_known(request: Request, methods: set[str]) -> Response:
    allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    headers = {"Allow": allowed}
    return Problem("method-not-allowed", f"this path knows {allowed}", headers=headers).response(request)


def _documented(request: Request) -> Response:
    if request.method not in {"GET", "HEAD"}:
        return _not_known(request, {"GET"})
    root = request.scope.get("app_root_path", "")
    knows_people = console_of(request).client.people.exist()
    told = document(root, version("handrail"), knows_people=knows_people)
    return Response(json_line(told), media_type="application/json")
