"""A console whose store knows people, and browsers and programs that come to it."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from argon2 import PasswordHasher
from starlette.types import Receive, Scope, Send

from handrail.console.app import console
from handrail.console.context import ConsoleSettings
from handrail.console.passwords import Passwords
from handrail.console.secret_keys import hash_of, new_token
from handrail.console.signin_parts import SignInParts
from handrail.console.viewer import SingleUser
from handrail_orchestrator.client import Client
from handrail_orchestrator.people import People
from handrail_orchestrator.records.person import Role
from handrail_orchestrator.testing import FakeClock
from tests.stores import store_in

BASE = "http://127.0.0.1:8377"
PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes that take no time: what they cost is not what is tested."""


@dataclass
class Browser:
    """Somebody's browser, with its cookies."""

    http: httpx2.AsyncClient
    csrf: str = ""

    async def get(self, path: str, **settings: Any) -> httpx2.Response:
        """Get a page and remember the token of its forms."""
        found = await self.http.get(path, **settings)
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', found.text)
        self.csrf = self.csrf if token is None else token[1]
        return found

    async def post(self, path: str, data: Mapping[str, str] | None = None, **settings: Any) -> httpx2.Response:
        """Send a form as the last page has it."""
        return await self.http.post(path, data={"csrf": self.csrf, **(data or {})}, **settings)

    async def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> httpx2.Response:
        """Sign in at the page."""
        await self.get("/signin")
        answer = await self.http.post("/signin", data={"name": name, "password": password, **more})
        if answer.status_code == 303:
            await self.get("/me")
        return answer


@dataclass
class House:
    """A console, its store and its clock."""

    client: Client
    clock: FakeClock
    app: Any
    address: str = "10.0.0.1"
    open: list[httpx2.AsyncClient] = field(default_factory=list)

    @property
    def people(self) -> People:
        """Return the people of the store."""
        return self.client.people

    async def add(self, name: str, role: Role = "reviewer", queue: str = "*", password: str | None = PASSWORD) -> None:
        """Add somebody who can sign in."""
        await self.people.add(name, roles={queue: role})
        if password is not None:
            await self.people.set_password(name, QUICK.hash(password))

    def browser(self, base: str = BASE, headers: Mapping[str, str] | None = None) -> Browser:
        """Return a new browser."""

        async def called(scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, "client": (self.address, 5000)}, receive, send)

        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(called), base_url=base, headers=dict(headers or {}))
        self.open.append(http)
        return Browser(http)

    async def token(self, name: str, *, seconds: float | None = None) -> str:
        """Return a new token of somebody."""
        secret = new_token()
        await self.people.let_in(name, hash_of(secret), "token", label="ci", seconds=seconds)
        return secret


@asynccontextmanager
async def house(folder: Path, settings: ConsoleSettings = ConsoleSettings()) -> AsyncIterator[House]:
    """Open a console on a new store that knows nobody yet."""
    clock = FakeClock()
    async with Client(store_in(folder), create=True, clock=clock) as client:
        parts = SignInParts.of(client, settings.sign_in, SingleUser(settings.single_user))
        app = console(client, settings, sign_in=parts._replace(passwords=Passwords(QUICK)))
        found = House(client, clock, app)
        try:
            yield found
        finally:
            for http in found.open:
                await http.aclose()
