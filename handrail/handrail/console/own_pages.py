"""A person's own settings: time zone, password, sessions, tokens."""

from zoneinfo import available_timezones

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from handrail.console.answers import see
from handrail.console.context import console_of
from handrail.console.passwords import Passwords, TooBusy, checked_password
from handrail.console.render import page
from handrail.console.secret_keys import hash_of, new_token
from handrail.console.sessions import must_choose_password
from handrail.console.signin import BUSY_SECONDS, address_of
from handrail.console.signin_parts import signing_in
from handrail.console.viewer import Viewer, viewer_of
from handrail.console.words import say
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.people import ONE_TIME
from handrail_orchestrator.records.person import Pass, Person

DAY_SECONDS = 86_400.0
MOST_DAYS = 3_650


def routes() -> list[BaseRoute]:
    """Return the routes of a person's own settings."""
    return [
        Route("/me", me, name="me", methods=["GET"]),
        Route("/me/zone", set_zone, name="own_zone", methods=["POST"]),
        Route("/me/password", set_password, name="own_password", methods=["POST"]),
        Route("/me/token", add_token, name="own_token", methods=["POST"]),
        Route("/me/end", end_pass, name="own_end", methods=["POST"]),
        Route("/me/end-all", end_all, name="own_end_all", methods=["POST"]),
    ]


def me(request: Request) -> Response:
    """Show one's own settings."""
    return shown(request)


def shown(request: Request, *, problem: str = "", done: str = "", token: str = "", status: int = 200) -> Response:
    """Return the page of a person's own settings, with what became of a change."""
    viewer = viewer_of(request)
    if viewer.is_single_user:
        return page(request, "single_user.html", store=console_of(request).client.store)
    passes = console_of(request).client.people.passes(viewer.person)
    this = signing_in(request).sessions.session_of(request)
    return page(
        request,
        "me.html",
        status=status,
        person=_known(viewer),
        sessions=[each for each in passes if each.kind == "session"],
        tokens=[each for each in passes if each.kind == "token"],
        this="" if this is None else this.id,
        zones=sorted(available_timezones()),
        must_choose=must_choose_password(_known(viewer)),
        problem=problem,
        done=done,
        token=token,
    )


async def set_zone(request: Request) -> Response:
    """Choose a time zone; an empty one is the browser's."""
    viewer, zone = viewer_of(request), _text(await request.form(), "zone")
    try:
        await console_of(request).client.people.set_zone(viewer.person, zone or None, by=viewer.person)
    except Misuse as error:
        return shown(request, problem=str(error), status=422)
    return see(request, "me")


async def set_password(request: Request) -> Response:
    """Choose another password, knowing the one before; it ends all sessions but this one."""
    viewer, given = viewer_of(request), await request.form()
    parts, client = signing_in(request), console_of(request).client
    old, new, again = (str(given.get(each, "")) for each in ("old", "new", "again"))
    if parts.attempts.begin(viewer.person, address_of(request), client.now()):
        return shown(request, problem=say("me.too_many"), status=429)
    try:
        problem = await _problem_with(_known(viewer), parts.passwords, old, new, again)
        hashed = None if problem else await parts.passwords.hashed(new)
    except TooBusy:
        answer = shown(request, problem=say("signin.busy"), status=503)
        answer.headers["retry-after"] = str(BUSY_SECONDS)
        return answer
    if hashed is None:
        return shown(request, problem=problem, status=422)
    parts.attempts.succeeded(viewer.person, address_of(request), client.now())
    this = parts.sessions.session_of(request)
    await client.people.set_password(viewer.person, hashed, by=viewer.person, but=None if this is None else this.hash)
    return see(request, "me")


async def _problem_with(person: Person, passwords: Passwords, old: str, new: str, again: str) -> str:
    """Return why a password cannot be changed to another one; empty: it can."""
    if person.password is not None:
        if not (await passwords.checked(person.password.removeprefix(ONE_TIME), old)).is_right:
            return say("me.wrong_password")
        if new == old:
            return say("me.the_same")
    if new != again:
        return say("me.not_the_same")
    try:
        checked_password(new, name=person.name)
    except Misuse as error:
        return str(error)
    return ""


async def add_token(request: Request) -> Response:
    """Make a token for a program, and show it this once."""
    viewer, given = viewer_of(request), await request.form()
    label, days = _text(given, "label"), _text(given, "days")
    if not label:
        return shown(request, problem=say("me.token_label"), status=422)
    if days and not (days.isdecimal() and 0 < int(days[:6]) <= MOST_DAYS):
        return shown(request, problem=say("me.token_days", most=MOST_DAYS), status=422)
    token = new_token()
    await console_of(request).client.people.let_in(
        viewer.person, hash_of(token), "token",
        label=label, seconds=int(days) * DAY_SECONDS if days else None, by=viewer.person,
    )  # fmt: skip
    return shown(request, token=token, done=say("me.token_made"))


async def end_pass(request: Request) -> Response:
    """End one session or revoke one token of one's own."""
    viewer, wanted = viewer_of(request), _text(await request.form(), "pass")
    people = console_of(request).client.people
    found: list[Pass] = [each for each in people.passes(viewer.person) if each.id == wanted]
    if found:
        await people.end(viewer.person, passes=found, by=viewer.person)
    return see(request, "me")


async def end_all(request: Request) -> Response:
    """Sign out everywhere, here too."""
    viewer = viewer_of(request)
    await console_of(request).client.people.end(viewer.person, kind="session", by=viewer.person)
    answer = see(request, "signin")
    await signing_in(request).sessions.close(request, answer)
    return answer


def _known(viewer: Viewer) -> Person:
    assert viewer.known is not None  # noqa: S101 -- only in single-user mode there is nobody
    return viewer.known


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()
