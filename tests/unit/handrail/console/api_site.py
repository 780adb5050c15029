"""The API on a real store, where every answer is held to what the document says of it."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from handrail import Orchestrator, Run, action, workflow
from handrail.console.app import console
from handrail.console.context import ConsoleSettings
from handrail.console.secret_keys import hash_of, new_token
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, UnknownPerson
from tests.stores import store_in
from tests.unit.handrail.console.served import BASE, approvals, tickets

API = "/api/v1"


class Order(BaseModel):
    """What is to be paid."""

    id: str
    total: float
    lines: list[str] = []


@action
def unlucky(order: Order) -> float:
    raise ValueError(f"order {order.id} cannot be shipped")


@workflow(version=1)
async def orders(run: Run, order: Order) -> float:
    return await run.step(unlucky, order)


@workflow(version=1)
async def deliveries(run: Run) -> str:
    return await run.event("delivered", str)


@workflow(version=1)
async def parents(run: Run, text: str) -> bool:
    return await run.child(approvals, text)


FLOWS: Sequence[Any] = (tickets, approvals, orders, deliveries, parents)


PERSON = "x-person"
"""A header of these tests: whose token a request is to carry."""


@dataclass
class Tokens:
    """Makes a token for each person that a request names, and puts it in place of the name."""

    client: Client
    known: dict[str, str] = field(default_factory=dict)

    async def of(self, name: str) -> str:
        """Return a person's token; of nobody, one that lets nobody in."""
        if name not in self.known:
            self.known[name] = token = new_token()
            with suppress(UnknownPerson, Misuse):
                await self.client.people.let_in(name, hash_of(token), "token", label="test", seconds=None)
        return self.known[name]

    async def sign(self, request: httpx2.Request) -> None:
        """Put a token into a request."""
        if PERSON in request.headers:
            request.headers["authorization"] = f"Bearer {await self.of(request.headers.pop(PERSON))}"


@dataclass
class ApiSite:
    """A console with an orchestrator behind it; each call is held to the document."""

    engine: Orchestrator
    http: httpx2.AsyncClient
    document: dict[str, Any]
    tokens: Tokens | None = None
    called: set[str] = field(default_factory=set)
    """The operations that were called, and answered what was asked for."""

    async def get(self, path: str, **settings: Any) -> httpx2.Response:
        return await self.call("GET", path, **settings)

    async def post(self, path: str, body: Any = None, **settings: Any) -> httpx2.Response:
        return await self.call("POST", path, json={} if body is None else body, **settings)

    async def call(self, method: str, path: str, **settings: Any) -> httpx2.Response:
        """Send a request, and check that its answer is one that the document tells of."""
        got = await self.http.request(method, API + path, **settings)
        self._check(method, API + path, got)
        return got

    async def asked(self, flow: Any, *texts: str) -> list[int]:
        """Start a run for each text and return the numbers of the items that they ask, oldest first."""
        before = {item.id for item in self.engine.reviews()}
        await self.engine.start_many(flow, [(None, text) for text in texts])
        await self.engine.idle()
        return sorted(item.id for item in self.engine.reviews() if item.id not in before)

    def _check(self, method: str, path: str, got: httpx2.Response) -> None:
        operation = self._operation(method, path.partition("?")[0])
        if operation is None:
            assert got.status_code in {404, 405}, got.text
            return
        responses = operation["responses"]
        assert str(got.status_code) in responses, f"{method} {path}: {got.status_code} {got.text}"
        told = responses[str(got.status_code)]
        (content_type,) = told["content"]
        assert got.headers["content-type"] == content_type
        assert got.headers["cache-control"] == "no-store"
        for name in told.get("headers", {}):
            assert name.lower() in got.headers
        schema = {**told["content"][content_type]["schema"], "components": self.document["components"]}
        assert [(list(each.path), each.message) for each in Draft202012Validator(schema).iter_errors(got.json())] == []
        if got.status_code < 300:
            self.called.add(operation["operationId"])
        else:
            assert got.json()["status"] == got.status_code

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        parts = path.split("/")
        for template, operations in self.document["paths"].items():
            names = template.split("/")
            same = len(names) == len(parts) and all(
                name == part or name.startswith("{") for name, part in zip(names, parts, strict=True)
            )
            if same and method.lower() in operations:
                found: dict[str, Any] = operations[method.lower()]
                return found
        return None

    def stored(self) -> str:
        """Return all that the store says of runs and items, to see that nothing of it was changed."""
        runs = [run.as_json() for run in self.engine.runs(limit=1_000)]
        items = [self.engine.review(item.id) for item in self.engine.reviews()]
        logs = [[change.as_json() for change in item.history] for item in items]
        return json.dumps([runs, [item.as_json() for item in items], logs])


@asynccontextmanager
async def api_site(
    folder: Path,
    settings: ConsoleSettings = ConsoleSettings(),
    *,
    with_people: bool = False,
    flows: Sequence[Any] = FLOWS,
) -> AsyncIterator[ApiSite]:
    """Open a console with a worker on a new store."""
    async with Orchestrator(store_in(folder), workflows=flows) as engine:
        transport = httpx2.ASGITransport(console(engine, settings))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE + settings.root_path) as http:
            tokens = Tokens(engine)
            http.event_hooks["request"].append(tokens.sign)
            if with_people:
                await engine.people.add("ann", roles={"*": "admin"})
                http.headers[PERSON] = "ann"
            document = (await http.get(f"{API}/openapi.json")).json()
            yield ApiSite(engine, http, document, tokens)
