"""The workflows whose runs wait in the kept stores (tests/fixtures): names, versions and questions stay as they are."""

import os
import signal
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel

from handrail import (
    Auditing,
    Escalation,
    Run,
    Says,
    ScriptedModel,
    Workflow,
    action,
    classify,
    confidence,
    extract,
    grounded,
    rule,
    workflow,
)

Team = Literal["billing", "access"]
model = ScriptedModel(lambda request: Says("access", 0.95 if "password" in request.text else 0.60))
route = classify(
    "route",
    Team,
    "Which team owns this ticket?",
    models=[model],
    accept=confidence(at_least=0.85),
    escalate=Escalation(queue="triage"),
)
audited = classify(
    "audited",
    Team,
    "Which team owns this ticket?",
    models=[model],
    accept=confidence(at_least=0.5),
    escalate=Escalation(queue="triage"),
    audit=Auditing(1.0),
)


class Receipt(BaseModel):
    shop: str
    total: float


read = extract(
    "read",
    Receipt,
    "Read the receipt.",
    models=[ScriptedModel(lambda _: Says({"shop": "ACME", "total": 999.0}, 0.99))],
    guards=[grounded()],
    accept=confidence(at_least=0.5),
)


@rule
def doubled(number: int) -> int:
    return 2 * number


@action
async def note(text: str) -> str:
    if text == "kill" and os.environ.get("KILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    if text == "fail":
        raise OSError("the mail server is away")
    return f"noted {text}"


@workflow(version=1)
async def payment(run: Run, amount: int) -> list[str]:
    twice = await run.step(doubled, amount)
    pay = await run.ask(f"Pay {amount} EUR?", bool, context={"amount": amount, "twice": twice})
    archive = await run.ask("Archive it?", bool)
    return [str(pay), str(archive)]


@workflow(version=1)
async def ticket(run: Run, text: str) -> str:
    team = await run.decide(route, text)
    return await run.step(note, team)


@workflow(version=1)
async def receipt(run: Run, text: str) -> Receipt:
    return await run.decide(read, text)


@workflow(version=1)
async def checked(run: Run, text: str) -> str:
    return await run.decide(audited, text)


@workflow(version=1)
async def paid(run: Run, _number: int) -> int:
    return await run.event("paid", int)


@workflow(version=1)
async def later(run: Run, days: int) -> str:
    begun = await run.now()
    chance = await run.random()
    await run.sleep(timedelta(days=days))
    return f"{begun.isoformat()} {chance}"


@workflow(version=1)
async def family(run: Run, amount: int) -> list[str]:
    return await run.child(payment, amount)


@workflow(version=1)
async def both(run: Run, _number: int) -> tuple[str, str]:
    return await run.all(run.ask("Left?", str, name="left"), run.ask("Right?", str, name="right"))


@workflow(version=1)
async def noted(run: Run, text: str) -> str:
    first = await run.step(note, "first")
    return first + ", " + await run.step(note, text)


ALL: list[Workflow[Any, Any]] = [payment, ticket, receipt, checked, paid, later, family, both, noted]
