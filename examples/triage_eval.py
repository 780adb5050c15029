"""How good is the demo's triage from end to end, with people in the loop, and how good is its AI step alone?

    handrail eval run examples/triage_eval.py:suite
    handrail eval run examples/triage_eval.py:route_suite

The first command trains a model and leaves it in ``models/demo-route``; later ones load it from there. No ticket system
is told anything: a double stands in for the action.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from handrail import Case, LocalModel, Suite, exact
from handrail.ai_steps import Model
from handrail.demo.outbox import Delivery, Outbox
from handrail.demo.triage import (
    KNOWN_SENDERS,
    THRESHOLD,
    TICKETS,
    Resolution,
    Team,
    Ticket,
    route_with,
    trained_model,
    triage_with,
)
from handrail.evals import Reviewers, Terms, Truth, workflow_target

MODEL = Path("models/demo-route")
"""Where the trained model is kept, under the working directory."""

MINUTES = 1.5
"""What one decision takes a person, hands on: an assumption, to be replaced by what your own store measured."""

DELAY_MINUTES = 45.0
"""How long a question waits until somebody takes it: an assumption as well."""

MARGIN = Terms(margin=0.02)
"""A release may be up to two points of accuracy worse, and no more."""


def suite() -> Suite[Ticket, Team, Team]:
    """Build the suite over the whole workflow, with the trained model."""
    return suite_with(model_in(MODEL))


def route_suite() -> Suite[str, Team, Team]:
    """Build the suite over the step ``route`` alone, with the trained model."""
    return route_suite_with(model_in(MODEL))


def suite_with(model: Model) -> Suite[Ticket, Team, Team]:
    """Build the suite over the whole workflow: reviewers answer what the model leaves in doubt, and answer it right."""
    target = workflow_target(
        triage_with(model, outbox=Outbox(Path("never-written.jsonl")), at_least=THRESHOLD),
        answer=team_of,
        reviewers=Reviewers(Truth("route"), minutes=MINUTES, delay_minutes=DELAY_MINUTES),
        actions={"update_ticket": update_nothing},
    )
    return Suite("triage", target, cases=triage_cases(), scorers=[exact()], gates={"exact": MARGIN})


def route_suite_with(model: Model) -> Suite[str, Team, Team]:
    """Build the suite over the step alone: the same tickets, without those whose sender is known."""
    return Suite(
        "route", route_with(model, at_least=THRESHOLD), cases=route_cases(), scorers=[exact()], gates={"exact": MARGIN}
    )


def model_in(folder: Path) -> LocalModel:
    """Return the model in the folder; train it on the demo's older tickets and save it there if there is none."""
    if not folder.exists():
        trained_model().save(folder)
    return LocalModel.load(folder)


def triage_cases() -> Iterator[Case[Ticket, Team]]:
    """Yield the tickets, each with its true team and with what every step should have come to."""
    for ticket, team in labelled():
        steps = {"known_sender": team if is_known(ticket) else None, "route": team}
        yield Case(ticket.id, ticket, team, steps=steps)


def route_cases() -> Iterator[Case[str, Team]]:
    """Yield what the step is shown of the tickets that it is asked about."""
    for ticket, team in labelled():
        if not is_known(ticket):
            yield Case(ticket.id, ticket.message, team)


def labelled() -> Iterator[tuple[Ticket, Team]]:
    """Yield the demo's tickets with their true teams."""
    for line in TICKETS.read_text(encoding="utf-8").splitlines():
        yield Ticket.model_validate_json(line), json.loads(line)["team"]


def is_known(ticket: Ticket) -> bool:
    """Return whether a rule knows the sender."""
    return ticket.sender.casefold() in KNOWN_SENDERS


def team_of(resolution: Resolution) -> Team:
    """Return what is scored of a result."""
    return resolution.team


def update_nothing(ticket_id: str, team: Team) -> Delivery:
    """Stand in for the ticket system, which must not hear of tickets that are months old."""
    del ticket_id, team
    return "sent"
