"""What the tests of decision models share: questions of each kind, and what came of them."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, Field

from handrail import Accepted, Doubtful, classify, extract
from handrail.ai_steps import DecisionModel
from handrail_guards.acceptance import Always

Team = Literal["Billing", "cards", "süß"]
MakeModel: TypeAlias = Callable[..., DecisionModel]
Flawed: TypeAlias = Callable[..., str]
"""Gives the running server faults and settings, and returns its address."""
TEXT = "my card was stolen"


class Assessment(BaseModel):
    """A form made of closed questions, one of each kind."""

    urgent: bool = Field(description="Does the customer need an answer today?")
    tone: Literal["Angry", "calm"]
    severity: Annotated[int, Field(ge=1, le=7)]


class Severity(BaseModel):
    """A form of one level."""

    severity: Annotated[int, Field(ge=1, le=4)]


Outcome: TypeAlias = Accepted[Any] | Doubtful[Any]


async def label(model: DecisionModel, **options: Any) -> Outcome:
    """Ask for a label."""
    return await classify("route", Team, "Which team owns this ticket?", models=model, accept=Always(), **options)(TEXT)


async def form(model: DecisionModel) -> Outcome:
    """Ask for a form."""
    return await extract("assess", Assessment, "Assess this ticket.", models=model, accept=Always())(TEXT)


def accepted(outcome: Outcome) -> Accepted[Any]:
    assert isinstance(outcome, Accepted), outcome
    return outcome


def doubtful(outcome: Outcome) -> Doubtful[Any]:
    assert isinstance(outcome, Doubtful), outcome
    return outcome
