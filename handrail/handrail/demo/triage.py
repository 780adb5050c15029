"""Support triage: known senders by rule, the rest by a model, and people where the model is in doubt."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from handrail import (
    Escalation,
    LocalModel,
    Retry,
    Run,
    Workflow,
    action,
    classify,
    confidence,
    rule,
    step_context,
    workflow,
)
from handrail.ai_steps import AIStep, LabelledText, Model
from handrail.demo.outbox import Delivery, Outbox

TICKETS = Path(__file__).with_name("tickets.jsonl")
"""The demo's tickets, one JSON object a line, each with its true team, which the workflow does not read."""
LABELLED = Path(__file__).with_name("labelled.jsonl")
"""Older tickets with the team that solved them: what the local model learns from."""

Team: TypeAlias = Literal["billing", "access", "bugs", "integrations", "sales", "privacy"]

MEANING: Mapping[str, str] = MappingProxyType(
    {
        "billing": "invoices, payments, refunds, taxes, cancelling a plan",
        "access": "signing in, passwords, single sign-on, invitations, roles and permissions",
        "bugs": "something in the product is broken, slow, wrong or lost",
        "integrations": "the API, webhooks, connectors, imports by machine",
        "sales": "quotes, prices before buying, demos, trials, renewals, partners",
        "privacy": "personal data, contracts about them, security reports, fraud and attacks",
    }
)
"""What each team takes care of, as people and models are told."""

KNOWN_SENDERS: Mapping[str, Team] = MappingProxyType(
    {
        "billing-bot@payments.example.com": "billing",
        "signin-alerts@identity.example.com": "access",
        "status@monitor.example.com": "bugs",
        "delivery@hooks.example.com": "integrations",
        "forms@website.example.com": "sales",
        "requests@privacy-desk.example.com": "privacy",
    }
)
"""Machines of our own, whose mail always goes to the same team."""

THRESHOLD = 0.9
"""Typed by hand, 0 to 1: in cross-validation on the labelled tickets, answers above it were right 19 times in 20.

That is an observation and no promise; ``handrail eval calibrate`` finds a threshold that keeps one.
"""


class Ticket(BaseModel):
    """A message from a customer or a machine; other fields of a file's line are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """Names the ticket in the ticket system, and its run."""
    sender: str
    """An e-mail address."""
    subject: str = ""
    """One line, which says little on some tickets and everything on others."""
    text: str
    """As it came in: any language, any length, and not to be trusted."""

    @property
    def message(self) -> str:
        """Return what is judged and what reviewers read: the subject, an empty line, the text."""
        return f"{self.subject}\n\n{self.text}".strip()


class Resolution(BaseModel):
    """Where a ticket went."""

    model_config = ConfigDict(frozen=True)

    ticket_id: str
    """The ticket's id."""
    team: Team
    """Who owns it now."""
    decided_by: Literal["rule", "judgement"]
    """``judgement``: a model, or a person in its place; the step's record says who."""


@rule
def known_sender(ticket: Ticket) -> Team | None:
    """Return the team of a sender whose mail needs no judgement, or None."""
    return KNOWN_SENDERS.get(ticket.sender.casefold())


def route_with(models: Model | str | Sequence[Model | str], *, at_least: float) -> AIStep[Team]:
    """Build the step that says which team owns a ticket; see ``triage_with``."""
    return classify(
        "route",
        Team,
        "Which team owns this ticket?",
        models=models,
        labels=MEANING,
        accept=confidence(at_least=at_least),
        escalate=Escalation(queue="triage", due_hours=4),
    )


def triage_with(
    models: Model | str | Sequence[Model | str], *, outbox: Outbox, at_least: float
) -> Workflow[Ticket, Resolution]:
    """Build the workflow.

    ``models`` are asked in order, as objects or by name; an answer with a confidence of ``at_least`` (0 to 1) is
    accepted, the others go to the queue ``triage``. ``outbox`` gets one update for each ticket.

    Raises:
        ModelNotReady: a model whose file, key or library is missing.
        UnknownLabels: a local model that never saw one of the teams.
        InvalidGuard: ``at_least`` is outside 0 to 1.
    """
    route = route_with(models, at_least=at_least)

    @action(retry=Retry(attempts=3))
    def update_ticket(ticket_id: str, team: Team) -> Delivery:
        return outbox.deliver(step_context().idempotency_key, ticket=ticket_id, team=team)

    @workflow(version=1)
    async def triage(run: Run, ticket: Ticket) -> Resolution:
        known = await run.step(known_sender, ticket)
        team = await run.decide(route, ticket.message) if known is None else known
        await run.step(update_ticket, ticket.id, team)
        return Resolution(ticket_id=ticket.id, team=team, decided_by="judgement" if known is None else "rule")

    return triage


def trained_model() -> LocalModel:
    """Train the local model on the labelled tickets, which takes some seconds.

    Raises:
        LibraryMissing: scikit-learn and numpy are not installed.
    """
    return LocalModel.fit(labelled_tickets(), name="route")


def labelled_tickets() -> Iterator[LabelledText]:
    """Yield the older tickets that the local model learns from."""
    for line in LABELLED.read_text(encoding="utf-8").splitlines():
        example = json.loads(line)
        yield LabelledText(example["text"], example["label"])


def support_triage() -> Workflow[Ticket, Resolution]:
    """Train the model and build the workflow with its outbox in the working directory, for ``handrail run``."""
    return triage_with(trained_model(), outbox=Outbox(Path("outbox.jsonl")), at_least=THRESHOLD)
