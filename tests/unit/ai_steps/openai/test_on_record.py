"""What the record says of an answer: names, tokens, limits, and no secret."""

import json
import pickle
from typing import Any

import pytest

from handrail_ai_steps.models.openai.access import Credential
from tests.stub_server import Stub, completion, error, reply
from tests.unit.ai_steps.openai.given import B_TOKENS, GOOD, KEY, MakeModel, Order, answered, request_for


async def test_the_record_names_the_model_that_answered(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply({**GOOD, "model": "something-else-7b"}))
    answer = answered(await make_model().answer(request_for()))
    assert answer.model == answer.attempts[0].model == "something-else-7b"
    assert "asked for stub-1, answered by something-else-7b" in answer.attempts[0].notes


async def test_a_dated_snapshot_is_the_model_asked_for(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply({**GOOD, "model": "stub-1-2026-01-01"}))
    answer = answered(await make_model().answer(request_for()))
    assert answer.model == "stub-1-2026-01-01"
    assert answer.attempts[0].notes == ()


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": "many"}, {"prompt_tokens": -1, "completion_tokens": True}])
async def test_missing_usage_is_unknown_and_not_zero(
    stub: Stub, make_model: MakeModel, usage: dict[str, Any] | None
) -> None:
    stub.play(reply(completion('{"label":"B"}', logprobs=B_TOKENS, usage=usage)))
    (attempt,) = answered(await make_model().answer(request_for())).attempts
    assert (attempt.input_tokens, attempt.output_tokens, attempt.money) == (None, None, None)
    assert "did not say how many tokens" in attempt.notes[0]


async def test_an_ignored_token_limit_is_noted(stub: Stub, make_model: MakeModel) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5000}
    stub.play(reply(completion('{"label":"B"}', logprobs=B_TOKENS, usage=usage)))
    answer = answered(await make_model().answer(request_for(max_tokens=1000)))
    assert any("ignored the limit" in note for note in answer.attempts[0].notes)


async def test_an_older_name_of_the_token_limit_is_used_where_the_new_is_unknown(
    stub: Stub, make_model: MakeModel
) -> None:
    refused = error("Unrecognized request argument supplied: max_completion_tokens")
    stub.play(reply(refused, status=400, when={"max_completion_tokens": True}), reply(GOOD))
    answered(await make_model().answer(request_for(max_tokens=1000)))
    assert "max_tokens" in stub.bodies()[-1]


async def test_a_rejected_temperature_is_left_out(stub: Stub, make_model: MakeModel) -> None:
    refused = error("Unsupported value: 'temperature' does not support 0", param="temperature")
    stub.play(reply(refused, status=400, when={"temperature": True}), reply(GOOD))
    assert answered(await make_model().answer(request_for())).value == "card"


async def test_no_log_repeats_the_input_or_the_answer_above_debug(
    stub: Stub, make_model: MakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    stub.play(reply(completion(json.dumps({"quantity": "4111 1111 1111 1111"}))))
    await make_model(confidence="none").answer(request_for(Order, text="my secret text"))
    assert "1111 1111" not in caplog.text  # and not "4111", which a port may hold
    assert "secret text" not in caplog.text
    assert KEY not in caplog.text


def test_a_key_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Credential(KEY))
