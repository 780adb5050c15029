"""A server that points elsewhere is not followed: questions and keys are for the server that they were given for."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from openai import AsyncAzureOpenAI

from handrail import Doubtful, OpenAIModel, classify, confidence, draft
from handrail.ai_steps import DecisionModel, InstructorModel
from tests.stub_server import Stub, reply
from tests.unit.ai_steps.instructor.given import cohere_at, mistral_at, needs

pytestmark = pytest.mark.dear

KEY = "sk-0123456789abcdef"
ELSEWHERE = "/v1/elsewhere"
Team = Literal["billing", "access"]


def azure(root: str) -> OpenAIModel:
    client = AsyncAzureOpenAI(azure_endpoint=root, api_key=KEY, api_version="2024-10-21")  # in a header of its own
    return OpenAIModel("stub-1", client=client, decisions=False)


MODELS: dict[str, Callable[[str], Any]] = {
    "openai": lambda root: OpenAIModel("stub-1", base_url=f"{root}/v1", api_key=KEY),
    "azure": azure,
    "decisions": lambda root: DecisionModel("systemone:stub-1", base_url=root, api_key=KEY),
    "anthropic": lambda root: InstructorModel("anthropic/claude-sonnet-4-5", base_url=root, api_key=KEY, samples=1),
    "google": lambda root: InstructorModel("google/gemini-2.5-flash", base_url=root, api_key=KEY, samples=1),
    "ollama": lambda root: InstructorModel("ollama/stub-1", base_url=f"{root}/v1", api_key=KEY, samples=1),
    "groq": lambda root: InstructorModel("groq/stub-1", base_url=root, api_key=KEY, samples=1),
    "mistral": lambda root: InstructorModel("mistral/stub-1", client=mistral_at(root), samples=1),
    "cohere": lambda root: InstructorModel("cohere/command-a", client=cohere_at(root), samples=1),
}
LIBRARIES = {"groq": "groq", "mistral": "mistralai", "cohere": "cohere"}
"""Of those that are no extra of ours."""


@pytest.fixture
def root(wires: Stub) -> str:
    """Return the address of a server that points to the same port of another host."""
    target = f"http://bob:login@localhost:{wires.port}{ELSEWHERE}?token=signed"
    wires.play(reply({}, status=307, headers={"Location": target}))
    return wires.url.removesuffix("/v1")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs(LIBRARIES[name])) if name in LIBRARIES else name for name in MODELS]
)
async def test_no_question_and_no_key_goes_where_a_server_points(name: str, wires: Stub, root: str) -> None:
    """Keys in a header of their own went along (openai/openai-python #3516); the question did with every provider."""
    model = MODELS[name](root)
    step = classify("route", Team, "Whose?", models=model, accept=confidence(at_least=0.5))
    outcome = await step("a private question")
    await model.aclose()
    assert isinstance(outcome, Doubtful)
    assert "answered 307 and points to http://localhost:" in outcome.reason
    assert "give the right address as base_url" in outcome.reason
    assert not {"login", "signed"} & set(outcome.reason.replace("=", " ").replace("@", " ").split())
    asked = [each["path"] for each in wires.requests()]
    assert asked
    assert not any(ELSEWHERE in path for path in asked)


async def test_a_stream_goes_nowhere_else_either(wires: Stub, root: str) -> None:
    model = OpenAIModel("stub-1", base_url=f"{root}/v1", api_key=KEY)
    outcome = await draft("reply", str, "Answer.", models=model).stream("a private question", on_text=print)
    await model.aclose()
    assert isinstance(outcome, Doubtful)
    assert not any(ELSEWHERE in each["path"] for each in wires.requests())
