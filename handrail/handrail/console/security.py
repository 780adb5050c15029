"""What every request has to pass, and what every answer carries: one door in front of all pages and the API.

A request is looked at in this order: its host (in single-user mode only the names of this machine's loopback, so that
no other site can reach it by a name of its own), its size, who sent it, and, if it may change anything, whether a page
of ours sent it.
"""

import hmac
from collections.abc import Iterable
from http.cookies import CookieError
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handrail.console.answers import refusal
from handrail.console.viewer import SignIn, Viewer

LARGEST_BODY = 1_000_000
"""Bytes of a request's body."""
LONGEST_FIELDS = 5_000
"""Fields of one form."""

OWN_TOKEN = ("/link/",)
"""Paths that carry a secret of their own, which stands for the token of a form."""
NO_FORMS = ("/api/", "/healthz", "/readyz")
"""Paths that take JSON alone, or change nothing: they refuse by themselves whatever a form can send."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

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

    def __init__(self, app: ASGIApp, *, sign_in: SignIn, public: Iterable[str], root_path: str = "") -> None:
        self._app = app
        self._sign_in = sign_in
        self._public = tuple(public)
        self._root = root_path.rstrip("/")

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

        try:
            body = await _body(Headers(scope=scope), scope["method"], receive)
        except _TooLarge:
            await refusal(Request(scope), 413, "security.too_large")(scope, receive, dressed)
            return
        request = Request(scope, _replay(body, receive))
        refused = await self._refused(request)
        if refused is None:
            await self._app(request.scope, _replay(body, receive), dressed)
        else:
            await refused(scope, receive, dressed)

    async def _refused(self, request: Request) -> Response | None:
        """Return the answer to a request that is not let through."""
        scope = request.scope
        path = scope["path"].removeprefix(self._root) or "/"
        is_public = self._is_public(path)
        try:
            viewer = await self._sign_in.viewer(request)
        except CookieError:
            viewer = None
        if (viewer is not None and viewer.is_single_user) and not is_loopback(request.headers.get("host", "")):
            return refusal(request, 421, "security.host")
        if viewer is None and not is_public:
            return self._sign_in.refused(request)
        if viewer is not None:
            scope["viewer"] = viewer
        if request.method in SAFE:
            return None
        if not is_same_origin(request.headers):
            return refusal(request, 403, "security.origin")
        if viewer is not None and not path.startswith(OWN_TOKEN + NO_FORMS) and not await _has_token(request, viewer):
            return refusal(request, 403, "security.csrf")
        return None

    def _is_public(self, path: str) -> bool:
        return any(path == each.rstrip("/") or (each.endswith("/") and path.startswith(each)) for each in self._public)


class _TooLarge(Exception):
    """A body over the limit."""


async def _body(headers: Headers, method: str, receive: Receive) -> bytes:
    """Read the whole body, up to the limit."""
    if method in SAFE:
        return b""
    stated = headers.get("content-length", "0")
    if not stated.isdecimal() or int(stated) > LARGEST_BODY:
        raise _TooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST_BODY:
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


def host_name(host: str) -> str:
    """Return the name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Return whether a Host header, or an address to listen on, names this machine's loopback."""
    return host_name(f"[{host}]" if host == "::1" else host) in LOOPBACK


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


async def _has_token(request: Request, viewer: Viewer) -> bool:
    """Return whether a request that may change something carries the viewer's token, or cannot come from a page."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or request.headers.get("authorization", "").lower().startswith("bearer "):
        return True  # no page of another site can send either, as no answer of ours allows it to
    token = request.headers.get("x-csrf-token")
    if token is None and kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        try:
            form = await request.form(max_files=0, max_fields=LONGEST_FIELDS)
        except (MultiPartException, ValueError):
            return False
        found = form.get("csrf")
        token = found if isinstance(found, str) else None
    return token is not None and hmac.compare_digest(token.encode(), viewer.csrf.encode())
