"""What the API answers instead of what was asked for: problem documents (RFC 9457), of kinds that are listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from handrail_ground.errors import HandrailError
from handrail_ground.values import json_line
from handrail_guards.verdict import Verdict
from handrail_orchestrator.errors import (
    AnswerRefused,
    NotAllowed,
    NotPromoted,
    NotStorable,
    ReviewConflict,
    ReviewError,
    RunConflict,
    StoreError,
    UnknownItem,
    UnknownPromise,
    UnknownRollout,
    UnknownRun,
    UnknownTrigger,
    UnknownWorkflow,
    WrongState,
)

MEDIA_TYPE = "application/problem+json"
PROBLEMS = "/api/v1/problems"
"""The path below which each kind of problem is explained."""

RETRY_SECONDS = 5
"""When to try again while the store cannot be used."""


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem, as its ``type`` names it."""

    name: str
    status: int
    title: str
    meaning: str
    """What it means, and what to do."""


_KINDS = (
    ProblemKind(
        "malformed", 400, "The request cannot be read",
        "The body is no JSON in UTF-8, holds a key twice, NaN or a number that no float holds, or is nested too deep;"
        " or the address is no UTF-8. Nothing was changed.",
    ),
    ProblemKind(
        "not-signed-in", 401, "Nobody is signed in",
        "The store has people, and the request says of none of them that it is theirs: send `Authorization: Bearer`"
        " with a token. One that was revoked or has expired is refused, too.",
    ),
    ProblemKind(
        "not-allowed", 403, "That is not allowed",
        "The person's role, or a rule of the item, does not allow it; or a page of another site has sent the request.",
    ),
    ProblemKind("not-found", 404, "There is nothing here", "No operation has this path."),
    ProblemKind("unknown-run", 404, "There is no such run", "The store holds no run with this id."),
    ProblemKind(
        "unknown-trigger", 404, "There is no such trigger", "No orchestrator on the store was given one of this name."
    ),
    ProblemKind("unknown-rollout", 404, "There is no such rollout", "No code has declared it in this store."),
    ProblemKind("unknown-item", 404, "There is no such review item", "The store holds no item with this number."),
    ProblemKind(
        "unknown-promise", 404, "There is no such promise",
        "No case of this workflow's step was recorded under a promise: it begins with the first one.",
    ),
    ProblemKind(
        "unknown-workflow", 404, "There is no such workflow",
        "The server was not started with this workflow (`--workflows MODULE:NAME`), so it cannot start runs of it.",
    ),
    ProblemKind(
        "method-not-allowed", 405, "This path does not know the method", "The header `Allow` names those it knows."
    ),
    ProblemKind(
        "run-conflict", 409, "The run's id is taken",
        "A run with this id, or this idempotency key, was started with another workflow or another input.",
    ),
    ProblemKind(
        "wrong-state", 409, "Its state does not allow that",
        "Such as a retry of a run that has not failed, an event for one that has ended, a fork from a step it does not"
        " have, firing a trigger that is paused, or resuming a rollout that is not held.",
    ),
    ProblemKind(
        "not-promoted", 409, "The evidence does not carry a promotion",
        "`detail` says why, and about how many cases are missing. Nothing was promoted.",
    ),
    ProblemKind(
        "item-changed", 409, "The item is not as it was when it was looked at",
        "Somebody else has it, it was decided, or it shows something else by now: get it again. Nothing was changed.",
    ),
    ProblemKind(
        "move-refused", 409, "That cannot be done to the item",
        "Such as taking back an answer that is not one's own, or keeping an item that one has not taken: `detail` says"
        " why. Nothing was changed.",
    ),
    ProblemKind(
        "version-differs", 412, "The item has another version",
        "`If-Match` names another version than the item has by now: get it again. Nothing was changed.",
    ),
    ProblemKind("too-large", 413, "The request is too large", "A body may have 1,000,000 bytes. Nothing was changed."),
    ProblemKind(
        "wrong-content-type", 415, "The body is of another type",
        "Every POST carries `Content-Type: application/json` and a JSON object, `{}` at least: no form of another site"
        " can send that.",
    ),
    ProblemKind(
        "wrong-host", 421, "The console answers to another name",
        "With nobody configured in the store, the console answers to localhost only.",
    ),
    ProblemKind(
        "invalid", 422, "What was given does not fit", "`errors` says of each field what is wrong. Nothing was changed."
    ),
    ProblemKind(
        "answer-refused", 422, "The answer fails guards",
        "`verdicts` says which, and why: correct the answer, or send it again with each of these guards named in"
        " `despite`. Nothing was changed.",
    ),
    ProblemKind(
        "version-required", 428, "The version that was looked at is missing",
        "A decision names the item's version, as `If-Match` or as `version`, so that it is made of what was looked at.",
    ),
    ProblemKind("too-many", 429, "Too many requests", "Wait a moment: `Retry-After` says how long."),
    ProblemKind("fault", 500, "A fault of Handrail itself", "What happened stands in the server's log."),
    ProblemKind(
        "store-unavailable", 503, "The store cannot be used just now",
        "It is locked, full or cannot be reached: try again in a moment. Nothing was changed.",
    ),
)  # fmt: skip

KINDS: Mapping[str, ProblemKind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""Every kind of problem, by its name."""

_OF_STATUS: Mapping[int, ProblemKind] = {kind.status: kind for kind in reversed(_KINDS)}
"""The most general kind of each status: the first of it."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request."""

    field: str
    """Where it stands, such as ``input.total``."""
    detail: str

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"field": self.field, "detail": self.detail}


@dataclass(eq=False)
class Problem(Exception):
    """A request that is answered with a problem document; raised by operations and by what leads to them."""

    kind: str
    """The name of one of ``KINDS``."""
    detail: str
    errors: Sequence[FieldError] = ()
    verdicts: Sequence[Verdict] = ()
    """What guards have against an answer."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self, request: Request) -> dict[str, Any]:
        """Return it as a problem document."""
        kind = KINDS[self.kind]
        document = _document(request, kind, kind.title, self.detail)
        if self.errors:
            document["errors"] = [error.as_json() for error in self.errors]
        if self.verdicts:
            document["verdicts"] = [
                {"guard": each.guard, "field": each.field, "reason": each.reason} for each in self.verdicts
            ]
        return document

    def response(self, request: Request) -> Response:
        """Return the answer to a request."""
        return _response(self.as_json(request), KINDS[self.kind].status, self.headers)


def problem(
    request: Request, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem document by its status, for what the console refuses before any operation is reached."""
    kind = _OF_STATUS.get(status)
    if kind is None:
        document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        return _response({**document, "instance": _path(request)}, status, headers or {})
    return _response(_document(request, kind, title, detail), status, headers or {})


def _document(request: Request, kind: ProblemKind, title: str, detail: str) -> dict[str, Any]:
    return {
        "type": f"{request.scope.get('app_root_path', request.scope.get('root_path', ''))}{PROBLEMS}/{kind.name}",
        "title": title,
        "status": kind.status,
        "detail": detail,
        "instance": _path(request),
    }


def _path(request: Request) -> str:
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return str(raw.decode("ascii", "replace"))


def _response(document: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    return Response(json_line(document), status, dict(headers), media_type=MEDIA_TYPE)


_OF_ERRORS: tuple[tuple[type[HandrailError], str], ...] = (
    (AnswerRefused, "answer-refused"),
    (NotAllowed, "not-allowed"),
    (UnknownItem, "unknown-item"),
    (ReviewConflict, "item-changed"),
    (ReviewError, "move-refused"),
    (UnknownRun, "unknown-run"),
    (UnknownTrigger, "unknown-trigger"),
    (UnknownRollout, "unknown-rollout"),
    (NotPromoted, "not-promoted"),
    (UnknownPromise, "unknown-promise"),
    (UnknownWorkflow, "unknown-workflow"),
    (RunConflict, "run-conflict"),
    (WrongState, "wrong-state"),
    (StoreError, "store-unavailable"),
    (HandrailError, "invalid"),
)
"""What our own errors are to whoever sent the request; the first that fits."""


def problem_of(error: HandrailError) -> Problem:
    """Return what one of our own errors is to whoever sent the request."""
    kind = next(name for each, name in _OF_ERRORS if isinstance(error, each))
    match error:
        case AnswerRefused():
            return Problem(kind, str(error), verdicts=error.verdicts)
        case NotStorable():
            return Problem(kind, str(error), (FieldError(error.where, error.problem),))
        case StoreError():  # its path is nobody's business on the other side
            return Problem(kind, error.problem, headers={"Retry-After": str(RETRY_SECONDS)})
        case _:
            return Problem(kind, str(error))
