"""What went wrong with one request to a provider: read from the errors of whichever library it has."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from json import JSONDecodeError
from typing import Any

from pydantic_core import from_json

from handrail_ai_steps.models.instructor.providers import ModelProvider
from handrail_ai_steps.models.instructor.reply import NO_JSON
from handrail_ai_steps.models.openai.failure import Failure, status_failure
from handrail_ai_steps.models.openai.response_limit import ResponseTooLong
from handrail_ground.errors import told

_BUSY = frozenset({"ThrottlingException", "TooManyRequestsException", "ServiceUnavailableException"})
"""Bedrock's names of failures that pass, whatever status they come with."""

_DEEPEST = 20
"""Errors that have led to one another; more of them nobody reads."""

_UNREACHED = (
    "APIConnectionError", "APITimeoutError", "ConnectError", "ConnectTimeout", "ReadTimeout", "ReadError", "WriteError",
    "RemoteProtocolError", "PoolTimeout", "ServerDisconnectedError", "ClientConnectorError", "EndpointConnectionError",
    "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError", "ServerTimeoutError",
)  # fmt: skip
"""What libraries call it when nobody answers; each has classes of its own."""


def provider_failure(error: BaseException, provider: ModelProvider) -> Failure:
    """Read an error of a provider's library, or of instructor about one."""
    told_by = _told_by(error)
    if any(isinstance(endless := each, ResponseTooLong) for each in _causes(told_by)):
        return Failure("failed", str(endless))  # and not asked for again: there is no end of it
    status, headers, body = _response(told_by)
    if status is not None and status >= 300:
        failure = status_failure(status, headers, body, str(told_by))
        if status in {401, 403} and failure.result == "failed":
            keys = " or ".join((*provider.keys, "api_key=")) if provider.keys else "what its library finds"
            why = failure.reason.partition(": ")[2] or failure.reason
            return Failure("failed", f"check the key ({keys}) and its rights: {why}", status=status)
        if _code(body) in _BUSY:
            return Failure("failed", failure.reason, passing=True, wait_seconds=failure.wait_seconds, status=status)
        return failure
    return _no_answer(told_by, provider, came=status is not None)


def _no_answer(told_by: BaseException, provider: ModelProvider, *, came: bool) -> Failure:
    """Return why there is no answer where no status tells of a failure."""
    if isinstance(told_by, RecursionError):
        return Failure("failed", f"{provider.name} takes no type that holds itself, as this output type does")
    if any(each.__name__ in _UNREACHED for each in type(told_by).__mro__) or isinstance(told_by, OSError):
        cause = told_by.__cause__ or told_by
        return Failure("failed", f"the provider could not be reached ({told(cause)})", passing=True)
    is_page = came or isinstance(told_by, JSONDecodeError)
    return Failure("failed", NO_JSON if is_page else f"the request failed ({told(told_by)})", passing=is_page)


def sent_headers(error: BaseException) -> Mapping[str, str]:
    """Return what the request that an error tells of was sent with, where the provider's library says so."""
    told_by = _told_by(error)
    response: Any = getattr(told_by, "raw_response", None) or getattr(told_by, "response", None)
    headers: Any = getattr(getattr(response, "_request", None), "headers", None)
    return {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, Mapping) else {}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(_DEEPEST):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _told_by(error: BaseException) -> BaseException:
    """Return the error of the provider's library, where it is instructor that raised one about it."""
    return error.__cause__ if type(error).__name__ == "InstructorRetryException" and error.__cause__ else error


def _response(error: BaseException) -> tuple[int | None, Mapping[str, str], object]:
    """Return status, headers and body of the response that an error tells of; no status: of none."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, Mapping):  # botocore
        about = response.get("ResponseMetadata") or {}
        said = response.get("Error") or {}
        told_in = {"message": said.get("Message"), "code": said.get("Code")}
        return about.get("HTTPStatusCode"), about.get("HTTPHeaders") or {}, told_in
    status = next((each for name in ("status_code", "code") if _is_status(each := getattr(error, name, None))), None)
    headers = getattr(response, "headers", None) or getattr(error, "headers", None) or {}
    body = getattr(error, "body", None) or getattr(error, "details", None)
    if isinstance(body, str):  # Mistral's leaves it as it came
        with suppress(ValueError):
            body = from_json(body)
    return status, {str(name).lower(): str(value) for name, value in dict(headers).items()}, body


def _is_status(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 200 <= value < 600


def _code(body: object) -> str:
    return str(body.get("code") or "") if isinstance(body, Mapping) else ""
