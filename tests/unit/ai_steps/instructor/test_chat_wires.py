"""Providers whose wire is that of OpenAI's chat: Ollama, and with libraries of their own Groq and Mistral."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from handrail.ai_steps import InstructorModel
from handrail_ai_steps.errors import ModelNotReady, UnknownModel
from tests.stub_server import Json, Stub, completion, error, reply
from tests.unit.ai_steps.instructor.conftest import KEY
from tests.unit.ai_steps.instructor.given import BUSY, mistral_at, needs
from tests.unit.ai_steps.openai.given import answered, request_for, unanswered

pytestmark = pytest.mark.dear

TOOL = "LabelAnswer"
Make = Callable[..., InstructorModel]


PROVIDER = pytest.mark.parametrize(
    "provider",
    ["ollama", pytest.param("groq", marks=needs("groq")), pytest.param("mistral", marks=needs("mistralai"))],
)


@pytest_asyncio.fixture
async def make(wires: Stub) -> AsyncIterator[Make]:
    """Build models on the stub, and close them."""
    made: list[InstructorModel] = []
    root = wires.url.removesuffix("/v1")
    ways: dict[str, Json] = {
        "ollama": {"base_url": wires.url, "api_key": KEY, "answers_by": "json"},
        "groq": {"base_url": root, "api_key": KEY, "answers_by": "tools"},
        "mistral": {"client": mistral_at(root)},
    }

    def build(provider: str, **settings: Any) -> InstructorModel:
        made.append(InstructorModel(f"{provider}/small-1", samples=1, **ways[provider], **settings))
        return made[-1]

    yield build
    for model in made:
        await model.aclose()


def said(provider: str, label: str = "card", finish: str | None = None) -> Json:
    """Return an answer as a provider gives it: as JSON, or as a call of the tool that it was offered."""
    written = json.dumps({"label": label, "confidence": 0.9})
    if provider == "ollama":
        return completion(written, finish=finish or "stop")
    call = {"id": "c1", "type": "function", "function": {"name": TOOL, "arguments": written}}
    return completion(None, finish=finish or "tool_calls", tool_calls=[call])


@PROVIDER
async def test_an_answer_comes_with_the_models_word_its_tokens_and_unknown_money(
    wires: Stub, make: Make, provider: str
) -> None:
    wires.play(reply(said(provider)))
    answer = answered(await make(provider).answer(request_for()))
    assert (answer.value, answer.confidence.value, answer.confidence.source) == ("card", 0.9, "stated")
    [attempt] = answer.attempts
    assert (attempt.input_tokens, attempt.output_tokens, attempt.money) == (100, 10, None)
    [sent] = wires.requests()
    assert sent["path"].endswith("/v1/chat/completions")
    assert {name.lower(): value for name, value in sent["headers"].items()}["authorization"] == f"Bearer {KEY}"


@PROVIDER
@pytest.mark.parametrize(
    ("finish", "refusal", "result"),
    [
        ("content_filter", None, "refused"),
        (None, "I cannot help with that.", "refused"),
        ("length", None, "truncated"),
        ("error", None, "failed"),
    ],
)
async def test_an_answer_that_did_not_end_by_itself_is_none_and_is_asked_once(
    wires: Stub, make: Make, provider: str, finish: str | None, refusal: str | None, result: str
) -> None:
    if refusal and provider == "mistral":
        pytest.skip("its library drops the field, and its servers do not send it")
    body = completion(None, refusal=refusal) if refusal else said(provider, finish=finish)
    wires.play(reply(body))
    outcome = unanswered(await make(provider).answer(request_for()))
    assert (outcome.result, len(wires.requests())) == (result, 1)
    assert outcome.attempts[-1].input_tokens == 100


@PROVIDER
async def test_an_answer_that_does_not_fit_is_sent_back(wires: Stub, make: Make, provider: str) -> None:
    wires.play(reply(said(provider, "Pluto")), reply(completion("It is a card.")), reply(said(provider)))
    answer = answered(await make(provider).answer(request_for()))
    assert [each.result for each in answer.attempts] == ["invalid", "invalid", "answered"]


@PROVIDER
@BUSY
async def test_what_passes_is_tried_again_by_us_alone(wires: Stub, make: Make, provider: str, busy: Json) -> None:
    wires.play(busy, reply(said(provider)))
    answer = answered(await make(provider).answer(request_for()))
    assert (answer.value, len(wires.requests())) == ("card", 2)
    assert [each.result for each in answer.attempts] == ["failed", "answered"]


@PROVIDER
async def test_a_refused_key_is_told_and_not_shown(wires: Stub, make: Make, provider: str) -> None:
    wires.play(reply(error(f"the key {KEY} is not valid"), status=401))
    outcome = unanswered(await make(provider).answer(request_for()))
    assert outcome.reason.startswith("check the key (")
    assert (outcome.outage, len(wires.requests())) == (True, 1)
    assert KEY not in str(outcome)  # nor where a client brought it


@PROVIDER
async def test_a_setting_that_is_refused_is_named(wires: Stub, make: Make, provider: str) -> None:
    wires.play(reply(error("temperature is not supported", param="temperature"), status=400))
    outcome = unanswered(await make(provider, temperature=0.5).answer(request_for()))
    assert "refuses temperature=0.5" in outcome.reason
    assert wires.bodies()[-1]["temperature"] == 0.5


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        pytest.param("groq", "GROQ_API_KEY", marks=needs("groq")),
        pytest.param("mistral", "MISTRAL_API_KEY", marks=needs("mistralai")),
    ],
)
def test_a_missing_key_is_told_when_the_model_is_built(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ModelNotReady, match=f"set {variable}"):
        InstructorModel(f"{name}/small-1")


@pytest.mark.parametrize(
    ("name", "brings"),
    [
        ("writer", "instructor[writer]"),
        ("cerebras", "instructor[cerebras-cloud-sdk]"),
    ],
)
def test_a_missing_library_is_told_with_what_brings_it(name: str, brings: str) -> None:
    with pytest.raises(ModelNotReady) as refused:
        InstructorModel(f"{name}/small-1", api_key=KEY)
    assert f'pip install "{brings}"' in str(refused.value)


@pytest.mark.parametrize(
    ("name", "instead"),
    [("xai", "OpenAIModel(NAME, base_url='https://api.x.ai/v1')"), ("vertexai", "'vertexai': True")],
)
def test_a_provider_that_instructor_does_not_ask_well_is_refused_with_the_way_that_works(
    name: str, instead: str
) -> None:
    with pytest.raises(UnknownModel) as refused:
        InstructorModel(f"{name}/small-1", api_key=KEY)
    assert instead in str(refused.value)


def test_googles_models_on_vertex_need_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    vertex = InstructorModel("google/gemini-2.5-flash", options={"vertexai": True, "project": "p", "location": "l"})
    assert vertex.name == "instructor:google/gemini-2.5-flash"
