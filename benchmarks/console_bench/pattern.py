"""Two runs that wait for a person, made by the real engine: every other run of the queue is a copy of one of them."""

import asyncio
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from handrail import Escalation, Orchestrator, Run, Says, ScriptedModel, classify, confidence, extract, rule, workflow
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.store.rows import ReviewRow, StepRow
from handrail_orchestrator.store.sqlite.store import SqliteStore

TICKET = """Hi, my card shows two charges of 49.00 EUR on 3 March but we only have one workspace. Please refund one of
them and confirm that it will not happen again in April."""
INVOICE = """NORDIC OFFICE SUPPLY AB
Invoice no: 2024-00817        Date: 03/04/2024
 4 x Desk lamp LED          29,50     118,00
 2 x Paper A4 (box)         24,00      48,00
                         VAT 25 %      41,50
                         TOTAL  SEK   207,50"""

Team = Literal["billing", "refund", "fraud", "access", "bug", "feature", "privacy", "other"]


class Invoice(BaseModel):
    """What is read from an invoice."""

    vendor: str
    number: str
    issued: date
    total: Decimal


READ = Invoice(vendor="Nordic Office Supply AB", number="2024-00817", issued=date(2024, 4, 3), total=Decimal("207.50"))

route = classify(
    "route",
    Team,
    "Which team owns this ticket?",
    models=ScriptedModel(lambda _: Says("billing", 0.64)),
    accept=confidence(at_least=0.75),
    escalate=Escalation(queue="triage", due_hours=48),
)
read = extract(
    "read",
    Invoice,
    "Read the invoice.",
    models=ScriptedModel(lambda _: Says(READ, 0.61)),
    accept=confidence(at_least=0.75),
    escalate=Escalation(queue="invoices"),
)


@rule
def not_spam(text: str) -> bool:
    """Let everything pass: what counts is that a step is recorded."""
    return bool(text)


@workflow(version=1)
async def triage(run: Run, text: str) -> str:
    """Nine rules, then the ticket's team."""
    for _ in range(9):
        await run.step(not_spam, text)
    return await run.decide(route, text)


@workflow(version=1)
async def invoices(run: Run, text: str) -> str:
    """Nine rules, then the invoice's fields."""
    for _ in range(9):
        await run.step(not_spam, text)
    return (await run.decide(read, text)).vendor


@dataclass(frozen=True, slots=True)
class Pattern:
    """One run that waits: what it was started with, its steps, and its question."""

    workflow: str
    input: str
    code: str
    steps: tuple[StepRow, ...]
    item: ReviewRow


def patterns(folder: Path) -> tuple[Pattern, Pattern]:
    """Execute both workflows until they wait, and return what their store holds."""
    file = folder / "pattern.db"
    asyncio.run(_execute(file))
    store = SqliteStore(str(file), create=False)
    try:
        return _pattern(store, "ticket", triage.code), _pattern(store, "invoice", invoices.code)
    finally:
        store.close()


async def _execute(file: Path) -> None:
    async with Orchestrator(f"sqlite:///{file}", workflows=[triage, invoices]) as orchestrator:
        await orchestrator.start(triage, TICKET, id="ticket")
        await orchestrator.start(invoices, INVOICE, id="invoice")
        await orchestrator.idle()


def _pattern(store: SqliteStore, run_id: str, code: str) -> Pattern:
    run = store.run(run_id)
    assert run is not None
    (item,) = store.reviews(ReviewQuery(run_id=run_id))
    return Pattern(run.workflow, run.input, code, tuple(store.history(run.key).steps), item)
