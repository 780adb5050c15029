"""The README's triage: a rule, an AI step and an action; its model answers at once, and is sure."""

from typing import Literal

from engine_bench.errors import WrongResult
from engine_bench.rows import STEPS
from handrail import Escalation, Run, Says, ScriptedModel, action, classify, confidence, rule, step_context, workflow

Team = Literal["billing", "access"]

MODEL = ScriptedModel(lambda _request: Says("access", 0.95))


@rule
def known_sender(sender: str) -> Team | None:
    """Return the team of a sender whose mail needs no judgement."""
    return "billing" if sender.endswith("@payments.example.com") else None


route = classify(
    "route",
    Team,
    "Which team owns this ticket?",
    models=[MODEL],
    accept=confidence(at_least=0.85),
    escalate=Escalation(queue="triage", due_hours=4),
)


@action
async def assign(team: Team) -> str:
    """Return the key of the effect and the team."""
    return f"{step_context().idempotency_key} -> {team}"


@workflow(version=1)
async def triage(run: Run, ticket: tuple[str, str]) -> str:
    """Route a ticket."""
    known = await run.step(known_sender, ticket[0])
    team = known if known is not None else await run.decide(route, ticket[1])
    return await run.step(assign, team)


def ticket(number: int) -> tuple[str, str]:
    """Return the ticket of a run."""
    return "ann@example.org", f"I forgot password {number}"


def checked(number: int, result: str) -> int:
    """Return what a run of five steps would have returned.

    Raises:
        WrongResult: the ticket went elsewhere.
    """
    if result != f"run-{number}/assign -> access":
        raise WrongResult(f"run {number} of the triage returned {result!r}")
    return number + STEPS
