"""Who sends a request: the session of a browser, the token of a program, or, where nobody is configured, anybody."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from handrail.console.answers import is_api, told
from handrail.console.context import root_of
from handrail.console.secret_keys import derived, hash_of, looks_like_session, looks_like_token, new_session_secret
from handrail.console.signin_settings import SignInSettings
from handrail.console.times import known_zone
from handrail.console.viewer import SingleUser, Viewer, zone_of
from handrail.console.words import say
from handrail_orchestrator.client import Client
from handrail_orchestrator.people import ONE_TIME
from handrail_orchestrator.records.person import Pass, Person

_log = logging.getLogger("handrail.signin")

LONGEST_NOTE_SECONDS: Final = 0.5
"""How long a request may wait until its use of a session is written down, as happens once a minute."""
SESSION_COOKIE: Final = "handrail"
SIGN_IN_PATH: Final = "/signin"
CHOOSING: Final = frozenset({"/me", "/me/password", "/signout"})
"""The paths of somebody who has to choose a password first."""
FORWARDED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""Headers that a proxy adds: then a request does not come from this machine, although its connection does."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie of ours, as strict as the place of the console allows."""

    name: str
    path: str
    is_secure: bool

    @staticmethod
    def at(request: HTTPConnection, name: str, public_url: str | None = None) -> "Cookie":
        """Return the cookie of this name where the console is reached by this request.

        Over https and at the top of its host it begins with ``__Host-``, which no other host can set. Elsewhere the
        port is in the name, as consoles on the same host share their cookies.
        """
        root = root_of(request)
        is_secure = (public_url or str(request.url)).startswith("https:")
        if is_secure and not root:
            return Cookie(f"__Host-{name}", "/", is_secure=True)
        port = None if public_url else request.url.port
        return Cookie(name if port is None else f"{name}-{port}", f"{root}/" if root else "/", is_secure)

    def read(self, request: HTTPConnection) -> str:
        """Return what a request holds under this name; empty: nothing."""
        return request.cookies.get(self.name, "")

    def put(self, response: Response, value: str, *, seconds: float) -> None:
        """Give a browser the cookie; no script can read it, and no other site's form sends it."""
        response.set_cookie(
            self.name, value, max_age=int(seconds), path=self.path, secure=self.is_secure, httponly=True, samesite="lax"
        )

    def take_back(self, response: Response) -> None:
        """Take the cookie back."""
        response.delete_cookie(self.name, path=self.path, secure=self.is_secure, httponly=True, samesite="lax")


class Sessions:
    """The sign-in of the console: looks at every request, and opens and ends the sessions of browsers."""

    def __init__(self, client: Client, settings: SignInSettings, single_user: SingleUser) -> None:
        self._client = client
        self._single_user = single_user
        self._noting: dict[str, asyncio.Future[None]] = {}
        self.settings = settings

    async def viewer(self, request: HTTPConnection) -> Viewer | None:
        """Return who sends a request; None: nobody who is known.

        Who is disabled is nobody from that moment on. A token that does not fit is never made up for by a session.
        """
        people = self._client.people
        if not people.exist():
            return None if came_through_a_proxy(request.headers) else self._single_user.of(request)
        if "authorization" in request.headers:
            one = self._pass(_bearer(request.headers["authorization"]), "token")
        elif _is_sign_in(request):
            return None  # whoever signs in does so as if they were nobody yet
        else:
            one = self.session_of(request)
        person = None if one is None else people.get(one.person)
        if one is None or person is None or person.is_disabled:
            return None
        await self._note_use(one)
        if must_choose_password(person) and _path(request) not in CHOOSING:
            return None
        csrf = csrf_of(self._cookie(request).read(request)) if one.kind == "session" else ""
        return _viewer(person, csrf, request)

    async def _note_use(self, one: Pass) -> None:
        """Note that a pass let somebody in; who is let in does not wait for it while the store is locked."""
        if one.hash in self._noting:
            return
        noting = self._noting[one.hash] = asyncio.ensure_future(self._client.people.used(one))
        noting.add_done_callback(lambda done: self._noted(one, done))
        await asyncio.wait({noting}, timeout=LONGEST_NOTE_SECONDS)

    def _noted(self, one: Pass, noting: "asyncio.Future[None]") -> None:
        self._noting.pop(one.hash, None)
        if not noting.cancelled() and (error := noting.exception()) is not None:
            _log.warning("that a pass of %s was used could not be noted: %s", one.person, error)

    def refused(self, request: HTTPConnection) -> Response:
        """Return the way to the sign-in page, or 401 to a program."""
        asked = Request(request.scope)
        if not self._client.people.exist():
            return told(asked, 403, say("signin.proxy"), say("signin.proxy.detail"))
        is_browser = "authorization" not in request.headers
        if is_browser and self._must_choose_first(request):
            return RedirectResponse(f"{root_of(request)}/me", 303)
        is_page = is_browser and request.scope["method"] in {"GET", "HEAD"}
        if is_page and not is_api(asked):
            return RedirectResponse(_to_sign_in(request), 303)
        answer = told(asked, 401, say("signin.needed"), say("signin.needed.detail"))
        answer.headers["www-authenticate"] = 'Bearer realm="handrail"'
        return answer

    def _must_choose_first(self, request: HTTPConnection) -> bool:
        one = self.session_of(request)
        person = None if one is None else self._client.people.get(one.person)
        return person is not None and not person.is_disabled and must_choose_password(person)

    def session_of(self, request: HTTPConnection) -> Pass | None:
        """Return the session that a browser's cookie holds, while it lasts."""
        secret = self._cookie(request).read(request)
        return self._pass(secret, "session") if looks_like_session(secret) else None

    def _cookie(self, request: HTTPConnection) -> Cookie:
        return Cookie.at(request, SESSION_COOKIE, self.settings.public_url)

    def _pass(self, secret: str, kind: str) -> Pass | None:
        if kind == "token" and not looks_like_token(secret):
            return None
        found = self._client.people.pass_of(hash_of(secret))
        if found is None or found.kind != kind:
            return None
        now = self._client.now()
        if found.expires is not None and found.expires <= now:
            return None
        if kind == "session" and (found.used or found.created) <= now - self.settings.idle_seconds:
            return None
        return found

    async def open(
        self, request: HTTPConnection, person: Person, response: Response, *, how: str, password: str | None = None
    ) -> None:
        """Let a browser in as this person, by a session that did not exist before.

        ``password`` is the hash that theirs was compared with; None: they signed in otherwise.

        Raises:
            ReviewError: they were disabled, or their password was changed, in the meantime.
        """
        before = self.session_of(request)
        secret = new_session_secret()
        await self._client.people.let_in(
            person.name, hash_of(secret), "session",
            label=how, seconds=self.settings.session_seconds, if_password=password,
        )  # fmt: skip
        if before is not None:
            await self._client.people.sign_out(before)
        self._cookie(request).put(response, secret, seconds=self.settings.session_seconds)

    async def close(self, request: HTTPConnection, response: Response) -> None:
        """End the session of a browser."""
        one = self.session_of(request)
        if one is not None:
            await self._client.people.sign_out(one)
        self._cookie(request).take_back(response)


def csrf_of(secret: str) -> str:
    """Return the token that the forms of a session carry; it tells nothing of the session's secret."""
    return derived(secret, "csrf")


def must_choose_password(person: Person) -> bool:
    """Return whether somebody else made a person's password, with which nothing but choosing another can be done."""
    return (person.password or "").startswith(ONE_TIME)


def came_through_a_proxy(headers: Mapping[str, str]) -> bool:
    """Return whether a proxy has passed a request on."""
    return any(name in headers for name in FORWARDED)


def _viewer(person: Person, csrf: str, request: HTTPConnection) -> Viewer:
    return Viewer(
        person.name,
        csrf,
        role=person.highest_role or "viewer",
        zone=zone_of(request) if person.zone is None else known_zone(person.zone),
        settings=person.settings,
        known=person,
    )


def _bearer(header: str) -> str:
    kind, _, secret = header.partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def _is_sign_in(request: HTTPConnection) -> bool:
    return request.scope["method"] == "POST" and _path(request) == SIGN_IN_PATH


def _path(request: HTTPConnection) -> str:
    path: str = request.scope["path"]
    return path.removeprefix(root_of(request))


def _to_sign_in(request: HTTPConnection) -> str:
    root = root_of(request)
    path, query = _path(request), request.scope.get("query_string", b"").decode("latin-1")
    there = f"{path}?{query}" if query else path
    return f"{root}{SIGN_IN_PATH}" + ("" if there == "/" else f"?{urlencode({'next': there})}")
