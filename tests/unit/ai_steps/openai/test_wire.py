"""The wire as it was recorded: replayed without a server, every request matched by its body.

Record again, against the stub and with nothing of this machine in the files:
``pytest tests/unit/ai_steps/openai/test_wire.py --record-mode=rewrite``.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from handrail_ai_steps.models.openai import OpenAIModel
from handrail_guards.confidence import Confidence
from tests.stub_server import Json, Stub, chunks, completion, cut, decision, error, reply, tokens
from tests.unit.ai_steps.openai.given import KEY, RECEIPT, Receipt, about, answered, request_for, unanswered
from tests.wire_cassettes import CONFIG, HOST, secrets, told_in

CASSETTES = Path(__file__).parent / "cassettes" / "test_wire"
Play = Callable[..., OpenAIModel]

pytestmark = [pytest.mark.vcr, pytest.mark.block_network(allowed_hosts=[r"127\.0\.0\.1"])]


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    return CONFIG


@pytest.fixture
def recording(record_mode: str) -> Iterator[Stub | None]:
    """Return the stub to record from, or None when the cassettes play."""
    if record_mode == "none":
        yield None
        return
    with Stub() as stub:
        yield stub


@pytest_asyncio.fixture
async def play(recording: Stub | None) -> AsyncIterator[Play]:
    """Build a model on a server that plays replies: the stub while recording, the cassette otherwise."""
    made: list[OpenAIModel] = []

    def start(*replies: Json, **settings: Any) -> OpenAIModel:
        if recording is not None:
            recording.play(*replies)
        url = f"{HOST}:9/v1" if recording is None else recording.url
        made.append(OpenAIModel("stub-1", base_url=url, api_key=KEY, **settings))
        return made[-1]

    yield start
    for model in made:
        await model.aclose()


@pytest.mark.dear
async def test_a_classification(play: Play) -> None:
    entries = tokens('{"label":"', ("B", {"B": 0.9, "A": 0.06, "x": 0.01}), '"}')
    model = play(reply(completion('{"label":"B"}', logprobs=entries)))
    answer = answered(await model.answer(request_for()))
    assert answer.value == "card"
    assert answer.confidence.value == pytest.approx(0.9)
    assert answer.alternatives == (about("billing", 0.06),)


async def test_an_extraction_with_a_strict_schema(play: Play) -> None:
    model = play(reply(completion(RECEIPT, logprobs=tokens(*cut(RECEIPT)))))
    answer = answered(await model.answer(request_for(Receipt)))
    assert answer.value == Receipt(company="Café Zürich", total=12.5)
    assert answer.fields["total"].source == "logprob"


async def test_a_reask_after_an_answer_that_does_not_fit(play: Play) -> None:
    model = play(reply(completion('{"company":"A"}')), reply(completion(RECEIPT)), confidence="none")
    answer = answered(await model.answer(request_for(Receipt)))
    assert [attempt.result for attempt in answer.attempts] == ["invalid", "answered"]


async def test_a_vote(play: Play) -> None:
    bodies = completion('{"label":"card"}', '{"label":"card"}', '{"label":"other"}')
    answer = answered(await play(reply(bodies), confidence="vote").answer(request_for()))
    assert answer.confidence == Confidence(2 / 3, "vote", "2 of 3 samples agree")


async def test_a_decision(play: Play) -> None:
    options = [{"value": "card", "probability": 0.8}, {"value": "billing", "probability": 0.2}]
    chosen = {"type": "choice", "name": "route", "choice": "card", "confidence": 0.8, "probabilities": options}
    answer = answered(await play(reply(decision(chosen), when={"path": "/decisions"})).answer(request_for()))
    assert (answer.value, answer.confidence.source) == ("card", "decision")


async def test_a_refusal(play: Play) -> None:
    model = play(reply(completion(None, refusal="I cannot help with that.")), confidence="none")
    assert unanswered(await model.answer(request_for())).result == "refused"


async def test_a_rate_limit_and_the_answer_after_it(play: Play) -> None:
    limited = reply(error("slow down"), status=429, headers={"retry-after-ms": "10"})
    model = play(limited, reply(completion('{"label":"card"}')), confidence="none")
    answer = answered(await model.answer(request_for()))
    assert [attempt.result for attempt in answer.attempts] == ["failed", "answered"]


async def test_a_streamed_text(play: Play) -> None:
    heard: list[str] = []
    model = play(reply(chunks("Dear ", "customer", usage={"prompt_tokens": 7, "completion_tokens": 2})))
    answer = answered(await model.answer(request_for(str, on_text=heard.append, wants_confidence=False)))
    assert answer.value == "".join(heard) == "Dear customer"


def test_no_cassette_holds_a_key_or_names_a_machine(record_mode: str) -> None:
    if record_mode != "none":
        pytest.skip("cassettes are being written")
    assert "test_a_classification" in told_in(CASSETTES)
    assert not [(name, word) for name, text in told_in(CASSETTES).items() for word in secrets(KEY) if word in text]
