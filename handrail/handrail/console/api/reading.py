"""Reading requests: the body as strict JSON, its fields, the query and the headers by models; or what is wrong."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl, unquote_to_bytes

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from handrail.console.api.problems import FieldError, Problem
from handrail_ground.values import InvalidJson, from_json

M = TypeVar("M", bound=BaseModel)

LONGEST_NUMBER = 300
"""Digits of a whole number: no float holds more, and no field of ours has a use for them."""
MOST_ERRORS = 20
"""Fields that an answer names."""
LONGEST_SHOWN = 300
"""Characters of what is wrong with one field."""
NO_TEXT = "it holds half of a surrogate pair, which is no text"


async def body_of(request: Request, model: type[M]) -> M:
    """Return a request's body as a model of its fields.

    Raises:
        Problem: it is no JSON object, or a field does not fit.
    """
    _must_be_json(request.headers.get("content-type", ""))
    text = await request.body()
    if not text.strip():
        raise Problem("malformed", "the body is empty: send a JSON object, {} at least")
    return modelled(model, json_of(text))


def json_of(text: bytes) -> Any:
    """Return the value in a body.

    Raises:
        Problem: it is no JSON, or says what nobody can rely on.
    """
    try:
        value = from_json(text)
    except InvalidJson as error:
        raise Problem("malformed", f"the body cannot be read: {error}") from error
    _must_be_usable(value)
    return value


def _must_be_json(content_type: str) -> None:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if kind != "application/json" or any(each not in {"", "charset=utf-8", 'charset="utf-8"'} for each in parameters):
        said = f"it is {content_type[:80]!r}" if content_type else "there is none"
        raise Problem("wrong-content-type", f"the Content-Type must be application/json, in UTF-8: {said}")


def _must_be_usable(value: Any) -> None:
    """Look through all of a value for what JSON can say and nobody can use."""
    left = [value]
    while left:
        match left.pop():
            case dict() as found:
                left += [*found.keys(), *found.values()]
            case list() as found:
                left += found
            case str() as found:
                if not is_text(found):
                    raise Problem("malformed", f"a text cannot be used: {NO_TEXT}")
            case bool():
                pass
            case int() as found if abs(found) >= 10**LONGEST_NUMBER:
                raise Problem("malformed", f"a number has more than {LONGEST_NUMBER} digits")
            case _:
                pass


def is_text(value: str) -> bool:
    """Return whether a text can be written in any encoding."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def query_of(request: Request, model: type[M]) -> M:
    """Return a request's query as a model; a list collects every value of its name.

    Raises:
        Problem: it is no UTF-8, or a value does not fit, is there twice or unknown.
    """
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except ValueError as error:  # neither ASCII nor UTF-8, or too many
        raise Problem("malformed", "the query cannot be read as UTF-8") from error
    lists = {name for name, field in model.model_fields.items() if _is_list(field.annotation)}
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise _invalid([FieldError(_shown(name), "it is there twice: give it once")])
        else:
            given[name] = value
    return modelled(model, given)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(get_origin(each) is list for each in get_args(annotation))


def headers_of(request: Request, model: type[M]) -> M:
    """Return those headers of a request that a model names, by their aliases.

    Raises:
        Problem: one does not fit, or is there twice.
    """
    given: dict[str, str] = {}
    for field in model.model_fields.values():
        name = field.alias or ""
        found = request.headers.getlist(name)
        if len(found) > 1:
            raise _invalid([FieldError(name, "it is there twice: give it once")])
        if found:
            given[name] = found[0]
    return modelled(model, given)


def modelled(model: type[M], data: Any, *, below: str = "") -> M:
    """Return data as a model.

    Raises:
        Problem: it does not fit; each field that is wrong is named, those of ``below`` after it.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise invalid(error, below=below) from error


def invalid(error: ValidationError, *, below: str = "") -> Problem:
    """Return what does not fit, field by field."""
    found = error.errors(include_url=False, include_context=False)
    return _invalid([_field_error(details, below) for details in found[:MOST_ERRORS]], more=len(found) - MOST_ERRORS)


def of_fields(errors: Iterable[tuple[Iterable[str | int], str]], *, below: str) -> Problem:
    """Return what does not fit, given by path and words."""
    return _invalid([FieldError(_place(below, path), _shown(said)) for path, said in list(errors)[:MOST_ERRORS]])


def _field_error(details: ErrorDetails, below: str) -> FieldError:
    return FieldError(_place(below, details["loc"]), _shown(details["msg"]))


def _place(below: str, path: Iterable[str | int]) -> str:
    return _shown(".".join(str(part) for part in (*([below] if below else []), *path)))


def _shown(text: str) -> str:
    shown = text if is_text(text) else text.encode("ascii", "backslashreplace").decode()
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def _invalid(errors: list[FieldError], *, more: int = 0) -> Problem:
    first = errors[0]
    place = f"{first.field}: " if first.field else ""
    others = len(errors) - 1 + max(more, 0)
    said = f"{place}{first.detail}" + (f" (and {others} more)" if others else "")
    return Problem("invalid", said, errors)


def segments_of(scope: Mapping[str, Any]) -> list[str] | None:
    """Return the parts of a path below where the API is mounted, each decoded by itself: an id may hold a slash.

    None: it is no UTF-8, or not below it.
    """
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    try:
        parts = [unquote_to_bytes(part).decode() for part in raw.split(b"/")]
    except UnicodeDecodeError:
        return None
    mounted = scope["root_path"]
    # a proxy may have taken its own part of the path away
    for above in (mounted, mounted.removeprefix(scope.get("app_root_path", ""))):
        taken = above.split("/")
        if parts[: len(taken)] == taken:
            return parts[len(taken) :]
    return None
