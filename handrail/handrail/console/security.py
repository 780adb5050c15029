"""What every request has to pass, and what every answer carries: one door in front of all pages and the API.

A request is looked at in this order: its host (in single-user mode only the names of this machine's loopback, so that
no other site can reach it by a name of its own), its size, who sent it, and, if it may change anything, whether a page
of ours sent it.
"""

import hmac
import re
from collections.abc import Callable, Iterable
from http.cookies import CookieError
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handrail.console.answers import handrail_error, http_error, is_api, refusal
from handrail.console.api.problems import problem_of
from handrail.console.hooks import too_large
from handrail.console.viewer import SignIn, Viewer
from handrail_orchestrator.errors import StoreError

LARGEST_BODY = 1_000_000
"""Bytes of a request's body."""
LONGEST_FIELDS = 5_000
"""Fields of one form."""

FORM = "application/x-www-form-urlencoded"

OWN_TOKEN = ("/link/", "/slack/")
"""Paths that carry a secret of their own, which stands for the token of a form."""
NO_FORMS = ("/api/", "/healthz", "/readyz")
"""Paths that take JSON alone, or change nothing: they refuse by themselves whatever a form can send."""

NOT_READ = ("/slack/", *NO_FORMS)
"""Paths whose bodies are no forms of ours, whatever they call themselves."""

SIGNED = ("/hooks/",)
"""Paths whose callers sign what they send: they have no session, call from anywhere, and under any name of ours."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

_LOOPBACK = re.compile(r"::1|(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
"""This machine's own names, alone or with a port; whatever else stands beside one makes it none of them."""

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Door:
    """Lets requests through to the console, or answers them itself; gives every answer its headers."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        sign_in: SignIn,
        public: Iterable[str],
        root_path: str = "",
        most_bytes: Callable[[str], int] = lambda _: LARGEST_BODY,
    ) -> None:
        self._app = app
        self._sign_in = sign_in
        self._public = tuple(public)
        self._root = root_path.rstrip("/")
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        scope = dict(scope) | {"root_path": self._root}
        if self._root and not path.startswith(f"{self._root}/"):  # a proxy that takes its own part of the path away
            scope["path"] = self._root + path

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        most = self._most_bytes(scope["path"].removeprefix(self._root))
        try:
            body = await _body(Headers(scope=scope), scope["method"], receive, most)
        except _TooLarge:
            signed = scope["path"].removeprefix(self._root).startswith(SIGNED)
            refused = too_large(most) if signed else refusal(Request(scope), 413, "security.too_large")
            await refused(scope, receive, dressed)
            return
        except _CutOff:
            return  # nobody is there to be answered, and half of a form is not what somebody meant
        request = Request(scope, _replay(body, receive))
        turned_away = await self._refused(request)
        if turned_away is None:
            await self._app(request.scope, _replay(body, receive), dressed)
        else:
            await turned_away(scope, receive, dressed)

    async def _refused(self, request: Request) -> Response | None:
        """Return the answer to a request that is not let through."""
        scope = request.scope
        path = scope["path"].removeprefix(self._root) or "/"
        is_public = self._is_public(path)
        if path.startswith(SIGNED):
            return None
        try:
            viewer = await self._sign_in.viewer(request)
        except CookieError:
            viewer = None
        except (
            StoreError
        ) as error:  # who asks is not known; whether the store can be used, and that we live, all may ask
            if not is_public:
                return problem_of(error).response(request) if is_api(request) else handrail_error(request, error)
            viewer = None
        if (viewer is not None and viewer.is_single_user) and not is_loopback(request.headers.get("host", "")):
            return refusal(request, 421, "security.host")
        if viewer is None and not is_public:
            return self._sign_in.refused(request)
        if viewer is not None:
            scope["viewer"] = viewer
        return None if request.method in SAFE else await _forged(request, viewer, path)

    def _is_public(self, path: str) -> bool:
        return any(path == each.rstrip("/") or (each.endswith("/") and path.startswith(each)) for each in self._public)


class _TooLarge(Exception):
    """A body over the limit."""


class _CutOff(Exception):
    """A connection that ended before the whole body was there."""


async def _body(headers: Headers, method: str, receive: Receive, most: int) -> bytes:
    """Read the whole body, up to the limit."""
    if method in SAFE:
        return b""
    stated = headers.get("content-length", "0")
    if not stated.isdecimal() or int(stated) > most:
        raise _TooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _CutOff
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _TooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read once more, then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def is_loopback(host: str) -> bool:
    """Return whether a Host header, or an address to listen on, names this machine's loopback and nothing else."""
    return _LOOPBACK.fullmatch(host) is not None


def is_same_origin(headers: Headers) -> bool:
    """Return whether a request comes from a page of ours, or from no page at all."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    except ValueError:
        return False


async def _forged(request: Request, viewer: Viewer | None, path: str) -> Response | None:
    """Return the answer to a request that may change something and that no page of ours sent, or that is none."""
    if not is_same_origin(request.headers):
        return refusal(request, 403, "security.origin")
    if not path.startswith(NOT_READ) and not await _is_text(request):
        return refusal(request, 400, "security.garbled")
    try:
        if viewer is None or path.startswith(OWN_TOKEN + NO_FORMS) or await _has_token(request, viewer):
            return None
    except HTTPException as error:  # a form that cannot be read, such as one with a file
        return http_error(request, error)
    return refusal(request, 403, "security.csrf")


async def _is_text(request: Request) -> bool:
    """Return whether the fields of a form are text: what is no UTF-8 would be read, and kept, as other characters."""
    if _kind(request) != FORM:
        return True
    try:
        unquote_to_bytes(await request.body()).decode()
    except UnicodeDecodeError:
        return False
    return True


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _has_token(request: Request, viewer: Viewer) -> bool:
    """Return whether a request that may change something carries the viewer's token, or cannot come from a page.

    Raises:
        HTTPException: the form cannot be read.
    """
    kind = _kind(request)
    if kind == "application/json" or request.headers.get("authorization", "").lower().startswith("bearer "):
        return True  # no page of another site can send either, as no answer of ours allows it to
    token = request.headers.get("x-csrf-token")
    if token is None and kind in {FORM, "multipart/form-data"}:
        form = await request.form(max_files=0, max_fields=LONGEST_FIELDS)
        found = form.get("csrf")
        token = found if isinstance(found, str) else None
    return token is not None and hmac.compare_digest(token.encode(), viewer.csrf.encode())
