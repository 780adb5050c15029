"""Workflows to measure, and their measuring, for tests."""

import asyncio
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel

from handrail import Escalation, Retry, Run, Says, Workflow, action, classify, confidence, rule, step_context, workflow
from handrail.ai_steps import Model
from handrail_ai_steps.model import ModelRequest
from handrail_evals.measure.case import Case
from handrail_evals.measure.target import Observation
from handrail_evals.measure.targets.workflow import WorkflowTarget
from handrail_evals.measure.targets.workflow_reviewers import Reviewers, Truth

Team = Literal["billing", "access"]
HOUR = 3600.0


class Ticket(BaseModel):
    text: str


Target = WorkflowTarget[Any, Any]


async def observed(target: Target, *cases: Case[Any, Any], at_once: int = 1) -> list[Observation[Any]]:
    async with target.opened(at_once) as observe:
        if at_once == 1:
            return [await observe(case) for case in cases]
        return list(await asyncio.gather(*map(observe, cases)))


def steps(seen: Observation[Any]) -> dict[str, Any]:
    assert seen.flow is not None
    return {step.name: step for step in seen.flow.steps}


def routing(model: Model, *, due_hours: float | None = None, when_late: Any = "keep_waiting") -> Workflow[Ticket, str]:
    route = classify(
        "route",
        Team,
        "Which team?",
        models=model,
        accept=confidence(at_least=0.8),
        escalate=Escalation(queue="triage", due_hours=due_hours, when_late=when_late),
    )

    @rule(inline=True)
    def known(ticket: Ticket) -> Team | None:
        return "billing" if ticket.text == "invoice" else None

    @workflow(version=3)
    async def triage(run: Run, ticket: Ticket) -> str:
        team = await run.step(known, ticket)
        return team if team is not None else await run.decide(route, ticket.text)

    return triage


def sure(request: ModelRequest) -> Says:
    return Says("access", 0.9 if "sure" in request.text else 0.4)


def truthful(**times: Any) -> Reviewers:
    return Reviewers(Truth("route"), **{"minutes": 2.0, "delay_minutes": 30.0, **times})


class Offer(BaseModel):
    price: int


def negotiation(calls: list[str]) -> Workflow[Offer, int]:
    @action(retry=Retry(attempts=3, first_seconds=60, max_seconds=60))
    async def send(price: int) -> None:
        calls.append(f"{step_context().idempotency_key} {price}")
        if len(calls) % 3:
            raise ConnectionError("the mail server is away")

    @workflow(version=1)
    async def negotiate(run: Run, offer: Offer) -> int:
        price = offer.price
        while not await run.ask(f"Is {price} fine?", bool, name="approve"):
            await run.sleep(timedelta(days=1))
            price -= 10
        await run.step(send, price)
        return price

    return negotiate
