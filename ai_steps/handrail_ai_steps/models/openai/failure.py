"""What went wrong with one request: read from the SDK's errors and from what servers write into them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import httpx2
import openai

from handrail_ai_steps.models.openai.clients import KeyUnavailable
from handrail_ai_steps.models.openai.response_limit import ResponseTooLong
from handrail_guards.outcome import AttemptResult

Feature: TypeAlias = Literal[
    "response_format",
    "logprobs",
    "top_logprobs",
    "n",
    "max_completion_tokens",
    "max_output",
    "temperature",
    "seed",
    "stream_options",
    "system",
]
"""A part of a request that servers may not know."""

GIVEN_SHOWN = " to return a string but it returned"
"""After this the SDK shows what a function for Azure's token gave, which may be the token in another type."""

LONGEST_REASON = 400
"""Characters of a reason that a record keeps: what a server says has no end of its own."""

_TRANSIENT = frozenset({408, 409, 425, 429})
_FOR_ALL = frozenset({401, 402, 403, 404, 405, 429})
_UNPROCESSED = frozenset({400, 404, 405, 415, 422, 501})
_OVERFLOW = re.compile(
    r"context[ _-]?(length|window|size)|maximum context|prompt is too long|input is too long|too many (input )?tokens"
    r"|exceeds? the (available|model'?s) (context|limit)|max_model_len|longer than the (model'?s )?(maximum|context)",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content[ _-]?(filter|policy|management)|safety system|flagged", re.IGNORECASE)
_PAYMENT = 402
_SPENT = re.compile(
    r"credit balance is too low|insufficient (credit|balance|fund)|reached your specified api usage limit"
    r"|billing hard limit|organization has been restricted",
    re.IGNORECASE,
)
"""That an account is empty, said with a 400: any other request comes to the same."""
_UNKNOWN_KEY = re.compile(
    r"api[ _-]?key (is )?(not valid|invalid|expired|not found)|(invalid|incorrect|expired) api[ _-]?key", re.IGNORECASE
)
_UNKNOWN_MODEL = re.compile(
    r"\binvalid[ _]model\b(?! output)|model[ _]not[ _](exist|found)|not a valid model"
    r"|(unknown|no such) model\b(?! (parameter|field|argument))"
    r"|\bmodel [`'\"]?[\w./:@-]+[`'\"]? (does not exist|(is|was) not (found|available))",
    re.IGNORECASE,
)
"""That a key or a model is not known, said with a 400, as Google's endpoint, Mistral's, DeepSeek's and gateways do."""
_LONG_OUTPUT = re.compile(
    r"(max_(completion_|output_|new_)?tokens|completion tokens|output tokens).{0,200}"
    r"(too (large|high)|at most|exceed|greater|larger|less than|maximum|<=)|tokens?\b.{0,40}in the completion",
    re.IGNORECASE | re.DOTALL,
)
_NO_SYSTEM = re.compile(
    r"(system|developer)[ _](role|message|prompt|instruction)s?\b.{0,40}\bnot\b"
    r"|not support.{0,30}['\"`]?system['\"`]? (role|message)|does not support ['\"`]system['\"`]"
    r"|roles?.{0,30}['\"`]system['\"`].{0,30}(not|invalid|unknown|unsupported)"
    r"|only user (and|or) (assistant|model) roles|roles must alternate user",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"(?<![\w'])'?\bn\b'?( ?[<>=]| must| is | value| parameter| other than)|^n$|parameter:? '?n'?\b|['\"`]n['\"`]"
)
_N = re.compile(r"(?<![\w'’\\.-])n(?![\w'’.-])")
"""The letter by itself, in whatever words a server speaks of it: matched last, for a schema may have a field ``n``."""
_FEATURES: tuple[tuple[Feature, re.Pattern[str]], ...] = (
    ("max_output", _LONG_OUTPUT),
    ("system", _NO_SYSTEM),
    ("top_logprobs", re.compile(r"top_logprobs", re.IGNORECASE)),
    ("logprobs", re.compile(r"logprobs|log.?probabilit", re.IGNORECASE)),
    ("stream_options", re.compile(r"stream_options|include_usage", re.IGNORECASE)),
    ("max_completion_tokens", re.compile(r"max_completion_tokens", re.IGNORECASE)),
    ("temperature", re.compile(r"temperature", re.IGNORECASE)),
    ("seed", re.compile(r"\bseed\b", re.IGNORECASE)),
    ("n", _SEVERAL),
    ("response_format", re.compile(r"response_format|json_schema|structured out|guided|grammar|schema", re.IGNORECASE)),
    ("n", _N),
)


class Halted(BaseException):
    """Stops asking this model: there is no answer, and no retry would bring one.

    A ``BaseException``, like a cancellation, so that no library in between can take it for a failure worth retrying.
    """

    def __init__(self, result: AttemptResult, reason: str, *, outage: bool = False) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason
        self.outage = outage
        """Whether any other request would have come to the same."""


class Transient(Exception):
    """A failure that may pass: the one owner of retries decides whether to try again."""

    def __init__(self, failure: "Failure") -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with one request, and what to do about it."""

    result: AttemptResult
    reason: str
    """In plain words, the server's last: uncut, for a secret in them can only be found whole."""
    passing: bool = False
    """Whether the same request may work later."""
    wait_seconds: float | None = None
    """How long the server asked to wait; None: it did not say."""
    status: int | None = None
    """The HTTP status; None: there was no response."""
    rejected: Feature | None = None
    """The part of the request the server does not take; the rest may work without it."""
    param: str = ""
    """The field of the request that the server names as wrong; empty: none."""
    is_unknown: bool = False
    """Whether the server says in words that it does not know the key or the model."""

    @property
    def is_outage(self) -> bool:
        """Whether any other request would come to the same: nobody is there, or the key or the model is not known."""
        return self.passing or self.is_unknown or self.status in _FOR_ALL


def failure_of(error: Exception) -> Failure:
    """Read an error of the ``openai`` SDK."""
    if isinstance(error, openai.APIStatusError):
        return status_failure(error.status_code, error.response.headers, error.body, error.response.text)
    if isinstance(error, openai.APIConnectionError):
        return _unreached(error)
    if isinstance(error, httpx2.TransportError):  # in the middle of a stream
        return Failure("failed", _line(f"the connection broke ({type(error).__name__}: {error})"), passing=True)
    if type(error) is openai.APIError and error.body:  # an error inside a stream
        return told_failure(error.body)
    if isinstance(error, KeyUnavailable):
        return Failure("failed", _line(error), passing=error.passing)
    said = str(error).partition(GIVEN_SHOWN)[0]
    return Failure("failed", _line(f"the request failed ({type(error).__name__}: {said})"))


def _unreached(error: openai.APIConnectionError) -> Failure:
    if isinstance(error, openai.APITimeoutError):
        return Failure("timed_out", "the server did not answer in time", passing=True)
    cause = error.__cause__
    if isinstance(cause, ResponseTooLong):
        return Failure("failed", str(cause))  # and not asked for again: there is no end of it
    detail = f"{type(cause).__name__}: {cause}" if cause is not None and str(cause) else type(cause).__name__
    return Failure("failed", _line(f"the server could not be reached ({detail})"), passing=True)


def told_failure(error: object) -> Failure:
    """Read an error that came with status 200: beside a choice, in a stream, or as the whole body."""
    told = error if isinstance(error, Mapping) else {"message": str(error)}
    code = str(told.get("code") or told.get("status") or "")
    status = int(code) if re.fullmatch(r"[45]\d\d", code) else 429 if "rate_limit" in code else 500
    return status_failure(status, {}, told)


def status_failure(
    status: int, headers: Mapping[str, str], body: object, text: str = "", *, key: str = "OPENAI_API_KEY or api_key="
) -> Failure:
    """Read a response with an error status; codes may be text, numbers or missing. ``key``: where one is given."""
    message, code, param = _told(body, text)
    reason = f"the server answered {status}: {message}" if message else f"the server answered {status}"
    everything = f"{param} {code} {message}"
    if _FILTERED.search(everything) and status < 500:
        return Failure("refused", f"the server's content filter stopped it: {message}", status=status)
    if status < 500 and (_OVERFLOW.search(everything) or status == 413):
        rejected: Feature | None = "max_output" if _LONG_OUTPUT.search(everything) else None
        return Failure("failed", f"the input is too long for the model: {message}", status=status, rejected=rejected)
    if 300 <= status < 400:
        return Failure("failed", _pointed(status, headers), status=status)
    if status in {401, 403} or (status == 400 and _UNKNOWN_KEY.search(message)):
        hint = f"check the key ({key}) and its rights: {reason}"
        return Failure("failed", hint, status=status, is_unknown=True)
    if code == "insufficient_quota" or (status == 400 and _SPENT.search(message)):
        return Failure("failed", f"the account has no quota left: {reason}", status=_PAYMENT)
    rejected = _rejected(param, everything) if status in _UNPROCESSED or status == 500 else None
    is_unknown = status == 400 and rejected is None and bool(_UNKNOWN_MODEL.search(everything))
    passing = status in _TRANSIENT or (status >= 500 and status != 501)
    return Failure("failed", reason, passing, _wait_seconds(headers), status, rejected, param, is_unknown)


def _told(body: object, text: str) -> tuple[str, str, str]:
    """Return message, code and parameter, wherever the server put them."""
    if isinstance(body, list) and len(body) == 1:  # as Google's does
        [body] = body
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        body = body["error"]
    if not isinstance(body, Mapping):
        shown = body if isinstance(body, str) else text
        return _line(shown), "", ""
    message = next((body[key] for key in ("message", "detail", "error", "msg") if body.get(key)), text)
    return (
        _line(message),
        str(body.get("code") or body.get("type") or ""),
        str(body.get("param") or ""),
    )


def _pointed(status: int, headers: Mapping[str, str]) -> str:
    """Return that a server points elsewhere, where neither a question nor a key goes by itself."""
    where = urlsplit(headers.get("location") or "")
    host = where.netloc.rpartition("@")[2]
    to = f" to {where.scheme}://{host}{where.path}" if host else f" to {where.path}"
    return f"the server answered {status} and points{to}, which is not followed; give the right address as base_url"


def _line(message: object) -> str:
    """Return a message on one line."""
    return " ".join(str(message).split())


def _rejected(param: str, everything: str) -> Feature | None:
    for feature, _ in _FEATURES:
        if param.partition(".")[0] == feature:
            return feature
    return next((feature for feature, pattern in _FEATURES if pattern.search(everything)), None)


def _wait_seconds(headers: Mapping[str, str]) -> float | None:
    """Return what the server asks for, the exact header before the coarse one; None for what is no length of time."""
    for header in ("retry-after-ms", "retry-after"):
        try:
            seconds = _asked_seconds(header, headers.get(header))
        except (ValueError, TypeError, OverflowError):
            continue
        if seconds is not None and math.isfinite(seconds):
            return max(0.0, seconds)
    return None


def _asked_seconds(header: str, said: str | None) -> float | None:
    """Return what one header says: milliseconds, seconds or a date.

    Raises:
        ValueError: it cannot be read, as TypeError or OverflowError.
    """
    if said is None:
        return None
    if header == "retry-after-ms":
        return float(said) / 1000
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", said):
        return float(said)
    return (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
