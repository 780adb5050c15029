"""What the tests of the OpenAI-compatible model share: a stub server, and a request for each kind of step."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Literal, cast

import pytest
import pytest_asyncio
from pydantic import BaseModel

from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.openai import OpenAIModel
from handrail_ai_steps.output import Output
from handrail_guards.outcome import Alternative
from tests.stub_server import Stub

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
        "seconds": 20.0,
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


@pytest.fixture(scope="session")
def running_stub() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


@pytest.fixture
def stub(running_stub: Stub) -> Stub:
    running_stub.reset()
    return running_stub


@pytest_asyncio.fixture
async def make_model(stub: Stub) -> AsyncIterator[MakeModel]:
    """Build models on the stub, and close them."""
    made: list[OpenAIModel] = []

    def make(name: str = "stub-1", **settings: Any) -> OpenAIModel:
        made.append(OpenAIModel(name, **{"base_url": stub.url, "api_key": KEY, **settings}))
        return made[-1]

    yield make
    for model in made:
        await model.aclose()
