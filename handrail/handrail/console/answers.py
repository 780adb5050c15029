"""Answers that are no page of their own: an error as a page or as a problem document, a way on to another page."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from handrail.console.api.problems import problem
from handrail.console.context import root_of
from handrail.console.render import link, page
from handrail.console.words import say
from handrail_ground.errors import HandrailError
from handrail_orchestrator.errors import (
    Misuse,
    NotPromoted,
    ReviewError,
    RunConflict,
    StoreError,
    UnknownItem,
    UnknownPromise,
    UnknownRollout,
    UnknownRun,
    UnknownTrigger,
    WrongState,
)

API = "/api/"
"""Where the API's paths begin."""


def is_api(request: Request) -> bool:
    """Return whether a request is one to the API, which answers in JSON."""
    path: str = request.scope["path"]
    return path.removeprefix(root_of(request)).startswith(API)


def refusal(request: Request, status: int, key: str, detail: str = "") -> Response:
    """Return an error by the key of its words."""
    return told(request, status, say(key), detail or say(f"{key}.detail"))


def told(request: Request, status: int, title: str, detail: str) -> Response:
    """Return an error: a page for people, a problem document (RFC 9457) for the API."""
    if is_api(request):
        return problem(request, status, title, detail)
    return page(request, "error.html", status=status, heading=title, detail=detail)


def status_of(error: HandrailError) -> int:
    """Return the status that says what kind of error it is."""
    by_name = {"ReviewConflict": 409, "NotAllowed": 403}  # kinds of ReviewError
    match error:
        case UnknownItem() | UnknownRun() | UnknownTrigger() | UnknownRollout() | UnknownPromise():
            return 404
        case ReviewError():
            return by_name.get(type(error).__name__, 422)
        case RunConflict() | WrongState() | NotPromoted():
            return 409
        case StoreError():
            return 503
        case Misuse():
            return 400
        case _:
            return 422


def handrail_error(request: Request, error: Exception) -> Response:
    """Return one of our own errors."""
    assert isinstance(error, HandrailError)  # noqa: S101 -- it is registered for these alone
    status = status_of(error)
    detail = error.problem if isinstance(error, StoreError) else str(error)  # its path is nobody's business there
    return told(request, status, say(f"error.{status}"), detail)


def http_error(request: Request, error: Exception) -> Response:
    """Return what the routing refused."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- it is registered for these alone
    known = error.status_code if error.status_code in {400, 403, 404, 405, 409, 413, 422, 503} else 400
    answer = told(request, error.status_code, say(f"error.{known}"), say(f"error.{known}.detail"))
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


def fault(request: Request, error: Exception) -> Response:  # noqa: ARG001 -- what it was stays in the server's log
    """Return a fault of ours, without a word of its insides."""
    return told(request, 500, say("error.500"), say("error.500.detail"))


def see(request: Request, name: str, **params: object) -> Response:
    """Return a way on to another page, which is got anew."""
    return RedirectResponse(link(request, name, None, **params), 303)
