"""A store in which every kind of item is in every state, with people, runs that failed, links, and all to operate."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import httpx2

from handrail import Client, Orchestrator
from handrail.console.passwords import Passwords
from handrail_orchestrator.links import link_for
from handrail_orchestrator.secret import signing_secret
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.address import path_of
from handrail_orchestrator.store.promises import MovePromise, NewRule, NumberCases, PromiseNote
from handrail_orchestrator.store.rows import ReviewState
from tests.acceptance.console.desk import Desk, do, serving
from tests.acceptance.console.document_flows import invoice_pdf, papers
from tests.acceptance.console.stock_flows import (
    KINDS,
    SOURCE,
    WORKFLOWS,
    audited_invoices,
    audited_tickets,
    failures,
    payments,
    promises,
    questions,
    tickets,
    waits,
)
from tests.unit.handrail.console.operated import given_notices, given_rollouts, given_triggers

PASSWORD = "correct horse battery"
UNDO = 300.0
"""Seconds for which an answer can be taken back: as many as there may be."""
DESPITE = ("grounded",)
ANSWERS: dict[str, object] = {
    "triage": "refund",
    "extraction": {"vendor": "Nordic", "number": "1", "dated": "2024-03-04", "total": "166.00", "lines": []},
}
HOWS = (
    "open", "free", "taken", "mine", "given", "pending", "undoable", "decided", "corrected", "expired", "cancelled",
    "snoozed", "sent up", "noted", "late", "second", "answered",
)  # fmt: skip
"""How an item stands to ann, and what happened to it."""


@dataclass
class Stock:
    """What is in the store."""

    store: str
    items: dict[str, int] = field(default_factory=dict)
    """By kind and how, such as ``triage/taken``."""
    links: dict[str, str] = field(default_factory=dict)
    """Tokens of signed links, by what they lead to."""
    runs: list[str] = field(default_factory=list)


async def stocked(store: str, more: int = 0) -> Stock:
    """Fill a new store; with so many more tickets that nothing happened to."""
    found = Stock(store)
    async with Orchestrator(store, workflows=[*WORKFLOWS, papers]) as engine:
        for kind, (flow, text) in KINDS.items():
            for how in HOWS:
                way = {"expired": "dying", "late": "late", "second": "pair", "answered": "pair"}.get(how, "desk")
                name = f"{kind}/{how.replace(' ', '-')}"
                await engine.start(flow, [way, text(name)], id=name)
        await engine.start(audited_tickets, "Charged twice", id="audit/triage")
        await engine.start(audited_invoices, SOURCE, id="audit/extraction")
        await engine.start(promises, "Charged twice", id="promise")
        await engine.start(payments, "ACME", id="approve")
        await engine.start(questions, "When do we ship?", id="ask")
        for name, data in (("document", invoice_pdf()), ("unreadable", b"%PDF-1.7 and no more")):
            await engine.start(papers, await engine.keep_file(data, name=f"{name}.pdf"), id=name)
        await engine.start(failures, "ticket 7", id="failed")
        await engine.start(waits, "!", id="waits")
        await engine.start_many(tickets, [(f"more/{each}", ["desk", f"Ticket {each}"]) for each in range(more)])
        await engine.idle()
        await engine.fork("triage/free", id="forked")
        await engine.idle()
        for item in engine.reviews(ReviewQuery(states=get_args(ReviewState), limit=1_000)):
            found.items.setdefault(item.run_id.replace("-", " "), item.id)
        found.runs = [run.id for run in engine.latest_runs(limit=1_000)]
        for name, number in found.items.items():
            kind, _, how = name.partition("/")
            if move := MOVES.get(how):
                await move(engine, number, ANSWERS.get(kind))
        await engine.idle()
        await _keep(engine)
        await _link(engine, found)
    return found


Move = Callable[[Orchestrator, int, Any], Awaitable[object]]
MOVES: Mapping[str, Move] = {
    "taken": lambda engine, item, _: engine.take(item, by="ben"),
    "mine": lambda engine, item, _: engine.take(item, by="ann"),
    "given": lambda engine, item, _: engine.assign(item, by="ann", to="ben"),
    "pending": lambda engine, item, answer: engine.decide(item, answer, by="ben", undo_seconds=UNDO, despite=DESPITE),
    "undoable": lambda engine, item, answer: engine.decide(item, answer, by="ann", undo_seconds=UNDO, despite=DESPITE),
    "decided": lambda engine, item, answer: engine.decide(item, answer, by="ben", note="as agreed", despite=DESPITE),
    "corrected": lambda engine, item, answer: engine.decide(item, answer, by="ann", despite=DESPITE),
    "second": lambda engine, item, answer: engine.decide(item, answer, by="ben", despite=DESPITE),
    "answered": lambda engine, item, answer: engine.decide(item, answer, by="ann", despite=DESPITE),
    "snoozed": lambda engine, item, _: engine.snooze(item, by="ann", until=engine.now() + 9_000),
    "sent up": lambda engine, item, _: engine.send_up(item, by="ben", code="policy", note="over my limit"),
    "noted": lambda engine, item, _: engine.add_note(item, by="ben", text="Is this the March incident?"),
    "cancelled": lambda engine, item, _: engine.cancel(engine.plain_review(item).run_id),
}
"""What is done to an item so that it stands as its name says."""


async def _keep(engine: Orchestrator) -> None:
    """Set a rule of the promise, as its keeper does, which then has nothing to do: looking is to change nothing."""
    (row,) = engine.promise_store.promises()
    await engine.change_promises(NumberCases(row.stream))
    rule = NewRule(0.8, 0.5, 0.5, None, cases=1, labels=1, wrong=0, why="labels allow it")
    notes = [PromiseNote("rule", rule.why)]
    await engine.change_promises(MovePromise(row.id, row.version, engine.now(), "keeper:k", 1, None, rule, notes=notes))


async def _link(engine: Orchestrator, stock: Stock) -> None:
    secret = signing_secret(path_of(engine.store))
    for name in ("triage/open", "extraction/open", "triage/decided", "approve", "ask"):
        item = engine.plain_review(stock.items[name])
        for audience, hours in (("ann", 48.0), ("ben", -1.0)):
            made = link_for(item, audience=audience, expires=time.time() + hours * 3_600, secret=secret)
            stock.links[f"{name} for {audience}"] = made


async def with_people(client: Client) -> None:
    """Let a store know people of every role, whose password is ``PASSWORD``."""
    hashed = await Passwords().hashed(PASSWORD)
    await client.people.add("ann", roles={"*": "admin"}, groups=["finance"])
    await client.people.add("ben", roles={"*": "reviewer"})
    await client.people.add("sue", roles={"*": "senior"})
    await client.people.add("vic", roles={"*": "viewer"})
    await client.people.add("tom", roles={"money": "reviewer"})
    await client.people.add("old", roles={"*": "admin"})
    await client.people.disable("old")
    for name in ("ann", "ben", "sue", "vic", "tom"):
        await client.people.set_password(name, hashed)


@contextmanager
def stocked_desk(
    folder: Path, *, people: bool, options: Sequence[str] = (), more: int = 0
) -> Iterator[tuple[Desk, Stock]]:
    """Serve a store in which everything is in every state."""
    store = f"sqlite:///{folder / 'runs.db'}"
    stock = do(stocked(store, more))
    do(given_triggers(folder))
    do(given_rollouts(folder))
    given_notices(folder)
    if people:
        Desk(store).move(with_people)
    with serving(store, folder, options) as desk:
        yield desk, stock


@contextmanager
def signed_in(base: str, name: str) -> Iterator[httpx2.Client]:
    """Open a browser without a script in which somebody is signed in."""
    with httpx2.Client(base_url=base, timeout=60) as http:
        answer = http.post("/signin", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield http
