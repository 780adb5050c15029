"""A step whose cases are audited, a workflow around it, and reviewers who know the truth."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from pydantic import BaseModel

from handrail import Auditing, Run, Says, ScriptedModel, Workflow, classify, confidence, workflow
from handrail.ai_steps import AIStep
from handrail_orchestrator.testing import LEAVE_OPEN, Rehearsal, ScriptedReviewers

Team = Literal["billing", "bugs"]
HALF = Auditing(0.5)
"""Draws the cases of ``route_step``."""


class Ticket(BaseModel):
    text: str
    language: str = "en"


def says(request: Any) -> Says:
    """Answer what the text says: ``bugs 0.9``."""
    label, sure, *_ = request.text.split()
    return Says(label, None if sure == "?" else float(sure), alternatives={"bugs": 0.05})


def route_step(*, name: str = "stub", instructions: str = "Which team?", **more: Any) -> AIStep[Team]:
    some: dict[str, Any] = {"audit": HALF, "accept": confidence(at_least=0.8), **more}
    return classify("route", Team, instructions, models=ScriptedModel(says, name=name), **some)


def routing(route: AIStep[Team], *, name: str = "triage") -> Workflow[Ticket, str]:
    @workflow(version=1, name=name)
    async def triage(run: Run, ticket: Ticket) -> str:
        return await run.decide(route, ticket.text)

    return triage


def truth(item: Any) -> Any:
    """Decide what the text says beside the model's answer: ``bugs 0.9 billing``; ``-`` leaves the item open."""
    _, _, *right = item.context.split()
    return LEAVE_OPEN if right == ["-"] else (right or ["bugs"])[0]


TRUTHFUL = ScriptedReviewers(truth, name="ann")


@asynccontextmanager
async def played(
    flow: Workflow[Any, Any],
    inputs: Mapping[str, Any],
    reviewers: ScriptedReviewers = TRUTHFUL,
    *,
    store: str = "sqlite:///:memory:",
) -> AsyncIterator[Rehearsal]:
    """Run a workflow on inputs by run id, and let the reviewers answer."""
    async with Rehearsal(workflows=[flow], reviewers=reviewers, store=store) as rehearsal:
        await rehearsal.start_many(flow, list(inputs.items()))
        await rehearsal.settle()
        while await rehearsal.answer():
            await rehearsal.settle()
        yield rehearsal


def tickets(*texts: str, count: int = 30) -> dict[str, Ticket]:
    return {f"T-{n}": Ticket(text=texts[n % len(texts)]) for n in range(count)}


def drawn(run_id: str) -> bool:
    return HALF.draws(f"{run_id}/route")
