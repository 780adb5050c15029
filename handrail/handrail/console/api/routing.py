"""The API's routes: which operation a request means, and what is answered when it means none."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from handrail.console.api.document import API, document
from handrail.console.api.operation import AnyOperation
from handrail.console.api.problems import Problem
from handrail.console.api.reading import segments_of
from handrail.console.api.table import OPERATIONS, PROBES
from handrail.console.context import console_of
from handrail_ground.values import json_line

DOCUMENT = "openapi.json"


def routes() -> list[BaseRoute]:
    """Return the routes of the API and of what a proxy or a supervisor asks."""
    return [
        *(Route(each.path, Probe(each), name=each.name) for each in PROBES),
        Mount(API, Api(OPERATIONS), name="api"),
    ]


class Api:
    """Answers every request below the API's path."""

    def __init__(self, operations: Sequence[AnyOperation]) -> None:
        self._operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = await self._answered(request)
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        segments = segments_of(request.scope)
        if segments == [DOCUMENT]:
            return _documented(request)
        for operation in self._operations if segments is not None else ():
            place = operation.matches(segments or [])
            if place is not None:
                others = [each for each in self._operations if each.path == operation.path]
                return await _one_of(request, others, place)
        return Problem("not-found", "no operation has this path").response(request)


class Probe:
    """Answers one path at the top of the console."""

    def __init__(self, operation: AnyOperation) -> None:
        self._operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = await _one_of(request, [self._operation], {})
        await response(scope, receive, send)


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
