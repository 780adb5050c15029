"""An answer of a few kilobytes that unpacks to gigabytes is not read to its end, whichever library reads it."""

from collections.abc import Callable

import pytest

from handrail.ai_steps import InstructorModel
from handrail_ai_steps.models.openai import response_limit
from tests.stub_server import Stub, reply
from tests.unit.ai_steps.instructor.conftest import KEY, NAMES
from tests.unit.ai_steps.instructor.given import cohere_at, mistral_at, needs
from tests.unit.ai_steps.openai.given import request_for, unanswered

pytestmark = pytest.mark.dear

MODELS: dict[str, Callable[[str], InstructorModel]] = {
    "anthropic": lambda root: InstructorModel(NAMES["anthropic"], base_url=root, api_key=KEY, samples=1),
    "google": lambda root: InstructorModel(NAMES["google"], base_url=root, api_key=KEY, samples=1),
    "ollama": lambda root: InstructorModel("ollama/stub-1", base_url=f"{root}/v1", api_key=KEY, samples=1),
    "groq": lambda root: InstructorModel("groq/stub-1", base_url=root, api_key=KEY, samples=1),
    "mistral": lambda root: InstructorModel("mistral/stub-1", client=mistral_at(root), samples=1),
    "cohere": lambda root: InstructorModel("cohere/command-a", client=cohere_at(root), samples=1),
}
LIBRARIES = {"groq": "groq", "mistral": "mistralai", "cohere": "cohere"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs(LIBRARIES[name])) if name in LIBRARIES else name for name in MODELS]
)
async def test_an_answer_without_end_is_not_read_and_not_asked_for_again(
    name: str, wires: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_limit, "MOST_BYTES", 2_000_000)
    model = MODELS[name](wires.url.removesuffix("/v1"))
    for status in (200, 500):
        wires.reset()
        wires.play(reply(" " * 4_000_000, status=status, trap="packed"))
        outcome = unanswered(await model.answer(request_for()))
        assert outcome.reason == "the server sent more than 2 MB, which no answer takes"
        assert len(wires.requests()) == 1
    await model.aclose()
