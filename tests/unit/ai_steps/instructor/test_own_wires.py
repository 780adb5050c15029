"""Providers with a wire and a library of their own: Bedrock's blocks, and both send again what failed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from handrail.ai_steps import InstructorModel
from handrail_ai_steps.models.openai import response_limit
from tests.stub_server import Json, Stub, error, reply
from tests.unit.ai_steps.instructor.conftest import KEY
from tests.unit.ai_steps.instructor.given import BUSY, bedrock_at, cohere_at, needs
from tests.unit.ai_steps.openai.given import answered, request_for, unanswered

pytestmark = pytest.mark.dear

Make = Callable[..., InstructorModel]
CUT = {"bedrock": "max_tokens", "cohere": "MAX_TOKENS"}
REFUSED = {"bedrock": "guardrail_intervened", "cohere": "ERROR_TOXIC"}
BEDROCK = pytest.param("bedrock", marks=needs("boto3"))
PROVIDER = pytest.mark.parametrize("provider", [BEDROCK, pytest.param("cohere", marks=needs("cohere"))])


@pytest_asyncio.fixture
async def make(wires: Stub) -> AsyncIterator[Make]:
    """Build models on the stub, and close them."""
    made: list[InstructorModel] = []
    ways = {"bedrock": bedrock_at, "cohere": cohere_at}

    def build(provider: str) -> InstructorModel:
        client = ways[provider](wires.url.removesuffix("/v1"))
        made.append(InstructorModel(f"{provider}/small-1", samples=1, client=client))
        return made[-1]

    yield build
    for model in made:
        await model.aclose()


def said(provider: str, label: str = "card", finish: str = "") -> Json:
    """Return an answer as a provider gives it: by a tool that it called, or as text."""
    written = {"label": label, "confidence": 0.9}
    if provider == "bedrock":
        call = {"toolUse": {"toolUseId": "t1", "name": "route", "input": written}}
        output = {"message": {"role": "assistant", "content": [call]}}
        usage = {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110}
        return {"output": output, "stopReason": finish or "tool_use", "usage": usage, "metrics": {"latencyMs": 1}}
    message = {"role": "assistant", "content": [{"type": "text", "text": json.dumps(written)}]}
    usage_told = {"billed_units": {"input_tokens": 100.0, "output_tokens": 10.0}, "tokens": {"input_tokens": 120.0}}
    return {"id": "c1", "finish_reason": finish or "COMPLETE", "message": message, "usage": usage_told}


@PROVIDER
async def test_an_answer_comes_with_the_models_word_and_its_tokens(wires: Stub, make: Make, provider: str) -> None:
    wires.play(reply(said(provider)))
    answer = answered(await make(provider).answer(request_for()))
    assert (answer.value, answer.confidence.value, answer.confidence.source) == ("card", 0.9, "stated")
    [attempt] = answer.attempts
    assert (attempt.input_tokens, attempt.output_tokens, attempt.money) == (100, 10, None)


@PROVIDER
async def test_an_answer_that_did_not_end_by_itself_is_none(wires: Stub, make: Make, provider: str) -> None:
    """What was cut off, or blocked for what it says, may read like a whole answer."""
    for finish, result in ((CUT[provider], "truncated"), (REFUSED[provider], "refused")):
        wires.reset()
        wires.play(reply(said(provider, finish=finish)))
        outcome = unanswered(await make(provider).answer(request_for()))
        assert (outcome.result, len(wires.requests()), outcome.attempts[-1].input_tokens) == (result, 1, 100)


@PROVIDER
@BUSY
async def test_what_passes_is_tried_again_by_us_alone(wires: Stub, make: Make, provider: str, busy: Json) -> None:
    wires.play(busy, reply(said(provider, "Pluto")), reply(said(provider)))
    answer = answered(await make(provider).answer(request_for()))
    results = [each.result for each in answer.attempts]
    if provider == "cohere" and busy == reply({}):
        assert results[1:] == ["invalid", "answered"]
    else:
        assert results == ["failed", "invalid", "answered"]
    assert len(wires.requests()) == 3


@PROVIDER
async def test_a_refused_key_is_told_and_not_shown(wires: Stub, make: Make, provider: str) -> None:
    wires.play(reply(error(f"the key {KEY} is not valid"), status=401))
    outcome = unanswered(await make(provider).answer(request_for()))
    assert outcome.reason.startswith("check the key (")
    assert (outcome.outage, len(wires.requests())) == (True, 1)


@pytest.mark.parametrize("provider", [BEDROCK])
async def test_an_answer_without_end_is_not_read_by_a_library_that_blocks(
    wires: Stub, make: Make, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_limit, "MOST_BYTES", 2_000_000)
    for status in (200, 500):
        wires.reset()
        wires.play(reply(" " * 4_000_000, status=status))
        outcome = unanswered(await make(provider).answer(request_for()))
        assert outcome.reason == "the server sent more than 2 MB, which no answer takes"
        assert len(wires.requests()) == 1


@pytest.mark.parametrize("provider", [BEDROCK])
async def test_a_library_that_blocks_stops_nobody_else(wires: Stub, make: Make, provider: str) -> None:
    """Its call would hold the event loop: no heartbeat, no limit of time, no other run."""
    model = make(provider)
    wires.play(reply(said(provider)))
    answered(await model.answer(request_for()))  # its libraries are loaded
    wires.reset()
    wires.play(reply(said(provider), delay=30.0))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await model.answer(request_for())
