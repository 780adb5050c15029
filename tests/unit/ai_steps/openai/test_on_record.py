"""What the record says of an answer: names, tokens, limits, and no secret."""

import json
import pickle
from typing import Any

import pytest

from handrail import Doubtful, ScriptedModel, confidence
from handrail.ai_steps import Limits, Price
from handrail_ai_steps.models.openai.access import Credential
from tests.stub_server import Stub, completion, error, reply
from tests.unit.ai_steps.guard_kinds import refuses
from tests.unit.ai_steps.openai.given import B_TOKENS, GOOD, KEY, MakeModel, Order, answered, request_for, unanswered
from tests.unit.ai_steps.teams import route


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


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"prompt_tokens": "many"},
        {"prompt_tokens": -1, "completion_tokens": True},
        {"prompt_tokens": 10**400, "completion_tokens": 1e300},
        {"prompt_tokens": float("nan"), "completion_tokens": 0},
    ],
)
async def test_missing_usage_is_unknown_and_not_zero(
    stub: Stub, make_model: MakeModel, usage: dict[str, Any] | None
) -> None:
    stub.play(reply(completion('{"label":"B"}', logprobs=B_TOKENS, usage=usage)))
    (attempt,) = answered(await make_model().answer(request_for())).attempts
    assert (attempt.input_tokens, attempt.output_tokens, attempt.money) == (None, None, None)
    assert "did not say how many tokens" in attempt.notes[0]


@pytest.mark.parametrize(
    ("usage", "output"),
    [
        ({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135}, 103),
        (
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 94},
            },
            103,
        ),
        ({"prompt_tokens": 32, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 94}}, 103),
        (
            {
                "prompt_tokens": 500,
                "completion_tokens": 500,
                "total_tokens": 1000,
                "completion_tokens_details": {"reasoning_tokens": 200},
            },
            500,
        ),
        ({"prompt_tokens": 500, "completion_tokens": 20, "total_tokens": "many"}, 20),
    ],
)
async def test_thinking_that_a_server_leaves_out_of_its_answers_tokens_is_paid_for(
    stub: Stub, make_model: MakeModel, usage: dict[str, Any], output: int
) -> None:
    """inspect_ai #5528, vercel/ai #12425, promptfoo #9507: some count it beside the answer, and most within."""
    stub.play(reply(completion('{"label":"B"}', logprobs=B_TOKENS, usage=usage)))
    (attempt,) = answered(await make_model(prices={"stub-1": Price(1, 10)}).answer(request_for())).attempts
    assert attempt.output_tokens == output
    assert attempt.money == pytest.approx((usage["prompt_tokens"] + output * 10) / 1e6)


async def test_a_text_that_took_no_tokens_was_not_counted(stub: Stub, make_model: MakeModel) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 0, "total_tokens": 100}
    stub.play(reply(completion('{"label":"B"}', logprobs=B_TOKENS, usage=usage)))
    (attempt,) = answered(await make_model(prices={"stub-1": Price(1, 10)}).answer(request_for())).attempts
    assert (attempt.input_tokens, attempt.output_tokens, attempt.money) == (100, None, None)


async def test_tokens_that_nobody_counted_are_spent_in_the_whole_call(stub: Stub, make_model: MakeModel) -> None:
    uncounted = completion('{"label":"B"}', logprobs=B_TOKENS, usage=None)
    limits = Limits(tokens=400, reasks=9)
    for models, guards in ((1, [refuses(lambda _: True, on_fail="reask")]), (5, [])):
        stub.reset()
        stub.play(reply(uncounted))
        step = route(
            *(make_model(decisions=False) for _ in range(models)),
            guards=guards,
            accept=confidence(at_least=0.99),
            limits=limits,
        )
        outcome = await step("my card was stolen")
        assert isinstance(outcome, Doubtful)
        assert "what is left of the budget" in outcome.reason
        assert 1 <= len(stub.bodies()) <= 3


async def test_money_that_cannot_be_counted_without_tokens_is_no_missing_price(
    stub: Stub, make_model: MakeModel
) -> None:
    stub.play(reply(completion('{"label":"B"}', logprobs=B_TOKENS, usage=None)))
    priced = make_model(decisions=False, prices={"stub-1": Price(1, 1)})
    step = route(priced, ScriptedModel(["cards"]), accept=confidence(at_least=0.99), limits=Limits(money=1))
    outcome = await step("my card was stolen")
    assert isinstance(outcome, Doubtful)
    assert "stub-1 did not say how many tokens an answer took, so a budget of 1 cannot be kept" in outcome.reason


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


async def test_a_key_that_a_server_calls_its_model_is_in_no_answer(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply({**GOOD, "model": f"proxy/{KEY}"}))
    answer = answered(await make_model().answer(request_for()))
    assert KEY not in repr(answer)
    assert answer.model == answer.attempts[0].model == "proxy/***"


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY}", f"{KEY}é", f"{KEY}\r\nX-Evil: 1"])
async def test_a_key_that_cannot_be_sent_is_told_of_and_not_shown(stub: Stub, make_model: MakeModel, key: str) -> None:
    stub.play(reply(GOOD))
    outcome = unanswered(await make_model(api_key=lambda: key).answer(request_for()))
    assert "the key that the key function returned has a line break, a space around it" in outcome.reason
    assert KEY not in repr(outcome)
    assert stub.requests() == []


async def test_an_error_in_a_list_is_read_like_one(stub: Stub, make_model: MakeModel) -> None:
    """Microsoft/vscode #258088: so does Google's endpoint send them."""
    told = {"code": 400, "message": "the input is odd", "status": "INVALID_ARGUMENT"}
    stub.play(reply(json.dumps([{"error": told}]), status=400))
    outcome = unanswered(await make_model().answer(request_for()))
    assert outcome.reason == "the server answered 400: the input is odd"


def test_a_key_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Credential(KEY))
