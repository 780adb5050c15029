"""Workflows that ask for whatever a console can show: of both kinds, answered by one or two people, late, audited."""

from collections.abc import Callable
from functools import cache
from typing import Any

from handrail import (
    Auditing,
    Escalation,
    Run,
    Says,
    ScriptedModel,
    action,
    classify,
    confidence,
    extract,
    grounded,
    workflow,
)
from handrail.guards import Always, promise
from tests.acceptance.console.flows import READ, SURE, Invoice, Topic

AT_ONCE = 1e-7
"""Hours after which what is asked is late."""

WAYS = {
    "desk": Escalation(queue="desk"),
    "late": Escalation(queue="desk", due_hours=AT_ONCE, priority=80),
    "pair": Escalation(queue="pairs", reviewers=2, blind=True),
    "dying": Escalation(queue="desk", due_hours=AT_ONCE, when_late="fail"),
}
"""How something is asked."""


@cache
def topic(way: str) -> Any:
    return classify(
        f"topic-{way}",
        Topic,
        "Category",
        models=ScriptedModel(
            lambda _: Says(
                "billing",
                0.64,
                alternatives={"refund": 0.31, "fraud": 0.04},
            )
        ),
        accept=confidence(at_least=0.75),
        escalate=WAYS[way],
    )


@cache
def read(way: str) -> Any:
    return extract(
        f"read-{way}",
        Invoice,
        "Read this invoice.",
        models=ScriptedModel(lambda _: Says(READ, 0.9, fields=SURE)),
        accept=confidence(at_least=0.95),
        guards=[grounded(fields=["vendor", "number", "total"])],
        escalate=WAYS[way],
    )


sure_topic = classify(
    "sure-topic",
    Topic,
    "Category",
    models=ScriptedModel(lambda _: Says("billing", 0.98)),
    accept=confidence(at_least=0.75),
    audit=Auditing(1.0, queue="audits"),
)
sure_invoice = extract(
    "sure-invoice",
    Invoice,
    "Read this invoice.",
    models=ScriptedModel(lambda _: Says(READ, 0.99)),
    accept=Always(),
    audit=Auditing(1.0, queue="audits"),
)

kept_topic = classify(
    "kept-topic",
    Topic,
    "Category",
    models=ScriptedModel(lambda _: Says("billing", 0.98)),
    accept=promise(wrong_at_most=0.02),
)


@action(approval=Escalation(queue="money", priority=90))
def pay(payee: str, amount: int) -> str:
    """Pay somebody."""
    return f"{amount} to {payee}"


@action
def breaks(text: str) -> str:
    """Fail, as a step does whose service is down."""
    raise ValueError(f"the service refused {text}")


@workflow(version=1)
async def tickets(run: Run, case: list[str]) -> str:
    """Ask what a ticket is about, in one of the ways."""
    way, text = case
    decided: str = await run.decide(topic(way), text)
    return decided


@workflow(version=1)
async def invoices(run: Run, case: list[str]) -> str:
    """Ask what stands in an invoice, in one of the ways."""
    way, text = case
    return str((await run.decide(read(way), text)).vendor)


@workflow(version=1)
async def audited_tickets(run: Run, text: str) -> str:
    """Accept what a ticket is about, and have it looked at again."""
    decided: str = await run.decide(sure_topic, text)
    return decided


@workflow(version=1)
async def audited_invoices(run: Run, text: str) -> str:
    """Accept what stands in an invoice, and have it looked at again."""
    return str((await run.decide(sure_invoice, text)).vendor)


@workflow(version=1)
async def promises(run: Run, text: str) -> str:
    """Decide what a ticket is about, under a promise."""
    decided: str = await run.decide(kept_topic, text)
    return decided


@workflow(version=1)
async def payments(run: Run, payee: str) -> str:
    """Pay once people said yes."""
    return await run.step(pay, payee, 82_000)


@workflow(version=1)
async def questions(run: Run, text: str) -> str:
    """Ask for a text."""
    return await run.ask("What do we answer?", str, context={"text": text, "sender": "lena@example.org", "copies": 2})


@workflow(version=1)
async def failures(run: Run, text: str) -> str:
    """Fail."""
    return await run.step(breaks, text)


@workflow(version=1)
async def waits(run: Run, text: str) -> str:
    """Wait for an event that never comes, after a child."""
    return await run.event("paid", str) + text


WORKFLOWS: tuple[Any, ...] = (
    tickets, invoices, audited_tickets, audited_invoices, promises, payments, questions, failures, waits,
)  # fmt: skip
KINDS: dict[str, tuple[Any, Callable[[str], str]]] = {
    "triage": (tickets, lambda name: f"{name}: I was charged twice for March, please refund one of the payments."),
    "extraction": (invoices, lambda name: f"{name}\n{SOURCE}"),
}
SOURCE = """NORDIC OFFICE SUPPLY AB
Invoice no: 2024-00817        Date: 03/04/2024
                         TOTAL  SEK   166.00
"""
