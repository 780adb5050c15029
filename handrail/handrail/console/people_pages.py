"""The page of admins: who works with this store, with which role, and who may not any more."""

import secrets
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.answers import see
from handrail.console.context import console_of
from handrail.console.passwords import TooBusy
from handrail.console.render import link, page
from handrail.console.signin_parts import signing_in
from handrail.console.viewer import viewer_of
from handrail.console.words import say
from handrail_orchestrator.errors import Misuse, NotAllowed, ReviewError, UnknownPerson
from handrail_orchestrator.people import People
from handrail_orchestrator.records.person import EVERY_QUEUE, ROLES, checked_role
from handrail_orchestrator.review import permission

NO_ROLE = "none"

Change = Callable[[People, str, dict[str, str], str], Awaitable[object]]
"""What a form of the page changes: of whom, with what, by whom."""


def routes() -> list[BaseRoute]:
    """Return the routes of the people's page."""
    return [
        Route("/people", people, name="people", methods=["GET"]),
        Route("/people/one", one, name="person", methods=["GET"]),
        Route("/people/add", add, name="person_add", methods=["POST"]),
        Route("/people/change/{what}", change, name="person_change", methods=["POST"]),
        Route("/people/password", new_password, name="person_password", methods=["POST"]),
    ]


def people(request: Request) -> Response:
    """Show everybody."""
    return _listed(request)


def _listed(request: Request, *, problem: str = "", given: dict[str, str] | None = None, status: int = 200) -> Response:
    viewer = viewer_of(request)
    if viewer.is_single_user:
        return see(request, "me")
    permission.check(viewer.known, "people")
    everybody = console_of(request).client.people.all()
    return page(
        request, "people.html", status=status, people=everybody, roles=ROLES, problem=problem, given=given or {}
    )


def one(request: Request) -> Response:
    """Show one person."""
    return _shown(request, request.query_params.get("name", ""))


def _shown(request: Request, name: str, *, problem: str = "", password: str = "", status: int = 200) -> Response:
    viewer = viewer_of(request)
    if viewer.is_single_user:
        return see(request, "me")
    permission.check(viewer.known, "people")
    found = console_of(request).client.people.get(name)
    if found is None:
        raise HTTPException(404)
    passes = console_of(request).client.people.passes(name)
    return page(
        request, "person.html", status=status, person=found, passes=passes, roles=ROLES, every=EVERY_QUEUE,
        none=NO_ROLE, problem=problem, password=password,
    )  # fmt: skip


async def add(request: Request) -> Response:
    """Add somebody."""
    given = {name: str(value).strip() for name, value in (await request.form()).items()}
    store_people, by, name = console_of(request).client.people, viewer_of(request).person, given.get("name", "")
    try:
        role = checked_role(given.get("role", ""))
        roles = {given.get("queue") or EVERY_QUEUE: role}
        await store_people.add(name, roles=roles, email=given.get("email") or None, by=by)
    except NotAllowed:
        raise
    except (Misuse, ReviewError) as error:
        return _listed(request, problem=str(error), given=given, status=422)
    return RedirectResponse(link(request, "person", query={"name": name}), 303)


async def change(request: Request) -> Response:
    """Change one thing of somebody."""
    given = {name: str(value).strip() for name, value in (await request.form()).items()}
    make, name = CHANGES.get(request.path_params["what"]), given.get("name", "")
    if make is None:
        raise HTTPException(404)
    try:
        await make(console_of(request).client.people, name, given, viewer_of(request).person)
    except NotAllowed:
        raise
    except UnknownPerson:
        raise HTTPException(404) from None
    except (Misuse, ReviewError) as error:
        return _shown(request, name, problem=str(error), status=422)
    return RedirectResponse(link(request, "person", query={"name": name}), 303)


async def new_password(request: Request) -> Response:
    """Make a password for somebody and show it this once: it is good for choosing another one only."""
    name = str((await request.form()).get("name", ""))
    viewer, store_people = viewer_of(request), console_of(request).client.people
    permission.check(viewer.known, "people")
    if store_people.get(name) is None:
        raise HTTPException(404)
    if name == viewer.person:
        return see(request, "me")
    password = "-".join(secrets.token_hex(3) for _ in range(4))
    try:
        hashed = await signing_in(request).passwords.hashed(password)
    except TooBusy:
        return _shown(request, name, problem=say("signin.busy"), status=503)
    await store_people.set_password(name, hashed, by=viewer.person)
    return _shown(request, name, password=password)


async def _role(store: People, name: str, given: dict[str, str], by: str) -> object:
    role = None if given.get("role") == NO_ROLE else checked_role(given.get("role", ""))
    return await store.set_roles(name, {given.get("queue") or EVERY_QUEUE: role}, by=by)


async def _groups(store: People, name: str, given: dict[str, str], by: str) -> object:
    groups = [each.strip() for each in given.get("groups", "").split(",") if each.strip()]
    return await store.set_groups(name, groups, by=by)


async def _email(store: People, name: str, given: dict[str, str], by: str) -> object:
    return await store.set_email(name, given.get("email") or None, by=by)


async def _disable(store: People, name: str, given: dict[str, str], by: str) -> object:  # noqa: ARG001 -- one shape for all
    return await store.disable(name, by=by)


async def _enable(store: People, name: str, given: dict[str, str], by: str) -> object:  # noqa: ARG001 -- as above
    return await store.enable(name, by=by)


async def _end(store: People, name: str, given: dict[str, str], by: str) -> object:
    wanted = given.get("pass")
    passes = None if not wanted else [each for each in store.passes(name) if each.id == wanted]
    return await store.end(name, passes=passes, by=by)


CHANGES: dict[str, Change] = {
    "role": _role, "groups": _groups, "email": _email, "disable": _disable, "enable": _enable, "end": _end,
}  # fmt: skip
