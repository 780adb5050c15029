"""Two providers' wires as they were recorded: replayed without a server, every request matched by its body.

Record again, against the stubs and with nothing of this machine in the files:
``pytest tests/unit/ai_steps/instructor/test_provider_wires.py --record-mode=rewrite``.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from handrail_ai_steps.models.instructor.model import InstructorModel
from tests.servers import anthropic_stub as anthropic
from tests.servers import gemini_stub as gemini
from tests.stub_server import Json, Stub, reply
from tests.unit.ai_steps.instructor.conftest import KEY, NAMES
from tests.unit.ai_steps.openai.given import Receipt, answered, request_for, unanswered
from tests.wire_cassettes import CONFIG, HOST, secrets, told_in

CASSETTES = Path(__file__).parent / "cassettes" / "test_provider_wires"
PROVIDER = pytest.mark.parametrize("provider", NAMES)
Play = Callable[..., InstructorModel]

pytestmark = [pytest.mark.dear, pytest.mark.vcr, pytest.mark.block_network(allowed_hosts=[r"127\.0\.0\.1"])]


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
    made: list[InstructorModel] = []

    def start(provider: str, *replies: Json) -> InstructorModel:
        if recording is not None:
            recording.play(*replies)
        url = f"{HOST}:9" if recording is None else recording.url.removesuffix("/v1")
        made.append(InstructorModel(NAMES[provider], base_url=url, api_key=KEY, samples=1))
        return made[-1]

    yield start
    for model in made:
        await model.aclose()


def said(provider: str, arguments: Json) -> Json:
    if provider == "anthropic":
        return reply(anthropic.message(anthropic.call(arguments)))
    return reply(gemini.generated(gemini.call(arguments)))


@PROVIDER
async def test_a_classification(play: Play, provider: str) -> None:
    model = play(provider, said(provider, {"label": "card", "confidence": 0.8}))
    answer = answered(await model.answer(request_for()))
    assert (answer.value, answer.confidence.value, answer.confidence.source) == ("card", 0.8, "stated")


@PROVIDER
async def test_a_reask_after_an_answer_that_does_not_fit(play: Play, provider: str) -> None:
    whole = {"answer": {"company": "Café Zürich", "total": 12.5}, "confidence": 0.9}
    model = play(provider, said(provider, {"answer": {"company": "A"}}), said(provider, whole))
    answer = answered(await model.answer(request_for(Receipt)))
    assert answer.value == Receipt(company="Café Zürich", total=12.5)
    assert [attempt.result for attempt in answer.attempts] == ["invalid", "answered"]


@PROVIDER
async def test_a_refusal(play: Play, provider: str) -> None:
    body = anthropic.message(stop="refusal") if provider == "anthropic" else gemini.blocked()
    assert unanswered(await play(provider, reply(body)).answer(request_for())).result == "refused"


@PROVIDER
async def test_an_overload_and_the_answer_after_it(play: Play, provider: str) -> None:
    busy = anthropic.error("overloaded_error", "busy") if provider == "anthropic" else gemini.error(503, "BUSY", "busy")
    failed = reply(busy, status=529 if provider == "anthropic" else 503)
    model = play(provider, failed, said(provider, {"label": "card", "confidence": 1}))
    answer = answered(await model.answer(request_for()))
    assert [attempt.result for attempt in answer.attempts] == ["failed", "answered"]


def test_no_cassette_holds_a_key_or_names_a_machine(record_mode: str) -> None:
    if record_mode != "none":
        pytest.skip("cassettes are being written")
    assert len(told_in(CASSETTES)) == 4 * len(NAMES)
    assert not [(name, word) for name, text in told_in(CASSETTES).items() for word in secrets(KEY) if word in text]
