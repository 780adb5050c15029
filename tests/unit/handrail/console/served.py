"""A console on a real store, reached as a browser reaches it but without a socket."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Literal

import httpx2
from pydantic import BaseModel

from handrail import Orchestrator, Run, Says, ScriptedModel, classify, confidence, extract, workflow
from handrail.console.app import console
from handrail.console.context import ConsoleSettings
from handrail_orchestrator.store import ReviewQuery
from tests.stores import store_in

BASE = "http://127.0.0.1:8377"
LABELS = ("billing", "refund", "fraud", "access", "bug")
Label = Literal["billing", "refund", "fraud", "access", "bug"]


class Invoice(BaseModel):
    """What is read from an invoice."""

    vendor: str
    number: str
    total: float


def unsure(_: Any) -> Says:
    return Says("billing", 0.64, alternatives={"refund": 0.31, "fraud": 0.04})


topic = classify("topic", Label, "What is it about?", models=ScriptedModel(unsure), accept=confidence(at_least=0.75))
READ = Invoice(vendor="Nordic Office", number="2024-00817", total=207.5)
read_invoice = extract(
    "read_invoice",
    Invoice,
    "Read this invoice.",
    models=ScriptedModel(lambda _: Says(READ, 0.9, fields={"vendor": 0.98, "total": 0.31})),
    accept=confidence(at_least=0.95),
)


@workflow(version=1)
async def tickets(run: Run, text: str) -> str:
    label: str = await run.decide(topic, text)
    return label


@workflow(version=1)
async def invoices(run: Run, text: str) -> float:
    return (await run.decide(read_invoice, text)).total


@workflow(version=1)
async def approvals(run: Run, text: str) -> bool:
    return await run.ask("Pay this?", bool, context=text)


@dataclass
class Site:
    """A console with an orchestrator behind it."""

    engine: Orchestrator
    http: httpx2.AsyncClient

    async def ask(self, flow: Any, *texts: str) -> list[int]:
        """Start a run for each text and return the numbers of the items that they ask, oldest first."""
        everything = ReviewQuery(limit=10_000)
        before = {item.id for item in self.engine.reviews(everything)}
        await self.engine.start_many(flow, [(None, text) for text in texts])
        await self.engine.idle()
        return sorted(item.id for item in self.engine.reviews(everything) if item.id not in before)

    async def page(self, path: str, *, status: int = 200) -> str:
        """Get a page."""
        got = await self.http.get(path)
        assert got.status_code == status, got.text
        return str(got.text)

    async def post(self, path: str, data: dict[str, Any] | None = None, **settings: Any) -> httpx2.Response:
        """Send a form as a page of the console does: with its token."""
        token = self.token_in(await self.page("/queue"))
        return await self.http.post(path, data={"csrf": token, **(data or {})}, **settings)

    def looked_at(self, item: int) -> dict[str, str]:
        """Return what the form of an item's page says of what is on it."""
        row = self.engine.review(item)
        return {"version": str(row.version), "shown": row.digest}

    @staticmethod
    def token_in(page: str) -> str:
        """Return the token that the forms of a page carry."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert found is not None
        return found[1]


@asynccontextmanager
async def opened(
    folder: Path, settings: ConsoleSettings = ConsoleSettings(), flows: Sequence[Any] = (tickets, invoices, approvals)
) -> AsyncIterator[Site]:
    """Open a console with a worker on a new store."""
    async with Orchestrator(store_in(folder), workflows=flows) as engine:
        transport = httpx2.ASGITransport(console(engine, settings))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            yield Site(engine, http)


def text_of(page: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
