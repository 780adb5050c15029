"""One operation of the API: all that is known of it, from which come its route and what the document says of it."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from handrail.console.api.problems import Problem, problem_of
from handrail.console.api.reading import body_of, headers_of, query_of
from handrail.console.context import Console, console_of
from handrail.console.viewer import Viewer, viewer_of
from handrail_ground.errors import HandrailError
from handrail_ground.values import json_line
from handrail_orchestrator.client import Client
from handrail_orchestrator.review.permission import Action, Governed, check

Tag: TypeAlias = Literal["runs", "reviews", "promises", "service"]
"""What operations are about, as the document groups them."""


class Given(BaseModel):
    """What a request gives: nothing that is not asked for, and nothing of another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Nothing(Given):
    """No field at all."""


P = TypeVar("P", bound=BaseModel)
Q = TypeVar("Q", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)
H = TypeVar("H", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ApiCall(Generic[P, Q, B, H]):
    """One request to an operation, read."""

    request: Request
    place: P
    """What stands in its path."""
    query: Q
    body: B
    headers: H

    @property
    def console(self) -> Console:
        """Return the console it came to."""
        return console_of(self.request)

    @property
    def viewer(self) -> Viewer:
        """Return who sent it."""
        return viewer_of(self.request)

    @property
    def by(self) -> str:
        """Return the name of who sent it, as moves are made by it."""
        return self.viewer.person


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What an operation answers: JSON data."""

    data: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[P, Q, B, H]):
    """One operation of the API."""

    name: str
    """Its ``operationId``."""
    method: Literal["GET", "POST"]
    path: str
    """Below the API's own, such as ``/runs/{id}``; the parts in braces are fields of ``place``."""
    tag: Tag
    summary: str
    """One sentence."""
    explained: str = ""
    """What one has to know beyond that."""
    function: Callable[[ApiCall[P, Q, B, H]], ApiAnswer | Awaitable[ApiAnswer]]
    """A plain function is called in a thread."""
    answer: type[BaseModel]
    """What its answer holds."""
    statuses: Mapping[int, str] = field(default_factory=lambda: {200: "Done"})
    """What it answers when it has done what was asked for."""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of its answers, by name."""
    action: Action | None = None
    """What one must be allowed to do; None: everybody who is signed in may call it, and gets what is theirs."""
    about: Callable[[Client, P], Governed] | None = None
    """Returns the item that it is done to, in whose queue one must be allowed to; None: it is about no queue."""
    place: type[P] = cast("type[P]", Nothing)  # noqa: RUF009 -- a class
    query: type[Q] = cast("type[Q]", Nothing)  # noqa: RUF009
    body: type[B] = cast("type[B]", Nothing)  # noqa: RUF009
    headers: type[H] = cast("type[H]", Nothing)  # noqa: RUF009
    problems: tuple[str, ...] = ()
    """Kinds of problems that it answers, beyond those that every operation may."""
    unknown: str = "not-found"
    """The kind of problem when what stands in its path cannot be."""
    example: Any = None
    """A body."""
    is_public: bool = False
    """Whether nobody has to be signed in."""

    @property
    def segments(self) -> tuple[str, ...]:
        """Return the parts of its path."""
        return tuple(self.path.split("/")[1:])

    def matches(self, segments: list[str]) -> dict[str, str] | None:
        """Return what a path says for the parts in braces; None: it is another path."""
        mine = self.segments
        if len(mine) != len(segments):
            return None
        found: dict[str, str] = {}
        for name, given in zip(mine, segments, strict=True):
            if name.startswith("{"):
                found[name[1:-1]] = given
            elif name != given:
                return None
        return found

    async def answered(self, request: Request, found: Mapping[str, str]) -> Response:
        """Do what a request asks for, and answer it."""
        try:
            answer = await self._called(request, found)
        except Problem as refused:
            return refused.response(request)
        except HandrailError as error:
            return problem_of(error).response(request)
        headers = {"Cache-Control": "no-store", **answer.headers}
        return Response(json_line(answer.data), answer.status, headers, media_type="application/json")

    async def _called(self, request: Request, found: Mapping[str, str]) -> ApiAnswer:
        place = self._placed(found)
        if self.action is not None:  # before anything is said of what was sent
            item = None if self.about is None else self.about(console_of(request).client, place)
            check(viewer_of(request).known, self.action, item)
        call = ApiCall(
            request,
            place,
            query_of(request, self.query),
            await body_of(request, self.body) if self.method == "POST" else cast("B", Nothing()),
            headers_of(request, self.headers),
        )
        function = self.function
        if inspect.iscoroutinefunction(function):
            return cast("ApiAnswer", await function(call))
        return cast("ApiAnswer", await run_in_threadpool(function, call))

    def _placed(self, found: Mapping[str, str]) -> P:
        try:
            return self.place.model_validate(dict(found))
        except ValidationError as error:
            (name, given), *_ = found.items()
            raise Problem(self.unknown, f"there is no {name} {given[:80]!r}") from error


AnyOperation: TypeAlias = Operation[Any, Any, Any, Any]
