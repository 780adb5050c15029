"""Does every request reach the roles that it has to, and end as it should? And how well is it sorted?

    handrail eval run examples/approvals/suite.py:suite
    handrail eval run examples/approvals/suite.py:kind_suite

The first plays the whole workflow, with people who answer by script; nothing is ordered or granted. What is true of
each request stands in ``truth.jsonl``.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from examples.approvals.pipeline import Kind, Request, Ruling, WordRules, approvals_with, office_with
from handrail import Case, Suite, exact
from handrail.evals import Reviewers, workflow_target
from handrail.orchestrator import ReviewItem
from handrail.testing import HttpDouble, MailDouble

HERE: Final = Path(__file__).parent

MINUTES: Final = 2.0
"""What an approval takes a person, hands on: an assumption, to be replaced by what your own store measured."""
DELAY_MINUTES: Final = 90.0
"""How long a question waits until somebody takes it: an assumption as well."""


def suite() -> Suite[Request, str, str]:
    """Build the suite over the whole workflow: the roles that approved, in order, and how it ended."""
    target = workflow_target(
        approvals_with(WordRules(), HttpDouble(), HttpDouble(), MailDouble()),
        answer=came_to,
        reviewers=Reviewers(as_truth_says, minutes=MINUTES, delay_minutes=DELAY_MINUTES),
    )
    return Suite("approvals", target, cases=cases(), scorers=[exact()])


def kind_suite() -> Suite[str, Kind, Kind]:
    """Build the suite over the step that sorts."""
    office = office_with(WordRules(), HttpDouble(), HttpDouble(), MailDouble())
    cases = [Case(request.id, request.text, truth["kind"]) for request, truth in labelled()]
    return Suite("kind", office.kind, cases=cases, scorers=[exact()])


def cases() -> Iterator[Case[Request, str]]:
    """Yield the requests, each with what it has to come to and what people say of it."""
    for request, truth in labelled():
        expected = " > ".join([*truth["approved_by"], truth["outcome"]])
        yield Case(request.id, request, expected, steps={"kind": truth["kind"], **truth["answers"]})


def came_to(ruling: Ruling) -> str:
    """Return what a request came to, as one line."""
    return " > ".join([*ruling.approved_by, ruling.outcome])


def as_truth_says(item: ReviewItem, case: Case[Any, Any]) -> Any:
    """Return what people say: the truth's answer, or else yes."""
    return case.steps.get(item.step.removesuffix("/review"), "approve")


def labelled() -> list[tuple[Request, dict[str, Any]]]:
    """Return every request with its truth."""
    requests = (HERE / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    truths = (HERE / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [(Request.model_validate_json(one), json.loads(other)) for one, other in zip(requests, truths, strict=True)]
