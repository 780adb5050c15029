"""Is every ticket sorted, called urgent and answered from the right page? And how well is it sorted?

    handrail eval run examples/support_desk/suite.py:suite
    handrail eval run examples/support_desk/suite.py:team_suite

The first plays the whole workflow, with people who release what is drafted; nothing is sent. What is true of each
ticket stands in ``truth.jsonl``.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from examples.support_desk.pipeline import (
    ARTICLES,
    HERE,
    Closed,
    HandbookWriter,
    PaperAccounts,
    SupportTicket,
    Team,
    WordSorter,
    accounts,
    desk_with,
    steps_with,
    tickets,
)
from handrail import Case, Suite, exact
from handrail.evals import Reviewers, workflow_target
from handrail.orchestrator import ReviewItem
from handrail.testing import HttpDouble, MailDouble

MINUTES: Final = 1.5
"""What a reply takes a person to release: an assumption, to be replaced by what your own store measured."""
DELAY_MINUTES: Final = 30.0
"""How long a question waits until somebody takes it: an assumption as well."""
BY_HAND: Final = "Hello,\n\nthank you for your message, we have looked into it.\n\nYour support desk"


def suite() -> Suite[SupportTicket, str, str]:
    """Build the suite over the whole workflow: the team, whether it is urgent, and the page that was answered from."""
    flow = desk_with(WordSorter(), HandbookWriter(), PaperAccounts(accounts()), HttpDouble(), MailDouble())
    target = workflow_target(
        flow, answer=came_to, reviewers=Reviewers(as_truth_says, minutes=MINUTES, delay_minutes=DELAY_MINUTES)
    )
    return Suite("support-desk", target, cases=cases(), scorers=[exact()])


def team_suite() -> Suite[str, Team, Team]:
    """Build the suite over the step that sorts."""
    steps = steps_with(WordSorter(), HandbookWriter(), PaperAccounts({}), HttpDouble(), MailDouble())
    cases = [Case(ticket.id, ticket.message, truth["team"]) for ticket, truth in labelled()]
    return Suite("team", steps.team, cases=cases, scorers=[exact()])


def cases() -> Iterator[Case[SupportTicket, str]]:
    """Yield the tickets, each with what it has to come to."""
    for ticket, truth in labelled():
        expected = f"{truth['team']}{' urgent' if truth['urgent'] else ''}: {truth['article'] or 'by hand'}"
        yield Case(ticket.id, ticket, expected, steps={"team": truth["team"]})


def came_to(closed: Closed) -> str:
    """Return what a ticket came to, as one line."""
    pages = [each.title for each in ARTICLES if each.text in closed.reply]
    return f"{closed.team}{' urgent' if closed.urgent else ''}: {pages[0] if pages else 'by hand'}"


def as_truth_says(item: ReviewItem, case: Case[Any, Any]) -> Any:
    """Return what people say: the truth's team; yes, they are at it; the draft as it is, or a letter of their own."""
    if item.step == "team/review":
        return case.steps["team"]
    if item.step == "on-call":
        return "yes"
    return item.suggestion or BY_HAND


def labelled() -> list[tuple[SupportTicket, dict[str, Any]]]:
    """Return every ticket with its truth."""
    truths = (HERE / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [(ticket, json.loads(truth)) for ticket, truth in zip(tickets(), truths, strict=True)]
