"""Workflows whose questions are answered in the browser."""

from decimal import Decimal
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel

from handrail import Escalation, Run, Says, ScriptedModel, classify, confidence, extract, grounded, workflow
from handrail.guards import sums

Topic = Literal["billing", "refund", "fraud", "account access", "bug", "feature request"]
Label = Enum("Label", {f"L{number:03}": f"label {number:03}" for number in range(150)}, type=str)  # type: ignore[misc]  # made for the test


class Line(BaseModel):
    """A line of an invoice."""

    text: str
    amount: Decimal


class Invoice(BaseModel):
    """What is read from an invoice."""

    vendor: str
    number: str
    dated: str
    total: Decimal
    lines: list[Line]


SOURCE = """NORDIC OFFICE SUPPLY AB
Invoice no: 2024-00817        Date: 03/04/2024

 4 x Desk lamp LED                    118.00
 2 x Paper A4 (box)                    48.00
                         TOTAL  SEK   166.00
"""
READ = Invoice(
    vendor="NORDIC OFFICE SUPPLY AB",
    number="2024-00817",
    dated="2024-04-03",
    total=Decimal("166.00"),
    lines=[Line(text="Desk lamp LED", amount=Decimal("118.00")), Line(text="Paper A4", amount=Decimal("48.00"))],
)
SURE = {"vendor": 0.98, "number": 0.97, "dated": 0.52, "total": 0.61}

topic = classify(
    "topic",
    Topic,
    "Category",
    models=ScriptedModel(lambda _: Says("billing", 0.64, alternatives={"refund": 0.31, "fraud": 0.04})),
    accept=confidence(at_least=0.75),
    escalate=Escalation(queue="desk"),
)
label: Any = classify(
    "label",
    Label,
    "Which label?",
    models=ScriptedModel(lambda _: Says("label 077", 0.5)),
    accept=confidence(at_least=0.75),
    escalate=Escalation(queue="labels"),
)
read = extract(
    "read",
    Invoice,
    "Read this invoice.",
    models=ScriptedModel(lambda _: Says(READ, 0.9, fields=SURE)),
    accept=confidence(at_least=0.95),
    guards=[grounded(fields=["vendor", "number", "total"]), sums("lines.*.amount", "total")],
    escalate=Escalation(queue="desk"),
)


@workflow(version=1)
async def tickets(run: Run, text: str) -> str:
    """Ask what a ticket is about."""
    decided: str = await run.decide(topic, text)
    return decided


@workflow(version=1)
async def labels(run: Run, text: str) -> str:
    """Ask for one of many labels."""
    decided: str = await run.decide(label, text)
    return decided


@workflow(version=1)
async def invoices(run: Run, text: str) -> str:
    """Ask what stands in an invoice."""
    return (await run.decide(read, text)).vendor


WORKFLOWS = (tickets, labels, invoices)
