"""Workflows that the command-line tests execute by path; what was done is in the file ``done`` of the folder."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from handrail import Accepted, Doubtful, Escalation, Run, action, step_context, workflow
from handrail.guards import Confidence, Judgement

Team = Literal["billing", "bugs"]


class Ticket(BaseModel):
    id: str
    text: str
    amount: int = 0


class Route:
    """A judge that is sure of what says so."""

    name = "route"
    output_type = Team

    async def __call__(self, text: str) -> Accepted[Team] | Doubtful[Team]:
        if "sure" in text:
            return Accepted("billing", Judgement(confidence=Confidence(0.9, "local"), model="stub"))
        judgement = Judgement(confidence=Confidence(0.4, "local"), model="stub")
        return Doubtful("bugs", "low_confidence", "confidence 0.40 < 0.8", judgement, Escalation(queue="triage"))


route = Route()


def note(line: str) -> None:
    with Path("done").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


@action
def send(ticket_id: str, team: str) -> str:
    note(step_context().idempotency_key)
    return f"{ticket_id} to {team}"


@action
def charge(amount: int) -> int:
    note(step_context().idempotency_key)
    if not Path("mended").exists():
        raise ValueError(f"cannot charge {amount}")
    return amount


@workflow(version=1)
async def triage(run: Run, ticket: Ticket) -> str:
    team = await run.decide(route, ticket.text)
    return await run.step(send, ticket.id, team)


@workflow(version=1)
async def pay(run: Run, ticket: Ticket) -> str:
    sent = await run.step(send, ticket.id, "billing")
    charged = await run.step(charge, ticket.amount)
    return f"{sent}, {charged}"
