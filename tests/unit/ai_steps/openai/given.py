"""What the tests of the OpenAI-compatible model share: a request for each kind of step, and what came of it."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, cast

import pytest
from pydantic import BaseModel, Field

from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.openai import OpenAIModel
from handrail_ai_steps.output import Output
from handrail_guards.outcome import Alternative
from tests.stub_server import completion, tokens

KEY = "sk-test-0123456789"
Team = Literal["billing", "card", "other"]
MakeModel = Callable[..., OpenAIModel]


class Receipt(BaseModel):
    """What an extraction step asks for."""

    company: str
    total: float


RECEIPT = '{"company":"Café Zürich","total":12.5}'


def request_for(output_type: Any = Team, **changes: Any) -> ModelRequest:
    """Return a request as a step would make it."""
    output = Output(output_type)
    given = {
        "task": "route",
        "prompt_version": "v1",
        "system": "Which team owns this ticket?",
        "text": "my card was stolen",
        "output_type": output_type,
        "json_schema": output.json_schema,
        "labels": output.labels,
        "seconds": 50.0,
    }
    return ModelRequest(**{**given, **changes})


def about(value: str, confidence: float) -> Any:
    """Return what equals an alternative with this confidence, rounding aside."""
    return Alternative(value=value, confidence=cast("float", pytest.approx(confidence)))


def answered(outcome: Answer | NoAnswer) -> Answer:
    assert isinstance(outcome, Answer), outcome
    return outcome


def unanswered(outcome: Answer | NoAnswer) -> NoAnswer:
    assert isinstance(outcome, NoAnswer), outcome
    return outcome


class Order(BaseModel):
    """Ranges and steps that servers with ``strict`` have let through."""

    quantity: Annotated[int, Field(ge=1, le=10, multiple_of=2)]


B_TOKENS = tokens('{"label":"', ("B", {"B": 0.9, "A": 0.1}), '"}')
GOOD = completion('{"label":"B"}', logprobs=B_TOKENS)
NO_LOGPROBS = completion('{"label":"B"}')
