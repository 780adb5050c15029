"""Does every customer come to the right end, and is every contract read as it says?

    handrail eval run examples/onboarding/suite.py:suite
    handrail eval run examples/onboarding/suite.py:terms_suite

The first plays the whole workflow, with people who answer by script; nothing is set up. What is true of each customer
stands in ``truth.jsonl``.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from examples.onboarding.pipeline import Customer, Desks, Ending, FormRules, Terms, onboarding_with, steps_with
from handrail import Case, Suite, exact
from handrail.evals import Reviewers, workflow_target
from handrail.orchestrator import ReviewItem
from handrail.testing import LEAVE_OPEN, HttpDouble, MailDouble

HERE: Final = Path(__file__).parent

MINUTES: Final = 3.0
"""What a decision takes a person, hands on: an assumption, to be replaced by what your own store measured."""
DELAY_MINUTES: Final = 120.0
"""How long a question waits until somebody takes it: an assumption as well."""


def suite() -> Suite[Customer, str, str]:
    """Build the suite over the whole workflow: how it ended, and what was still missing then."""
    target = workflow_target(
        onboarding_with(FormRules(), doubles()),
        answer=came_to,
        reviewers=Reviewers(as_truth_says, minutes=MINUTES, delay_minutes=DELAY_MINUTES),
    )
    return Suite("onboarding", target, cases=cases(), scorers=[exact()])


def terms_suite() -> Suite[str, Terms, Terms]:
    """Build the suite over the step that reads contracts."""
    steps = steps_with(FormRules(), doubles())
    cases = [Case(each.id, each.contract, Terms.model_validate(truth["terms"])) for each, truth in labelled()]
    return Suite("terms", steps.terms, cases=cases, scorers=[exact()])


def doubles() -> Desks:
    """Return systems that take everything and do nothing."""
    return Desks(
        crm=HttpDouble(), billing=HttpDouble(), workspaces=HttpDouble(), calendar=HttpDouble(), mail=MailDouble()
    )


def cases() -> Iterator[Case[Customer, str]]:
    """Yield the customers, each with what it has to come to and what people say of it."""
    for customer, truth in labelled():
        yield Case(customer.id, customer, truth["ending"], steps={"terms": truth["terms"], **truth["answers"]})


def came_to(ending: Ending) -> str:
    """Return what a customer came to, as one line."""
    return f"{ending.outcome}, without {', '.join(ending.waived)}" if ending.waived else ending.outcome


def as_truth_says(item: ReviewItem, case: Case[Any, Any]) -> Any:
    """Return what people say: the truth's answer; nothing where it has none, as if nobody looked."""
    step = item.step.removesuffix("/review").rpartition("/")[2].partition("#")[0]
    return case.steps.get(step, "2026-01-20" if step == "kickoff-day" else LEAVE_OPEN)


def labelled() -> list[tuple[Customer, dict[str, Any]]]:
    """Return every customer with its truth."""
    customers = (HERE / "customers.jsonl").read_text(encoding="utf-8").splitlines()
    truths = (HERE / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        (Customer.model_validate_json(one), json.loads(other)) for one, other in zip(customers, truths, strict=True)
    ]
