"""The same answer at every door: what a role may do to an item in Python it may at the page, by HTTP and in the shell.

A new door is one more entry of ``DOORS``: what it does for each action, and how it says no.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from handrail import Client, Escalation, Orchestrator, Run, workflow
from handrail.cli import app
from handrail.console.app import console
from handrail.console.secret_keys import hash_of, new_session_secret, new_token
from handrail.console.sessions import csrf_of
from handrail_orchestrator.errors import NotAllowed, OrchestratorError
from handrail_orchestrator.links import link_for
from handrail_orchestrator.people import acting
from handrail_orchestrator.records.person import ROLES
from handrail_orchestrator.review.permission import ItemAction, Place, StoreAction, may
from handrail_orchestrator.secret import signing_secret
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.address import path_of
from tests.unit.handrail.console.served import BASE

QUEUE = "money"
ACTIONS: tuple[ItemAction, ...] = (
    "take", "extend", "skip", "release", "decide", "undo", "note", "snooze", "send_up", "assign",
)  # fmt: skip
PEOPLE = (*ROLES, "stranger", "gone", "nobody")
UNDO = 60.0


@workflow(version=1)
async def asks(run: Run, text: str) -> bool:
    return await run.ask("Pay?", bool, context=text, escalate=Escalation(queue=QUEUE))


@dataclass
class Shop:
    """A store with people of every role and an open item for each of them, in tiers."""

    store: str
    secrets: dict[tuple[str, str], str] = field(default_factory=dict)

    def with_client(self, use: Callable[[Client], Awaitable[Any]]) -> Any:
        """Use a client of the store."""

        async def used() -> Any:
            async with Client(self.store) as client:
                return await use(client)

        return asyncio.run(used())

    async def send(self, client: Client, method: str, path: str, **settings: Any) -> httpx2.Response:
        """Send a request to a console of the store."""
        transport = httpx2.ASGITransport(console(client))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            return await http.request(method, path, **settings)

    def actions_of(self, item: int) -> list[str]:
        """Return everything that happened to an item."""
        with closing(open_store(self.store)) as store:
            return [change.action for change in store.review_log(item)]


def in_python(shop: Shop, action: ItemAction, item: int, by: str) -> bool:
    moves: Mapping[ItemAction, Callable[[Client], Awaitable[object]]] = {
        "take": lambda client: client.take(item, by=by),
        "extend": lambda client: client.extend(item, by=by),
        "skip": lambda client: client.skip(item, by=by),
        "release": lambda client: client.release(item, by=by),
        "decide": lambda client: client.decide(item, True, by=by),
        "undo": lambda client: client.undo(item, by=by),
        "note": lambda client: client.add_note(item, by=by, text="look"),
        "snooze": lambda client: client.snooze(item, by=by, until=client.now() + 60),
        "send_up": lambda client: client.send_up(item, by=by, code="unsure"),
        "assign": lambda client: client.assign(item, by=by, to=None),
    }
    try:
        shop.with_client(moves[action])
    except NotAllowed:
        return False
    return True


def in_the_shell(shop: Shop, action: ItemAction, item: int, by: str) -> bool:
    words: Mapping[ItemAction, tuple[str, ...]] = {
        "take": ("take",),
        "skip": ("skip",),
        "release": ("release",),
        "decide": ("decide", "true"),
        "undo": ("undo",),
        "note": ("note", "look"),
        "snooze": ("snooze", "--for", "1h"),
        "send_up": ("escalate", "--code", "unsure"),
        "assign": ("assign", "--nobody"),
    }
    if action == "extend":  # the shell needs none: what is open there is taken anew
        return in_python(shop, action, item, by)
    command, *more = words[action]
    place = [str(item), *more] if more[:1] and not more[0].startswith("--") else [str(item)]
    options = [each for each in more if each not in place]
    ended = CliRunner().invoke(app, ["review", command, *place, *options, "--as", by, "--store", shop.store])
    assert ended.exit_code in {0, 1}, ended.output
    return ended.exit_code == 0


def over_http(shop: Shop, action: ItemAction, item: int, by: str) -> bool:
    async def called(client: Client) -> httpx2.Response:
        version = client.plain_review(item).version
        bodies: Mapping[ItemAction, tuple[str, dict[str, Any]]] = {
            "take": ("take", {}),
            "extend": ("extend", {"worked": 1}),
            "skip": ("skip", {}),
            "release": ("release", {}),
            "decide": ("decide", {"value": True, "version": version}),
            "undo": ("undo", {}),
            "note": ("notes", {"text": "look"}),
            "snooze": ("snooze", {"until": client.now() + 60}),
            "send_up": ("send-up", {"code": "unsure"}),
            "assign": ("assign", {"to": None}),
        }
        path, body = bodies[action]
        headers = {"authorization": f"Bearer {shop.secrets['token', by]}"}
        return await shop.send(client, "POST", f"/api/v1/reviews/{item}/{path}", json=body, headers=headers)

    answer: httpx2.Response = shop.with_client(called)
    assert answer.status_code in {200, 201, 204, 401, 403}, answer.text
    return answer.status_code < 400


def at_the_page(shop: Shop, action: ItemAction, item: int, by: str) -> bool:
    fields: Mapping[ItemAction, dict[str, str]] = {
        "decide": {"choice": "true"},
        "note": {"note": "look"},
        "snooze": {"for": "1h"},
        "send_up": {"code": "unsure"},
        "assign": {"to": ""},
    }

    async def posted(client: Client) -> httpx2.Response:
        secret = shop.secrets["session", by]
        version = str(client.plain_review(item).version)
        form = {"csrf": csrf_of(secret), "version": version, **fields.get(action, {})}
        headers = {"cookie": f"handrail-8377={secret}"}
        return await shop.send(client, "POST", f"/items/{item}/{action}", data=form, headers=headers)

    answer: httpx2.Response = shop.with_client(posted)
    assert answer.status_code in {200, 204, 303, 401, 403}, answer.text
    return answer.status_code < 400


DOORS: Mapping[str, Callable[[Shop, ItemAction, int, str], bool]] = {
    "python": in_python, "shell": in_the_shell, "http": over_http, "page": at_the_page,
}  # fmt: skip


def by_a_link(shop: Shop, item: int, by: str) -> bool:
    """Answer by a link that is signed for somebody, whatever they may do; what it shows must say the same."""

    async def followed(client: Client) -> tuple[httpx2.Response, httpx2.Response]:
        secret = signing_secret(path_of(client.store))
        token = link_for(client.plain_review(item), audience=by, expires=client.now() + 60, secret=secret)
        shown = await shop.send(client, "GET", f"/link/{token}")
        return shown, await shop.send(client, "POST", f"/link/{token}", data={"choice": "true"})

    shown, answered = shop.with_client(followed)
    assert (shown.status_code, answered.status_code) in {(200, 303), (403, 403)}, answered.text
    return bool(answered.status_code == 303)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(f"sqlite:///{tmp_path / 'runs.db'}")

    async def open_for_business() -> None:
        async with Orchestrator(made.store, workflows=[asks]) as engine:
            people = engine.people
            await people.add("root", roles={"*": "admin"})
            for role in ROLES:
                await people.add(role, roles={QUEUE: role})
            await people.add("stranger", roles={"triage": "admin"})
            await people.add("gone", roles={"*": "admin"})
            for name in PEOPLE:
                session, token = new_session_secret(), new_token()
                made.secrets |= {("session", name): session, ("token", name): token}
                if name != "nobody":
                    await people.let_in(name, hash_of(session), "session", label="x", seconds=3600)
                    await people.let_in(name, hash_of(token), "token", label="x", seconds=3600)
            await people.disable("gone")
            await engine.start_many(asks, [(None, name) for name in PEOPLE])
            await engine.idle()

    asyncio.run(open_for_business())
    return made


async def _ready(client: Client, *, action: ItemAction, item: int, by: str, tier: int) -> None:
    """Bring an item to where an action on it makes sense, as if this person had a higher role until now."""
    if client.plain_review(item).state == "leased":  # a page goes on to what comes next
        await client.assign(item, by="root", to=None)
    if tier == 2:
        await client.send_up(item, by="root", code="unsure")
    if by not in ROLES or action not in {"extend", "release", "undo"}:
        return
    await client.people.set_roles(by, {QUEUE: "admin"})
    if action == "undo":
        await client.decide(item, True, by=by, undo_seconds=UNDO)
    else:
        await client.take(item, by=by)
    await client.people.set_roles(by, {QUEUE: by})


@pytest.mark.slow
@pytest.mark.parametrize("tier", [1, 2])
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("door", DOORS)
def test_a_role_may_do_the_same_at_every_door(shop: Shop, door: str, action: ItemAction, tier: int) -> None:
    for number, name in enumerate(PEOPLE, 1):
        shop.with_client(partial(_ready, action=action, item=number, by=name, tier=tier))
        before = shop.actions_of(number)
        with closing(open_store(shop.store)) as store:
            try:
                is_allowed = may(acting(store, name), action, Place(QUEUE, tier))
            except NotAllowed:
                is_allowed = False

        assert DOORS[door](shop, action, number, name) is is_allowed, name
        assert (shop.actions_of(number) != before) is (is_allowed and action != "extend"), name


@pytest.mark.dear
@pytest.mark.parametrize("tier", [1, 2])
def test_a_link_lets_nobody_answer_who_may_not(shop: Shop, tier: int) -> None:
    for number, name in enumerate(PEOPLE, 1):
        shop.with_client(partial(_ready, action="decide", item=number, by=name, tier=tier))
        before = shop.actions_of(number)
        with closing(open_store(shop.store)) as store:
            try:
                is_allowed = may(acting(store, name), "decide", Place(QUEUE, tier))
            except NotAllowed:
                is_allowed = False

        assert by_a_link(shop, number, name) is is_allowed, name
        assert (shop.actions_of(number) != before) is is_allowed, name


StoreMove = Callable[[Client, str], Awaitable[object]]
RUN_DOORS: Mapping[StoreAction, tuple[StoreMove, str, dict[str, Any], dict[str, str]]] = {
    "cancel": (lambda client, by: client.cancel("one", by=by), "cancel", {}, {"do": "cancel"}),
    "fork": (lambda client, by: client.fork("one", by=by), "fork", {}, {"do": "fork"}),
    "send": (
        lambda client, by: client.send("one", "paid", 1, by=by),
        "events",
        {"name": "paid", "payload": 1},
        {"do": "send", "name": "paid", "payload": "1"},
    ),
}
"""What may be done to a run, in Python, by HTTP and at its page."""


@pytest.mark.dear
@pytest.mark.parametrize("action", RUN_DOORS)
def test_a_role_may_do_the_same_to_a_run_at_every_door(shop: Shop, action: StoreAction) -> None:
    in_code, path, body, form = RUN_DOORS[action]

    async def tried(client: Client, name: str) -> list[bool]:
        token, secret = shop.secrets["token", name], shop.secrets["session", name]
        by_http = await shop.send(
            client, "POST", f"/api/v1/runs/one/{path}", json=body, headers={"authorization": f"Bearer {token}"}
        )
        page = {"csrf": csrf_of(secret), **form}
        by_page = await shop.send(client, "POST", "/runs/one", data=page, headers={"cookie": f"handrail-8377={secret}"})
        try:
            await in_code(client, name)
        except NotAllowed:
            is_allowed = False
        except OrchestratorError:  # done already at another door
            is_allowed = True
        else:
            is_allowed = True
        return [is_allowed, by_http.status_code not in {401, 403}, by_page.status_code not in {401, 403}]

    async def started() -> None:
        async with Orchestrator(shop.store, workflows=[asks]) as engine:
            for role in ROLES:
                await engine.people.set_roles(role, {"*": role})
            await engine.start(asks, "x", id="one")
            await engine.idle()

    asyncio.run(started())
    for name in PEOPLE:
        with closing(open_store(shop.store)) as store:
            try:
                is_allowed = may(acting(store, name), action)
            except NotAllowed:
                is_allowed = False
        assert shop.with_client(partial(tried, name=name)) == [is_allowed] * 3, name
