"""The sign-in page: name and password, or an identity provider; and signing out."""

import logging
import math
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.answers import see
from handrail.console.context import console_of, root_of
from handrail.console.identity import AnotherSignIn, Identity, IdentityRefused
from handrail.console.passwords import TooBusy
from handrail.console.render import link, page
from handrail.console.secret_keys import looks_like_session, new_session_secret
from handrail.console.sessions import Cookie
from handrail.console.signin_parts import signing_in
from handrail.console.words import say
from handrail_ground.text import harmless
from handrail_orchestrator.errors import Misuse, ReviewError
from handrail_orchestrator.people import ONE_TIME, People
from handrail_orchestrator.records.person import Person, Role, checked_name

if TYPE_CHECKING:
    from handrail.console.oidc import Provider

PROVIDER_COOKIE = "handrail-provider"
PROVIDER_SECONDS = 600.0
"""How long somebody may take at the identity provider."""
BUSY_SECONDS = 5
LONGEST_FIELD = 2_000

_log = logging.getLogger("handrail.signin")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
_LOCAL = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]{0,1000}")


def routes() -> list[BaseRoute]:
    """Return the routes of signing in and out."""
    return [
        Route("/signin", form, name="signin", methods=["GET"]),
        Route("/signin", sign_in, name="sign_in", methods=["POST"]),
        Route("/signin/provider", to_provider, name="to_provider", methods=["GET"]),
        Route("/signin/back", from_provider, name="from_provider", methods=["GET"]),
        Route("/signout", sign_out, name="signout", methods=["POST"]),
    ]


async def form(request: Request) -> Response:
    """Show the form."""
    if not console_of(request).client.people.exist() or request.scope.get("viewer") is not None:
        return RedirectResponse(_onward(request, request.query_params.get("next", "")), 303)
    return _form(request, following=request.query_params.get("next", ""))


def _form(
    request: Request, *, following: str = "", name: str = "", problem: str = "", status: int = 200, wait: float = 0.0
) -> Response:
    provider = signing_in(request).provider
    answer = page(
        request, "signin.html", status=status, following=local_path(following), name=name, problem=problem,
        provider=None if provider is None else provider.settings.shown,
    )  # fmt: skip
    if wait:
        answer.headers["retry-after"] = str(math.ceil(wait))
    return answer


async def sign_in(request: Request) -> Response:
    """Let somebody in who gives the right password; who does not is told the same whoever they said they were."""
    given = await request.form()
    name, password, following = (str(given.get(each, ""))[:LONGEST_FIELD] for each in ("name", "password", "next"))
    people, parts, now = console_of(request).client.people, signing_in(request), console_of(request).client.now()
    name, address = name.strip(), address_of(request)
    if wait := parts.attempts.begin(name, address, now):
        _log.warning("sign-in from %s refused: too many tries", address)
        said = say("signin.too_many", minutes=math.ceil(wait / 60))
        return _form(request, following=following, name=name, problem=said, status=429, wait=wait)
    person = people.get(name) if name.isprintable() else None
    stored = None if person is None or person.is_disabled else person.password
    try:
        checked = await parts.passwords.checked(None if stored is None else stored.removeprefix(ONE_TIME), password)
    except TooBusy:
        busy = say("signin.busy")
        return _form(request, following=following, name=name, problem=busy, status=503, wait=BUSY_SECONDS)
    if person is None or stored is None or not checked.is_right:
        # a name that nobody has may be a password in the wrong box: it is not written down
        _log.warning("sign-in from %s refused%s", address, "" if person is None else f" for {person.name!r}")
        return _form(request, following=following, name=name, problem=say("signin.wrong"), status=401)
    parts.attempts.succeeded(name, address, now)
    if checked.better is not None and (better := await people.rehash(person.name, stored, checked.better)):
        stored = better
    answer = RedirectResponse(_onward(request, following), 303)
    try:
        await parts.sessions.open(request, person, answer, how=_browser(request), password=stored)
    except ReviewError:  # disabled, or another password, a moment ago
        return _form(request, following=following, name=name, problem=say("signin.wrong"), status=401)
    return answer


async def sign_out(request: Request) -> Response:
    """End this browser's session."""
    answer = see(request, "signin")
    await signing_in(request).sessions.close(request, answer)
    return answer


# -- the identity provider


async def to_provider(request: Request) -> Response:
    """Send a browser to the identity provider, with a secret that only it keeps."""
    parts = signing_in(request)
    if parts.provider is None or not console_of(request).client.people.exist():
        return see(request, "signin")
    secret = new_session_secret()
    try:
        address = await parts.provider.address(secret, _way_back(request))
    except IdentityRefused as refused:
        return _not_let_in(request, str(refused), status=502)
    answer = RedirectResponse(address, 303)
    following = local_path(request.query_params.get("next", ""))
    _provider_cookie(request).put(answer, f"{secret}{following}", seconds=PROVIDER_SECONDS)
    return answer


async def from_provider(request: Request) -> Response:
    """Let somebody in whom the identity provider vouches for."""
    parts, people = signing_in(request), console_of(request).client.people
    kept = _provider_cookie(request).read(request)
    secret, following = kept[:43], local_path(kept[43:])
    if parts.provider is None or not looks_like_session(secret):
        return _not_let_in(request, say("signin.provider.cookie"), status=400)
    try:
        said = dict(request.query_params)
        identity = await parts.provider.identity(secret, _way_back(request), said)
        person = await _person_of(people, parts.provider, identity)
        answer: Response = RedirectResponse(f"{root_of(request)}{following}", 303)
        await parts.sessions.open(request, person, answer, how=parts.provider.settings.shown)
    except AnotherSignIn as refused:  # the one that was begun last may still be answered, in another tab
        return _not_let_in(request, str(refused), status=403)
    except (IdentityRefused, ReviewError) as refused:
        answer = _not_let_in(request, str(refused), status=403)
    _provider_cookie(request).take_back(answer)
    return answer


async def _person_of(people: People, provider: "Provider", identity: Identity) -> Person:
    """Return who an identity is: whom it is linked to, or who was expected with its e-mail address, or a new one.

    Raises:
        IdentityRefused: nobody whom the store lets in.
    """
    known, email = people.of_subject(identity.subject), identity.email
    expected = None if email is None or known is not None else people.of_email(email)
    if known is not None and not known.is_disabled:
        return known
    is_awaited = expected is not None and expected.subject is None and not expected.is_disabled
    if expected is not None and email is not None and is_awaited:
        return await people.link(expected.name, identity.subject, email=email)
    if known is not None or expected is not None or provider.settings.role is None:
        raise IdentityRefused(say("signin.provider.unknown", name=email or identity.name or "—"))
    return await _admitted(people, identity, provider.settings.role)


async def _admitted(people: People, identity: Identity, role: Role) -> Person:
    """Add somebody new, under a name that nobody has: anybody may call themselves like somebody else."""
    taken = {each.name.casefold() for each in people.all()}
    subject = identity.subject.rpartition("|")[2]
    other = None if identity.name is None else f"{identity.name} ({subject})"
    for name in (identity.email, identity.name, other, subject):
        try:
            checked = checked_name(name or "")
        except Misuse:
            continue
        if checked.casefold() not in taken:
            return await people.admit(checked, identity.subject, role)
    raise IdentityRefused(say("signin.provider.unknown", name=identity.name or subject))


def _not_let_in(request: Request, problem: str, *, status: int) -> Response:
    problem = harmless(problem)  # a provider's own words are among them
    _log.warning("sign-in with the identity provider from %s refused: %s", address_of(request), problem)
    return _form(request, problem=say("signin.provider.refused", problem=problem), status=status)


def _way_back(request: Request) -> str:
    public = signing_in(request).sessions.settings.public_url
    base = public.rstrip("/") if public else f"{request.url.scheme}://{request.url.netloc}"
    return f"{base}{link(request, 'from_provider')}"


def _provider_cookie(request: Request) -> Cookie:
    return Cookie.at(request, PROVIDER_COOKIE, signing_in(request).sessions.settings.public_url)


# --


def local_path(text: str) -> str:
    """Return a path of the console to go on to; the top when it is none, or leads to another site."""
    parts = urlsplit(text) if _LOCAL.fullmatch(text) else None
    return text if parts is not None and not parts.scheme and not parts.netloc else "/"


def _onward(request: Request, following: str) -> str:
    return f"{root_of(request)}{local_path(following)}"


def address_of(request: Request) -> str:
    """Return the network address that a request comes from."""
    return "" if request.client is None else request.client.host


def _browser(request: Request) -> str:
    """Return what a session is listed as, as its browser calls itself."""
    agent = request.headers.get("user-agent", "")
    for name in ("Edg/", "OPR/", "Firefox/", "Chrome/", "Safari/"):
        if name in agent:
            known = {"Edg/": "Edge", "OPR/": "Opera"}.get(name, name.rstrip("/"))
            system = next((each for each in _SYSTEMS if each in agent), "")
            return f"{known}, {system}" if system else known
    return "browser"
