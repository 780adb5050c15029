"""What real servers and client libraries do wrong, each played by the stub: a value, a weaker source, or a reason."""

import asyncio
import json
import math
import pickle
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from handrail_ai_steps.models.openai.access import Credential
from handrail_guards.confidence import Confidence
from tests.stub_server import Stub, chunks, completion, cut, error, reply, tokens
from tests.unit.ai_steps.openai_stub import (
    KEY,
    RECEIPT,
    MakeModel,
    Receipt,
    answered,
    make_model,
    request_for,
    running_stub,
    stub,
    unanswered,
)

__all__ = ["make_model", "running_stub", "stub"]  # fixtures

B_TOKENS = tokens('{"label":"', ("B", {"B": 0.9, "A": 0.1}), '"}')
GOOD = completion('{"label":"B"}', logprobs=B_TOKENS)
NO_LOGPROBS = completion('{"label":"B"}')


# Shape: strict ignored, no schema, markup ----------------------------------------------------------------------------


class Order(BaseModel):
    """Ranges and steps that servers with ``strict`` have let through."""

    quantity: Annotated[int, Field(ge=1, le=10, multiple_of=2)]


@pytest.mark.parametrize("wrong", ['{"quantity":11}', '{"quantity":3}', '{"quantity":"x"}', "{}", "[]", "", "null"])
async def test_schema_invalid_json_with_status_200_is_sent_back(stub: Stub, make_model: MakeModel, wrong: str) -> None:
    stub.play(reply(completion(wrong)), reply(completion('{"quantity":4}')))
    answer = answered(await make_model(confidence="none").answer(request_for(Order)))
    assert answer.value == Order(quantity=4)
    assert [attempt.result for attempt in answer.attempts] == ["invalid", "answered"]
    assert answer.attempts[0].notes
    messages = stub.bodies()[1]["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[2]["content"] == wrong


async def test_reasks_are_capped_and_counted_and_the_schema_stays_strict(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"quantity":11}')))
    outcome = unanswered(await make_model(reasks=2).answer(request_for(Order)))
    assert outcome.result == "invalid"
    assert "in 3 tries" in outcome.reason
    assert "quantity" in outcome.reason
    assert len(stub.bodies()) == 3  # and not 4: instructor's max_retries=3 would send one more
    assert [attempt.result for attempt in outcome.attempts] == ["invalid"] * 3
    assert all(body["response_format"]["json_schema"]["strict"] for body in stub.bodies())


async def test_usage_is_each_attempts_own_and_not_a_running_total(stub: Stub, make_model: MakeModel) -> None:
    for output in (5, 7):
        usage = {"prompt_tokens": 10 * output, "completion_tokens": output, "total_tokens": 11 * output}
        text = '{"quantity":4}' if output == 7 else "{}"
        stub.play(reply(completion(text, usage=usage)))
    answer = answered(await make_model(confidence="none").answer(request_for(Order)))
    assert [(each.input_tokens, each.output_tokens) for each in answer.attempts] == [(50, 5), (70, 7)]


@pytest.mark.slow
async def test_a_server_that_answers_500_to_a_schema_is_asked_for_plain_json(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("internal"), status=500, when={"response_format.type": "json_schema"}),
        reply(completion('{"quantity":4}')),
    )
    model = make_model(confidence="none")
    assert answered(await model.answer(request_for(Order))).value == Order(quantity=4)
    last = stub.bodies()[-1]
    assert last["response_format"] == {"type": "json_object"}
    assert '"quantity"' in last["messages"][0]["content"]
    answered(await model.answer(request_for(Order)))  # fails once more, beside one that works: it is the schema
    before = len(stub.bodies())
    answered(await model.answer(request_for(Order)))
    assert len(stub.bodies()) == before + 1  # remembered


@pytest.mark.slow
async def test_errors_that_pass_do_not_cost_the_schema(stub: Stub, make_model: MakeModel) -> None:
    good = reply(completion('{"quantity":4}'))
    stub.play(*[reply(error("down"), status=500)] * 2, good)
    model = make_model(confidence="none")
    for _ in range(3):
        answered(await model.answer(request_for(Order)))
    assert [body["response_format"]["type"] for body in stub.bodies()] == [
        *["json_schema"] * 2, "json_object", *["json_schema"] * 2
    ]  # fmt: skip


async def test_a_schema_the_server_cannot_take_leaves_other_steps_alone(stub: Stub, make_model: MakeModel) -> None:
    refused = error("Invalid schema for response_format 'odd'")
    stub.play(
        reply(refused, status=400, when={"response_format.json_schema.name": "odd"}),
        reply(completion('{"quantity":4}')),
    )
    model = make_model(confidence="none")
    answered(await model.answer(request_for(Order, task="odd")))
    answered(await model.answer(request_for(Order, task="even")))
    assert stub.bodies()[-1]["response_format"]["type"] == "json_schema"


async def test_questions_asked_at_once_learn_together_what_the_server_rejects(
    stub: Stub, make_model: MakeModel
) -> None:
    stub.play(
        reply(error("no temperature", param="temperature"), status=400, when={"temperature": 0}, delay=0.05),
        reply(error("at most 5", param="top_logprobs"), status=400, when={"top_logprobs": 20}, delay=0.05),
        reply(GOOD),
    )
    model = make_model(confidence="logprob")
    answers = await asyncio.gather(*(model.answer(request_for()) for _ in range(6)))
    assert {answered(each).confidence.source for each in answers} == {"logprob"}
    assert stub.bodies()[-1]["top_logprobs"] == 5


@pytest.mark.slow
async def test_an_outage_teaches_nothing_about_schemas(stub: Stub, make_model: MakeModel) -> None:
    stub.play(*[reply(error("down"), status=500)] * 4, reply(completion('{"quantity":4}')))
    model = make_model(confidence="none")
    assert unanswered(await model.answer(request_for(Order))).result == "failed"
    answered(await model.answer(request_for(Order)))
    assert stub.bodies()[-1]["response_format"]["type"] == "json_schema"


async def test_a_server_without_any_response_format_is_asked_in_words(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("response_format is not supported"), status=400, when={"response_format": True}),
        reply(completion('Sure!\n```json\n{"quantity": 4}\n```')),
    )
    answer = answered(await make_model(confidence="none").answer(request_for(Order)))
    assert answer.value == Order(quantity=4)
    assert answer.attempts[-1].notes == (
        "the server did not take the schema; asked for text instead",
        "the answer had text around its JSON",
    )
    assert [(body.get("response_format") or {}).get("type") for body in stub.bodies()] == [
        "json_schema",
        "json_object",
        None,
    ]


@pytest.mark.parametrize(
    "text",
    [
        'The ticket says {"quantity": 2}, so:\n{"quantity": 6}',
        '{"quantity": 2}\n{"quantity": 6}',
        '{"quantity": 6}. Not {"quantity": 2}, because that is too many.',
        '```json\n{"quantity": 2}\n```\nor\n```json\n{"quantity": 6}\n```',
        '{"order": {"quantity": 6}, "note": "cut',
        '[{"quantity": 2}, {"quantity": 6}]',
        'Not {"quantity": 3} but {"quantity": 6}',
        "{'order': {\"quantity\": 6}}",
    ],
)
async def test_of_several_objects_that_differ_none_is_the_answer(stub: Stub, make_model: MakeModel, text: str) -> None:
    stub.play(reply(completion(text)), reply(completion('{"quantity": 8}')))
    answer = answered(await make_model(confidence="none").answer(request_for(Order)))
    assert answer.value == Order(quantity=8)
    assert [attempt.result for attempt in answer.attempts] == ["invalid", "answered"]


async def test_an_object_given_twice_is_one_answer_and_one_that_does_not_fit_is_none(
    stub: Stub, make_model: MakeModel
) -> None:
    stub.play(reply(completion('Input {"id": "a7"}: {"quantity": 6}, so {"quantity":6.0}.')))
    answer = answered(await make_model(confidence="none").answer(request_for(Order)))
    assert answer.value == Order(quantity=6)
    assert answer.attempts[0].notes == ("the answer had text around its JSON",)


async def test_leaked_tool_markup_is_sent_back(stub: Stub, make_model: MakeModel) -> None:
    leaked = '<tool_call>\n{"name": "answer", "arguments": {"quantity": 4}}\n</tool_call>'
    stub.play(reply(completion(leaked)), reply(completion('{"quantity":4}')))
    answer = answered(await make_model(confidence="none").answer(request_for(Order)))
    assert [attempt.result for attempt in answer.attempts] == ["invalid", "answered"]


async def test_a_tool_call_nobody_asked_for_is_read_by_its_arguments(stub: Stub, make_model: MakeModel) -> None:
    calls = [{"id": "1", "type": "function", "function": {"name": "answer", "arguments": '{"quantity":4}'}}]
    stub.play(reply(completion(None, finish="tool_calls", tool_calls=calls)))
    answer = answered(await make_model(confidence="none").answer(request_for(Order)))
    assert answer.value == Order(quantity=4)
    assert "no tool was offered" in answer.attempts[0].notes[0]


async def test_a_truncated_tool_call_reported_as_whole_is_truncated(stub: Stub, make_model: MakeModel) -> None:
    calls = [{"id": "1", "type": "function", "function": {"name": "answer", "arguments": '{"quantity":'}}]
    stub.play(reply(completion(None, finish="tool_calls", tool_calls=calls)))
    outcome = unanswered(await make_model(confidence="none").answer(request_for(Order)))
    assert outcome.result == "truncated"
    assert len(stub.bodies()) == 1


# Refusal and truncation ----------------------------------------------------------------------------------------------


async def test_a_refusal_keeps_its_text_and_is_not_retried(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion(None, refusal="I cannot help with that.")))
    outcome = unanswered(await make_model().answer(request_for()))
    assert outcome.result == "refused"
    assert "I cannot help with that." in outcome.reason
    assert [attempt.result for attempt in outcome.attempts] == ["refused"]
    assert len(stub.bodies()) == 1


@pytest.mark.parametrize(
    "played",
    [
        reply(completion("", finish="content_filter")),
        reply(error("triggered our content management policy", code="content_filter"), status=400),
    ],
)
async def test_a_content_filter_is_a_refusal(stub: Stub, make_model: MakeModel, played: dict[str, Any]) -> None:
    stub.play(played)
    outcome = unanswered(await make_model().answer(request_for()))
    assert outcome.result == "refused"
    assert "content filter" in outcome.reason
    assert len(stub.bodies()) == 1


async def test_a_cut_off_answer_is_truncated_and_not_asked_again(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"company":"Caf', finish="length")))
    outcome = unanswered(await make_model().answer(request_for(Receipt)))
    assert (outcome.result, outcome.reason) == ("truncated", "the answer was cut off after 10 tokens")
    assert outcome.attempts[0].output_tokens == 10
    assert len(stub.bodies()) == 1


# Log-probabilities ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("logprobs", [None, []])
async def test_without_log_probabilities_the_samples_vote(
    stub: Stub, make_model: MakeModel, logprobs: list[Any] | None
) -> None:
    stub.play(
        reply(completion('{"label":"card"}', '{"label":"card"}', '{"label":"other"}'), when={"n": 3}),
        reply(completion('{"label":"C"}', logprobs=logprobs)),
    )
    model = make_model()
    first = answered(await model.answer(request_for()))
    assert first.value == "card"  # the answer without a number was not drawn, and has no vote
    assert first.confidence == Confidence(2 / 3, "vote", "2 of 3 samples agree")
    assert "no log-probabilities" in first.attempts[0].notes[0]
    for _ in range(2):
        answered(await model.answer(request_for()))
    last = answered(await model.answer(request_for()))
    assert last.confidence.value == pytest.approx(2 / 3)
    assert "logprobs" not in stub.bodies()[-1]  # remembered: not asked for again


async def test_one_answer_without_log_probabilities_says_nothing_about_the_next(
    stub: Stub, make_model: MakeModel
) -> None:
    drawn = reply(completion(*['{"label":"B"}'] * 3), when={"n": 3})
    stub.play(drawn, reply(GOOD), *[reply(NO_LOGPROBS)] * 5, reply(GOOD))
    model = make_model()
    sources = [answered(await model.answer(request_for())).confidence.source for _ in range(7)]
    assert sources == ["logprob", *["vote"] * 5, "logprob"]


async def test_without_log_probabilities_or_votes_there_is_no_number(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(NO_LOGPROBS))
    answer = answered(await make_model(confidence="logprob").answer(request_for()))
    assert answer.value == "card"
    assert answer.confidence == Confidence.none("the server gave no log-probabilities")


async def test_with_one_sample_the_models_word_is_the_last_resort(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(NO_LOGPROBS), reply(completion('{"label":"card","confidence":0.6}')))
    model = make_model(samples=1)
    sources = [answered(await model.answer(request_for())).confidence.source for _ in range(4)]
    assert sources == [*["none"] * 3, "stated"]


async def test_log_probabilities_that_need_top_logprobs_get_it(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(completion(RECEIPT, logprobs=tokens(*cut(RECEIPT))), when={"top_logprobs": True}),
        reply(completion(RECEIPT)),
    )
    answer = answered(await make_model().answer(request_for(Receipt)))
    assert answer.confidence.source == "logprob"


async def test_log_probabilities_from_before_the_grammar_leave_other_mass(stub: Stub, make_model: MakeModel) -> None:
    entries = tokens('{"label":"', "B", '"}')
    entries[1] |= {"logprob": math.log(0.08), "top_logprobs": tokens(("The", {"The": 0.7}), ("A", {"A": 0.02}))}
    stub.play(reply(completion('{"label":"B"}', logprobs=entries)))
    answer = answered(await make_model().answer(request_for()))
    assert answer.confidence.value == pytest.approx(0.08)  # by its own value: the list does not have it
    assert answer.other_mass == pytest.approx(0.90)
    assert "90% of the probability was on no label" in answer.attempts[0].notes[0]


async def test_an_extra_closing_entry_with_an_empty_token_changes_nothing(stub: Stub, make_model: MakeModel) -> None:
    closing = {"token": "", "bytes": [], "logprob": -20.0, "top_logprobs": []}
    stub.play(reply(completion('{"label":"B"}', logprobs=[*B_TOKENS, closing])))
    assert answered(await make_model().answer(request_for())).confidence.value == pytest.approx(0.9)


async def test_log_probabilities_of_another_text_are_not_used(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"label":"B"}', logprobs=tokens("something else"))))
    answer = answered(await make_model(confidence="logprob").answer(request_for()))
    assert answer.confidence.source == "none"
    assert "do not spell the answer" in answer.confidence.detail


@pytest.mark.parametrize("message", ["top_logprobs must be at most 5", "logprobs is not supported with this model"])
async def test_rejected_log_probabilities_are_asked_for_less_or_not_at_all(
    stub: Stub, make_model: MakeModel, message: str
) -> None:
    refused = {"top_logprobs": 20} if "5" in message else {"logprobs": True}
    stub.play(
        reply(error(message, param="top_logprobs" if "5" in message else "logprobs"), status=400, when=refused),
        reply(completion(*['{"label":"card"}'] * 3), when={"n": 3}),
        reply(GOOD if "5" in message else NO_LOGPROBS),
    )
    answer = answered(await make_model().answer(request_for()))
    assert answer.value == "card"
    assert answer.confidence.source == ("logprob" if "5" in message else "vote")


async def test_reasoning_models_are_not_asked_for_log_probabilities(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion(*['{"label":"card"}'] * 3, model="gpt-5-mini")))
    answer = answered(await make_model("gpt-5-mini").answer(request_for()))
    assert answer.confidence.source == "vote"
    assert not {"logprobs", "temperature"} & set(stub.bodies()[0])


# Votes that the server does not take ---------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [1, 2])
async def test_samples_that_n_did_not_bring_are_asked_for_one_by_one(
    stub: Stub, make_model: MakeModel, at_once: int
) -> None:
    stub.play(
        reply(completion(*['{"label":"card"}'] * at_once), when={"n": 4}),
        reply(completion('{"label":"other"}')),
    )
    answer = answered(await make_model(confidence="vote", samples=4).answer(request_for()))
    assert len(stub.bodies()) == 1 + 4 - at_once
    assert answer.confidence.value == pytest.approx(0.75 if at_once == 1 else 0.5)
    assert f"asked for 4 answers at once, got {at_once}" in answer.attempts[0].notes


async def test_a_rejected_n_becomes_separate_requests(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("Only n=1 is supported", param="n"), status=400, when={"n": 3}),
        reply(completion('{"label":"card"}')),
    )
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence.value == 1.0
    assert "n" not in stub.bodies()[-1]


async def test_samples_that_are_refused_agree_with_nobody_and_are_told(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(completion('{"label":"card"}'), when={"n": 3}),
        reply(completion('{"label":"card"}')),
        reply(completion(None, refusal="no")),
    )
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence == Confidence(2 / 3, "vote", "2 of 3 samples agree")
    assert any("1 of 3 samples failed" in note for attempt in answer.attempts for note in attempt.notes)


# Retries, deadlines, outages -----------------------------------------------------------------------------------------


async def test_retry_after_is_obeyed(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("slow down"), status=429, headers={"Retry-After": "1"}), reply(GOOD))
    answer = answered(await make_model(confidence="logprob").answer(request_for()))
    first, second = (each["at"] for each in stub.requests())
    assert second - first >= 1.0
    assert [attempt.result for attempt in answer.attempts] == ["failed", "answered"]
    assert "429" in answer.attempts[0].notes[0]


@pytest.mark.slow
async def test_retry_after_as_a_date_and_in_milliseconds_is_obeyed(stub: Stub, make_model: MakeModel) -> None:
    when = (datetime.now(UTC) + timedelta(seconds=2)).replace(microsecond=0)  # a date has whole seconds
    date, since_then = format_datetime(when, usegmt=True), time.time() - time.monotonic()
    stub.play(
        reply(error("slow down"), status=503, headers={"Retry-After": date}),
        reply(error("slow down"), status=429, headers={"retry-after-ms": "300"}),
        reply(GOOD),
    )
    answered(await make_model(confidence="logprob").answer(request_for()))
    _, second, third = (each["at"] for each in stub.requests())
    assert second + since_then >= when.timestamp() - 0.1  # the two clocks are read one after the other
    assert third - second >= 0.3


async def test_a_pause_asked_of_one_holds_for_all(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("slow down"), status=429, headers={"retry-after-ms": "600"}), reply(GOOD))
    model = make_model(confidence="logprob")
    first = asyncio.create_task(model.answer(request_for()))
    while not (model._backend and model._backend.pacer.paused):  # noqa: ASYNC110, SLF001 -- a refusal has no event
        await asyncio.sleep(0.01)
    answered(await model.answer(request_for()))
    answered(await first)
    at = [each["at"] for each in stub.requests()]
    assert min(at[1:]) - at[0] >= 0.55


async def test_a_wait_beyond_the_deadline_stops_at_once_and_says_so(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("slow down"), status=429, headers={"Retry-After": "3600"}))
    outcome = unanswered(await make_model().answer(request_for(seconds=5)))
    assert outcome.result == "failed"  # and not timed_out: it did not wait
    assert "asks to wait 3600 seconds" in outcome.reason


@pytest.mark.slow
async def test_nobody_but_us_retries(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("down"), status=503))
    outcome = unanswered(await make_model(confidence="none", reasks=2).answer(request_for()))
    assert outcome.result == "failed"
    assert len(stub.bodies()) == 4 == len(outcome.attempts)  # not 9 or 27: nothing multiplies


@pytest.mark.slow
@pytest.mark.parametrize("trap", ["", "dribble"])
async def test_one_deadline_holds_over_everything(stub: Stub, make_model: MakeModel, trap: str) -> None:
    stub.play(reply(GOOD, delay=0.02 if trap else 60.0, trap=trap))
    model = make_model(confidence="logprob")
    await model.answer(request_for(seconds=0.01))  # loads the libraries
    outcome = unanswered(await model.answer(request_for(seconds=2.0)))
    assert outcome.result == "timed_out"
    assert outcome.reason == "no answer within 2 seconds: stopped while it was answering"
    assert [attempt.result for attempt in outcome.attempts] == ["timed_out"]


@pytest.mark.slow
async def test_reasks_and_retries_share_the_deadline(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("nonsense"), delay=0.3))
    outcome = unanswered(await make_model(confidence="none", reasks=50).answer(request_for(seconds=4.0)))
    assert outcome.result == "timed_out"
    assert 2 <= len(outcome.attempts) < 50


async def test_a_dropped_connection_is_tried_again(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(trap="drop"), reply(GOOD))
    answer = answered(await make_model(confidence="logprob").answer(request_for()))
    assert [attempt.result for attempt in answer.attempts] == ["failed", "answered"]
    assert "could not be reached" in answer.attempts[0].notes[0]


@pytest.mark.slow
async def test_a_server_that_is_not_there_is_a_reason_and_no_crash(make_model: MakeModel) -> None:
    model = make_model(base_url="http://127.0.0.1:9/v1")
    outcome = unanswered(await model.answer(request_for()))
    assert outcome.result == "failed"
    assert "could not be reached" in outcome.reason


@pytest.mark.parametrize("body", ["<html>busy</html>", "", "[]", "null", '{"choices":[]}', '{"choices":[{}]}', "{}"])
async def test_a_200_that_is_no_answer_is_tried_again(stub: Stub, make_model: MakeModel, body: str) -> None:
    stub.play(reply(body), reply(GOOD))
    answer = answered(await make_model(confidence="logprob").answer(request_for()))
    assert [attempt.result for attempt in answer.attempts] == ["failed", "answered"]


async def test_an_error_inside_a_200_is_an_error(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("no such model", code=404)))
    outcome = unanswered(await make_model().answer(request_for()))
    assert outcome.result == "failed"
    assert "no such model" in outcome.reason


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error("This model's maximum context length is 8192 tokens.", code="context_length_exceeded")),
        (400, error("prompt is too long", code=400)),
        (400, {"object": "error", "message": "exceeds the available context size", "code": 400}),
        (413, {"detail": "Request Entity Too Large"}),
        (422, {"error": "Input is too long: inputs tokens + max_new_tokens must be <= 4096"}),
    ],
)
async def test_an_overflowing_context_is_named_whatever_the_server_calls_it(
    stub: Stub, make_model: MakeModel, status: int, body: dict[str, Any]
) -> None:
    stub.play(reply(body, status=status))
    outcome = unanswered(await make_model().answer(request_for()))
    assert outcome.result == "failed"
    assert outcome.reason.startswith("the input is too long for the model")
    # A limit to the output may be what is too much, where the server speaks of it: once more without.
    assert len(stub.bodies()) == (2 if "max_new_tokens" in str(body) else 1)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, error("bad key", code=401), "OPENAI_API_KEY"),
        (404, error("model not found"), "model not found"),
        (429, error("You exceeded your current quota", code="insufficient_quota"), "no quota left"),
        (418, "I'm a teapot", "teapot"),
    ],
)
async def test_failures_that_will_not_pass_are_not_retried(
    stub: Stub, make_model: MakeModel, status: int, body: Any, told: str
) -> None:
    stub.play(reply(body, status=status))
    outcome = unanswered(await make_model().answer(request_for()))
    assert outcome.result == "failed"
    assert told in outcome.reason
    assert len(stub.bodies()) == 1


# Numbers and names ---------------------------------------------------------------------------------------------------


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


async def test_content_in_parts_is_joined(stub: Stub, make_model: MakeModel) -> None:
    body = completion("")
    body["choices"][0]["message"]["content"] = [{"type": "text", "text": '{"label":'}, {"type": "text", "text": '"B"}'}]
    stub.play(reply(body))
    assert answered(await make_model(confidence="logprob").answer(request_for())).value == "card"


async def test_braces_that_begin_no_json_do_not_hide_the_answer(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('I use {braces} and {more, then {"quantity": 8} and {that is all')))
    assert answered(await make_model(confidence="none").answer(request_for(Order))).value == Order(quantity=8)


@pytest.mark.parametrize("text", ["{" * 5000, '{"a":' * 5000, "[" * 100_000, '{"quantity":' + "9" * 5000 + "}"])
async def test_monstrous_answers_are_invalid(stub: Stub, make_model: MakeModel, text: str) -> None:
    stub.play(reply(completion(text)))
    outcome = unanswered(await make_model(confidence="none", reasks=0).answer(request_for(Order)))
    assert outcome.result == "invalid"


async def test_an_error_in_the_callback_is_a_reason(stub: Stub, make_model: MakeModel) -> None:
    def broken(_: str) -> None:
        raise ValueError("cannot show it")

    stub.play(reply(chunks("Dear")))
    outcome = unanswered(await make_model().answer(request_for(str, on_text=broken)))
    assert outcome.result == "failed"
    assert "cannot show it" in outcome.reason


# Streams -------------------------------------------------------------------------------------------------------------


async def test_a_stream_without_usage_has_unknown_tokens(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(chunks("Dear ", "customer")))
    answer = answered(await make_model().answer(request_for(str, on_text=lambda _: None)))
    assert answer.attempts[0].output_tokens is None
    assert answer.value == "Dear customer"


async def test_rejected_stream_options_are_left_out(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("unknown field stream_options"), status=400, when={"stream_options": True}), reply(chunks("Dear"))
    )
    assert answered(await make_model().answer(request_for(str, on_text=lambda _: None))).value == "Dear"


async def test_a_stream_that_breaks_is_not_started_again(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("Hello"), when={"stream": None}))
    stub.play(reply(chunks("Dear ", "customer", ", thank"), trap="drop_midway"))
    heard: list[str] = []
    model = make_model()
    await model.answer(request_for(str))
    outcome = unanswered(await model.answer(request_for(str, on_text=heard.append)))
    assert outcome.result == "failed"
    assert "broke after 13 characters" in outcome.reason
    assert "".join(heard) == "Dear customer"
    assert len(stub.bodies()) == 2


async def test_a_stream_that_just_ends_is_not_taken_for_whole(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(chunks("Dear cust", finish=None)))
    assert unanswered(await make_model().answer(request_for(str, on_text=lambda _: None))).result == "truncated"


async def test_a_stream_refused_before_its_first_piece_is_tried_again(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("busy"), status=503), reply(chunks("Dear")))
    assert answered(await make_model().answer(request_for(str, on_text=lambda _: None))).value == "Dear"


# The libraries' logs -------------------------------------------------------------------------------------------------


async def test_no_log_repeats_the_input_or_the_answer_above_debug(
    stub: Stub, make_model: MakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    stub.play(reply(completion(json.dumps({"quantity": "4111 1111 1111 1111"}))))
    await make_model(confidence="none").answer(request_for(Order, text="my secret text"))
    assert "4111" not in caplog.text
    assert "secret text" not in caplog.text
    assert KEY not in caplog.text


# Odds and ends -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", ["soon", "-5", "nan"])
async def test_an_unreadable_retry_after_is_no_retry_after(stub: Stub, make_model: MakeModel, after: str) -> None:
    stub.play(reply(error("slow down"), status=429, headers={"Retry-After": after}), reply(GOOD))
    answered(await make_model(confidence="logprob").answer(request_for()))
    first, second = (each["at"] for each in stub.requests())
    assert second - first < 2.0


async def test_one_model_serves_steps_of_the_same_name_with_other_types(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"quantity":4}')), reply(completion(RECEIPT)))
    model = make_model(confidence="none")
    assert answered(await model.answer(request_for(Order))).value == Order(quantity=4)
    assert answered(await model.answer(request_for(Receipt))).value.total == 12.5


async def test_a_single_sample_that_came_back_is_no_agreement(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(completion('{"label":"card"}'), when={"n": 2}),
        reply(completion(None, refusal="no")),
    )
    answer = answered(await make_model(confidence="vote", samples=2).answer(request_for()))
    assert (answer.value, answer.confidence.source) == ("card", "none")


async def test_when_no_sample_comes_back_the_reason_is_the_first_ones(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("n must be 1", param="n"), status=400, when={"n": 3}),
        reply(completion(None, refusal="I will not")),
    )
    outcome = unanswered(await make_model(confidence="vote").answer(request_for()))
    assert "I will not" in outcome.reason


async def test_votes_within_a_budget_are_asked_for_one_after_the_other(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("n must be 1", param="n"), status=400, when={"n": 3}),
        reply(completion('{"label":"card"}'), delay=0.02),
    )
    answer = answered(await make_model(confidence="vote").answer(request_for(max_tokens=5000)))
    assert answer.confidence.value == 1.0
    assert stub.most_at_once() == 1


def test_a_key_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Credential(KEY))
