"""Workflows that ask people all kinds of questions, for the tests of ``handrail review``."""

from decimal import Decimal
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel

from handrail import Run, Says, ScriptedModel, classify, confidence, extract, grounded, workflow
from handrail.guards import sums

Severity = Literal["1", "2", "3", "4"]
Size = Literal["s", "m", "q"]
Team = Enum("Team", {f"T{n}": f"team {n}" for n in range(1, 15)}, type=str)  # type: ignore[misc]  # made for the test


Product = Enum("Product", {f"P{n}": f"product {n}" for n in range(1, 151)}, type=str)  # type: ignore[misc]  # as above


class Line(BaseModel):
    text: str
    amount: Decimal


class Bill(BaseModel):
    shop: str | None
    lines: list[Line]
    total: Decimal


def unsure(name: str, kind: Any, says: Any) -> Any:
    model = ScriptedModel(lambda _: Says(says, 0.5))
    return classify(name, kind, f"Which {name}?", models=model, accept=confidence(at_least=0.8))


severity = unsure("severity", Severity, "3")
size = unsure("size", Size, "m")
team = unsure("team", Team, "team 12")
product = unsure("product", Product, "product 7")
WRONG = Bill(
    shop="ACME", lines=[Line(text="tea", amount=Decimal(4)), Line(text="milk", amount=Decimal(5))], total=Decimal(99)
)
read_bill = extract(
    "read_bill",
    Bill,
    "Read this bill.",
    models=ScriptedModel(lambda _: Says(WRONG, 0.97, fields={"total": 0.31})),
    accept=confidence(at_least=0.8),
    guards=[grounded(fields="shop"), sums("lines.*.amount", "total")],
)


@workflow(version=1)
async def severities(run: Run, text: str) -> str:
    return await run.decide(severity, text)


@workflow(version=1)
async def sizes(run: Run, text: str) -> str:
    return await run.decide(size, text)


@workflow(version=1)
async def teams(run: Run, text: str) -> Team:
    decided: Team = await run.decide(team, text)
    return decided


@workflow(version=1)
async def bills(run: Run, text: str) -> Bill:
    return await run.decide(read_bill, text)


@workflow(version=1)
async def approvals(run: Run, text: str) -> bool:
    return await run.ask("Pay?", bool, context=text)


@workflow(version=1)
async def replies(run: Run, text: str) -> str:
    return await run.ask("What do we say?", str, context=text)


@workflow(version=1)
async def counts(run: Run, text: str) -> int | None:
    return await run.ask("How many?", int | None, context=text)


@workflow(version=1)
async def products(run: Run, text: str) -> Product:
    decided: Product = await run.decide(product, text)
    return decided
