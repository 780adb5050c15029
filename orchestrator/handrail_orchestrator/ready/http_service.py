"""A system behind an address: one request at a time, with a time limit, and what may be repeated after it."""

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from handrail_ground.values import DEEPEST, depth
from handrail_guards.numbers import is_count
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.given_time import is_above_zero
from handrail_orchestrator.ready.errors import ActionFailed, CallFailed, CallRefused, CallUnsure
from handrail_orchestrator.ready.http import REPEATABLE, Headers, HttpAnswer, HttpRequest
from handrail_orchestrator.telemetry.log_ids import trace_headers

if TYPE_CHECKING:
    import ssl

    import httpx2

KEY_HEADER = "Idempotency-Key"
TIMEOUT_SECONDS = 30.0
MOST_BYTES = 1_000_000
"""Of an answer: it is kept with the run."""
LONGEST_TOLD = 300
"""Characters of an answer that an error shows."""

_NOT_DONE = frozenset({429})
"""Statuses by which a system says that it has done nothing."""
_MAY_PASS = frozenset({408, 409, 425, 500, 502, 503, 504})
"""Statuses that may be others next time; 409 where a key is honoured: the first request with it is still being done."""


class HttpService:
    """A system behind an address.

    Args:
        address: what every path is below, such as ``https://crm.example.com/api/``.
        headers: returns what every request carries beside, such as a token; called for each, and never recorded.
        honours_keys: whether it does once what comes twice with the same ``Idempotency-Key``, as its manual says; only
            then is a POST or PATCH that may have been done tried again.
        key_header: the header for the key.
        timeout_seconds: how long one attempt may take, from connecting to the last byte.
        most_bytes: how long an answer may be.

    Raises:
        Misuse: the address is none, or holds a password, or a number is none.
    """

    def __init__(
        self,
        address: str,
        *,
        headers: Headers | None = None,
        honours_keys: bool,
        key_header: str = KEY_HEADER,
        timeout_seconds: float = TIMEOUT_SECONDS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        parts = urlsplit(address)
        try:
            _ = parts.port
        except ValueError as error:
            raise Misuse(f"HttpService(...): the address cannot be read ({error})") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise Misuse(f"HttpService({address!r}): no address; write it as https://crm.example.com/api/")
        if parts.username or parts.password:
            raise Misuse(
                "HttpService(...): a password in an address would be shown; give headers=bearer_from(VARIABLE)"
            )
        if not is_above_zero(timeout_seconds):
            raise Misuse(f"HttpService({address!r}, timeout_seconds={timeout_seconds!r}): give seconds above 0")
        if not is_count(most_bytes, least=1):
            raise Misuse(f"HttpService({address!r}, most_bytes={most_bytes!r}): give a whole number, 1 or more")
        self._base = address if address.endswith("/") else f"{address}/"
        self._headers = headers
        self._honours_keys = honours_keys
        self._key_header = key_header
        self._timeout = timeout_seconds
        self._most_bytes = most_bytes
        self._trust: ssl.SSLContext | None = None

    @property
    def honours_keys(self) -> bool:
        """Return whether it does once what comes twice with the same key."""
        return self._honours_keys

    def __repr__(self) -> str:
        return f"HttpService({self._base!r})"

    def url(self, path: str) -> str:
        """Return where a path is.

        Raises:
            CallRefused: it leads elsewhere than below the address.
        """
        where = urljoin(self._base, path)
        dotted = any(part in {".", ".."} for part in unquote(path).replace("\\", "/").split("/"))
        if dotted or not where.startswith(self._base) or any(each in path for each in "?#\r\n"):
            raise CallRefused(f"the path {path!r} does not stand below {self._base}: nothing was sent")
        return where

    async def send(self, request: HttpRequest, key: str) -> HttpAnswer:
        """Ask it, once; redirects are not followed, as they would carry the token elsewhere.

        Raises:
            CallRefused: it said no, or what it answered cannot be kept.
            CallFailed: it was not done, or may be done again.
            CallUnsure: it may have been done, and may not be done again.
        """
        import httpx2  # noqa: PLC0415 -- a library that takes a moment, and that not every workflow needs

        url, headers = self.url(request.path), self._all_headers(request, key)
        trust = self._trust
        if trust is None:  # not in the event loop: reading the authorities takes 20 ms
            trust = self._trust = await asyncio.to_thread(httpx2.create_ssl_context)
        limits = httpx2.Timeout(self._timeout)
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx2.AsyncClient(verify=trust, timeout=limits, follow_redirects=False) as client,
                client.stream(
                    request.method,
                    url,
                    headers=headers,
                    params=dict(request.params) or None,
                    content=None if request.json is None else json.dumps(request.json).encode(),
                ) as response,
            ):
                body = await self._body(response, request)
        except ActionFailed:
            raise
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise CallFailed(f"{self._base} could not be reached: {type(error).__name__}") from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, ValueError) as error:
            raise CallRefused(f"the request cannot be written: {type(error).__name__}: {error}") from error
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise self._unsure(request, f"no answer within {self._timeout:g} s") from error
        except httpx2.HTTPError as error:
            raise self._unsure(request, f"the connection broke: {type(error).__name__}") from error
        return self._answer(request, response.status_code, response.headers, body)

    def _all_headers(self, request: HttpRequest, key: str) -> dict[str, str]:
        headers = {"accept": "application/json", **trace_headers()}
        if request.json is not None:
            headers["content-type"] = "application/json"
        headers.update({} if self._headers is None else self._headers())
        headers[self._key_header] = key
        return headers

    async def _body(self, response: "httpx2.Response", request: HttpRequest) -> bytes:
        parts, size = list[bytes](), 0
        async for part in response.aiter_bytes():
            parts.append(part)
            size += len(part)
            if size > self._most_bytes:
                problem = f"{request.method} {request.path}: the answer is longer than {self._most_bytes:,} bytes"
                if response.is_success:
                    raise CallRefused(f"{problem}; it was done, but cannot be kept", status=response.status_code)
                break
        return b"".join(parts)[: self._most_bytes]

    def _answer(self, request: HttpRequest, status: int, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        if 200 <= status < 300:
            value, text = _read(headers.get("content-type", ""), body)
            return HttpAnswer(status=status, json=value, text=text)
        told = " ".join(body.decode(errors="replace").split())[:LONGEST_TOLD]
        problem = f"{request.method} {request.path}: {status}{f': {told}' if told else ''}"
        wait = wait_seconds(headers.get("retry-after"))
        if status in _NOT_DONE or (status == 503 and wait is not None):
            raise CallFailed(problem, status=status, wait_seconds=wait)
        if status in _MAY_PASS and (status != 409 or self._honours_keys):
            if self._may_repeat(request):
                raise CallFailed(problem, status=status, wait_seconds=wait)
            raise CallUnsure(f"{problem}; it may have been done", status=status)
        if 300 <= status < 400:
            problem += f"; it points to {headers.get('location', 'nowhere')}, which is not followed"
        raise CallRefused(problem, status=status)

    def _may_repeat(self, request: HttpRequest) -> bool:
        return request.method in REPEATABLE or self._honours_keys

    def _unsure(self, request: HttpRequest, problem: str) -> ActionFailed:
        what = f"{request.method} {request.path}: {problem}"
        return CallFailed(what) if self._may_repeat(request) else CallUnsure(f"{what}; it may have been done")


def _read(kind: str, body: bytes) -> tuple[Any, str]:
    """Return a body as JSON, if it says so and is, and can be recorded; or else as text: what it answers was done."""
    if "json" in kind.lower() and body:
        try:
            value = json.loads(body)
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode()  # NaN, and half of a character, are none
        except (ValueError, RecursionError):
            pass
        else:
            if depth(value) <= DEEPEST:
                return value, ""
    return None, body.decode(errors="replace")


def wait_seconds(text: str | None) -> float | None:
    """Return how long ``Retry-After`` asks to wait: in seconds, or until a moment; None: it says nothing."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.fromtimestamp(time.time(), UTC)).total_seconds())
