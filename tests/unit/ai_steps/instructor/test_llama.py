"""Models on a real server: llama.cpp's own, from a wheel, with a model of random weights that is held to a schema."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

pytest.importorskip("xllamacpp", reason="llama.cpp's server is not installed")
pytest.importorskip("gguf", reason="its file format is not installed")

from handrail import Doubtful, OpenAIModel, classify, confidence
from handrail.ai_steps import DecisionModel, InstructorModel, Price
from tests.servers.llama import NAME, LlamaServer
from tests.servers.tiny_model import write_tiny_model
from tests.unit.ai_steps.openai.given import Team, answered, request_for, unanswered

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    model = tmp_path_factory.mktemp("llama") / "tiny.gguf"
    write_tiny_model(model)
    with LlamaServer(model) as server:
        yield server


def test_the_same_seed_makes_the_same_model(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_tiny_model(tmp_path / name, seed=seed)
    one, other, third = ((tmp_path / name).read_bytes() for name in "abc")
    assert one == other != third


async def test_a_seed_draws_the_same_answer_again(llama: LlamaServer) -> None:
    model = OpenAIModel(NAME, base_url=llama.url, api_key="none", decisions=False, temperature=1.5, seed=11)
    first, again = [answered(await model.answer(request_for())) for _ in range(2)]
    await model.aclose()
    assert first.value in get_args(Team)
    assert first.value == again.value
    assert first.confidence.source == "logprob"
    assert first.asked_as.startswith("sent-")


async def test_a_server_of_ones_own_is_asked_through_instructor(llama: LlamaServer) -> None:
    model = InstructorModel(
        f"ollama/{NAME}",
        base_url=llama.url,
        answers_by="json_schema",
        temperature=0.9,
        seed=3,
        max_output_tokens=400,
        prices={NAME: Price(1, 1)},
    )
    answer = answered(await model.answer(request_for()))
    await model.aclose()
    assert answer.value in get_args(Team)
    assert answer.confidence.source == "vote"
    assert answer.confidence.value in {1 / 3, 2 / 3, 1.0}
    assert answer.asked_as.startswith("sampled,instructor-json_schema,sent-")
    assert all(each.input_tokens and each.output_tokens and each.money for each in answer.attempts)


async def test_a_server_that_knows_decisions_says_that_a_model_of_texts_makes_none(llama: LlamaServer) -> None:
    """llama.cpp serves decision models too, at the same address; this model is none."""
    model = DecisionModel(f"systemone:{NAME}", base_url=llama.url)
    step = classify("route", Team, "Which team?", models=model, accept=confidence(at_least=0.5))
    outcome = await step("I lost my card")
    await model.aclose()
    assert isinstance(outcome, Doubtful)
    assert "not a decision model" in outcome.reason
    assert len(outcome.judgement.attempts) == 1


@pytest.mark.parametrize("asked_by", ["code", "name"])
async def test_a_label_that_the_server_does_not_list_is_not_one_without_probability(
    asked_by: str, llama: LlamaServer
) -> None:
    """Its log-probabilities are from before the schema: of a model of random weights, labels have next to nothing."""
    by_code = asked_by == "code"
    model = OpenAIModel(NAME, base_url=llama.url, api_key="none", decisions=False, codes=by_code, among_labels=True)
    answer = answered(await model.answer(request_for()))
    await model.aclose()
    assert answer.confidence.source == "logprob"
    assert answer.confidence.value is not None
    assert answer.confidence.value < 0.8
    assert "may be on labels" in answer.confidence.detail


async def test_a_model_that_cannot_do_it_answers_nothing(llama: LlamaServer) -> None:
    """A server that is not told the schema lets the model say what it likes, and that is no answer."""
    model = InstructorModel(f"ollama/{NAME}", base_url=llama.url, answers_by="tools", reasks=1, max_output_tokens=60)
    outcome = unanswered(await model.answer(request_for()))
    await model.aclose()
    assert outcome.result in {"invalid", "truncated"}
    assert {each.result for each in outcome.attempts} <= {"invalid", "truncated"}
