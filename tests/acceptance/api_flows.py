"""Workflows for a server under test: one that asks a model and then people, and some that wait or fail."""

from typing import Any, Literal

from pydantic import BaseModel

from handrail import Run, Says, ScriptedModel, action, classify, confidence, workflow


class Ticket(BaseModel):
    """A message of a customer."""

    id: str
    text: str = ""
    total: float = 0.0


Topic = Literal["billing", "access"]

topic = classify(
    "topic",
    Topic,
    "What is it about?",
    models=ScriptedModel(lambda _: Says("billing", 0.6)),
    accept=confidence(at_least=0.9),
)


@action
def unlucky(number: int) -> int:
    raise ValueError(f"{number} cannot be delivered")


@workflow(version=1)
async def tickets(run: Run, ticket: Ticket) -> str:
    label: str = await run.decide(topic, ticket.text)
    return label


@workflow(version=1)
async def approvals(run: Run) -> bool:
    return await run.ask("Pay this?", bool)


@workflow(version=1)
async def deliveries(run: Run, number: int) -> int:
    return number + await run.event("delivered", int)


@workflow(version=1)
async def failing(run: Run, number: int) -> int:
    return await run.step(unlucky, number)


ALL: list[Any] = [tickets, approvals, deliveries, failing]
