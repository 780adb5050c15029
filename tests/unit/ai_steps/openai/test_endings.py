"""An answer counts only whole: what ended it otherwise is told by its name, in every place where one can end."""

from typing import Any, Literal

import pytest

from handrail_ai_steps.models.openai.reply import ending_of
from handrail_guards.confidence import Confidence
from tests.stub_server import Json, Stub, chunks, completion, cut, decision, error, reply, tokens
from tests.unit.ai_steps.openai.given import RECEIPT, MakeModel, Receipt, answered, request_for, unanswered

BAD = [
    ("length", "truncated"),
    ("max_tokens", "truncated"),
    ("MAX_TOKENS", "truncated"),
    ("model_length", "truncated"),
    ("content_filter", "refused"),
    ("SAFETY", "refused"),
    ("RECITATION", "refused"),
    ("error", "failed"),
    ("abort", "failed"),
    ("insufficient_system_resource", "failed"),
    ("something new", "failed"),
    (False, "failed"),
    (0, "failed"),
    ({"type": "stop"}, "failed"),
]
CARD = '{"label":"card"}'


@pytest.mark.parametrize("finish", ["stop", "STOP", "eos", "end_turn", "tool_calls", "", None])
async def test_good_endings_are_a_closed_list(stub: Stub, make_model: MakeModel, finish: Any) -> None:
    stub.play(reply(completion("Dear Ann.", finish=finish)))
    assert answered(await make_model().answer(request_for(str))).value == "Dear Ann."


def call(arguments: str) -> Json:
    return {"id": "1", "type": "function", "function": {"name": "find", "arguments": arguments}}


@pytest.mark.parametrize("text", ["Let me look up your order first.", "", None])
@pytest.mark.parametrize("finish", ["stop", "tool_calls"])
async def test_a_text_that_ends_in_a_tool_call_is_no_answer(
    stub: Stub, make_model: MakeModel, text: str | None, finish: str
) -> None:
    stub.play(reply(completion(text, finish=finish, tool_calls=[call('{"order":12}')])))
    outcome = unanswered(await make_model().answer(request_for(str)))
    assert outcome.result == "failed"
    assert "called a tool" in outcome.reason


async def test_a_stream_that_ends_in_a_tool_call_is_no_answer(stub: Stub, make_model: MakeModel) -> None:
    events = chunks("Let me look. ", finish="stop")
    events[-1]["choices"][0]["delta"] = {"tool_calls": [{"index": 0, **call("{}")}]}
    stub.play(reply(events))
    heard: list[str] = []
    outcome = unanswered(await make_model().answer(request_for(str, on_text=heard.append)))
    assert (outcome.result, heard) == ("failed", [])


async def test_tool_calls_that_differ_are_several_answers(stub: Stub, make_model: MakeModel) -> None:
    calls = [call('{"company":"A","total":1}'), call('{"company":"A","total":2}')]
    stub.play(reply(completion(None, finish="tool_calls", tool_calls=calls)))
    outcome = unanswered(await make_model(reasks=0).answer(request_for(Receipt)))
    assert outcome.result == "invalid"
    assert "differ" in outcome.reason


@pytest.mark.slow
@pytest.mark.parametrize(("finish", "result"), BAD)
async def test_any_other_ending_is_no_answer_and_is_named(
    stub: Stub, make_model: MakeModel, finish: Any, result: str
) -> None:
    stub.play(reply(completion(RECEIPT, finish=finish, logprobs=tokens(*cut(RECEIPT)))))
    for request in (request_for(str), request_for(Receipt), request_for(Receipt, wants_confidence=False)):
        outcome = unanswered(await make_model().answer(request))
        assert outcome.result == outcome.attempts[0].result == result
        assert outcome.attempts[0].output_tokens == 10
        if result == "failed":
            assert str(finish) in outcome.reason
    assert len(stub.bodies()) == 3


@pytest.mark.parametrize(("finish", "result"), [each for each in BAD if each[0] and isinstance(each[0], str)])
async def test_a_stream_that_ends_so_is_no_answer_either(
    stub: Stub, make_model: MakeModel, finish: str, result: str
) -> None:
    events = [*chunks("Dear Ann. ", "We will", finish="stop"), *chunks(finish=finish)]
    stub.play(reply(chunks("Dear Ann. ", "We will refund", finish=finish)), reply(events))
    for _ in range(2):  # also where it said before that it was done
        outcome = unanswered(await make_model().answer(request_for(str, on_text=lambda _: None)))
        assert outcome.result == result


@pytest.mark.parametrize("finish", [finish for finish, _ in BAD])
async def test_samples_that_ended_so_agree_with_nobody(stub: Stub, make_model: MakeModel, finish: Any) -> None:
    body = completion(CARD, CARD, CARD, CARD)
    body["choices"][0]["finish_reason"] = body["choices"][3]["finish_reason"] = finish
    stub.play(reply(body))
    answer = answered(await make_model(confidence="vote", samples=4).answer(request_for()))
    assert answer.confidence == Confidence(0.5, "vote", "2 of 4 samples agree")


async def test_when_every_sample_ended_so_there_is_no_answer(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion(CARD, CARD, CARD, finish="abort")))
    outcome = unanswered(await make_model(confidence="vote").answer(request_for()))
    assert outcome.result == "failed"
    assert "abort" in outcome.reason


def without_message(finish: str | None = None, **more: Any) -> Json:
    body = completion("")
    body["choices"] = [{"index": 0, "finish_reason": finish, **more}]
    return body


async def test_a_filtered_choice_without_a_message_is_a_refusal(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(without_message("content_filter", content_filter_results={"violence": {"filtered": True}})))
    assert unanswered(await make_model().answer(request_for())).result == "refused"
    assert len(stub.bodies()) == 1


@pytest.mark.parametrize("text", ["", '{"company":"A","total":12}'])
async def test_what_a_gateway_says_beside_a_choice_is_read_before_its_text(
    stub: Stub, make_model: MakeModel, text: str
) -> None:
    body = completion(text, finish="error")
    body["choices"][0]["error"] = {"code": 400, "message": "upstream refused the request"}
    stub.play(reply(body))
    outcome = unanswered(await make_model(confidence="none").answer(request_for(Receipt)))
    assert outcome.result == "failed"
    assert "upstream refused the request" in outcome.reason
    assert outcome.attempts[0].output_tokens == 10
    assert len(stub.bodies()) == 1


@pytest.mark.dear
async def test_a_gateways_outage_beside_a_choice_is_tried_again(stub: Stub, make_model: MakeModel) -> None:
    lost = without_message("error", error={"code": 502, "message": "upstream connection lost"})
    stub.play(reply(lost), reply(completion(RECEIPT)))
    answer = answered(await make_model(confidence="none").answer(request_for(Receipt)))
    assert [attempt.result for attempt in answer.attempts] == ["failed", "answered"]
    assert "upstream connection lost" in answer.attempts[0].notes[0]


async def test_a_sample_with_an_error_beside_it_agrees_with_nobody(stub: Stub, make_model: MakeModel) -> None:
    body = completion(CARD, CARD, CARD)
    body["choices"][0]["error"] = "upstream connection lost"
    stub.play(reply(body))
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence.value == pytest.approx(2 / 3)


async def test_of_more_choices_than_asked_for_the_first_by_index_counts(stub: Stub, make_model: MakeModel) -> None:
    body = completion('{"label":"other"}', CARD)
    body["choices"][0]["index"], body["choices"][1]["index"] = 1, 0
    stub.play(reply(body))
    answer = answered(await make_model(confidence="none").answer(request_for()))
    assert answer.value == "card"
    assert "asked for 1 answers, got 2; the others were left out" in answer.attempts[0].notes


# Streams -------------------------------------------------------------------------------------------------------------


async def test_a_chunk_without_a_delta_ends_a_stream_as_well(stub: Stub, make_model: MakeModel) -> None:
    events = chunks("Dear ", "Ann.", finish=None)
    events += [{**events[0], "choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}, {"choices": None}]
    stub.play(reply(events))
    assert answered(await make_model().answer(request_for(str, on_text=lambda _: None))).value == "Dear Ann."


@pytest.mark.dear
async def test_an_error_in_a_stream_before_its_first_piece_is_tried_again(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply([error("slow down", code=429)]), reply(chunks("Dear Ann.")))
    answer = answered(await make_model().answer(request_for(str, on_text=lambda _: None)))
    assert answer.value == "Dear Ann."
    assert "429: slow down" in answer.attempts[0].notes[0]


async def test_only_one_choice_of_a_stream_is_read(stub: Stub, make_model: MakeModel) -> None:
    events = chunks("Dear ", "Ann.")
    other = {**events[0], "choices": [{"index": 1, "delta": {"content": "No. "}, "finish_reason": "stop"}]}
    stub.play(reply([events[0], other, *events[1:]]))
    assert answered(await make_model().answer(request_for(str, on_text=lambda _: None))).value == "Dear Ann."


# Decisions -----------------------------------------------------------------------------------------------------------

AT_DECISIONS = {"path": "/decisions"}


def chosen(choice: str | None = None, name: str = "route", **probabilities: float) -> Json:
    listed = [{"value": option, "probability": each} for option, each in probabilities.items()]
    return {"type": "choice", "name": name, "choice": choice or "card", "probabilities": listed}


@pytest.mark.parametrize(
    "played",
    [
        {**decision(chosen(card=0.9)), "status": "incomplete"},
        {**decision(chosen(card=0.9)), "error": {"message": "lost", "code": 400}},
        decision({**chosen(card=0.9), "finish_reason": "length"}),
        decision({**chosen(card=0.9), "error": "lost"}),
        decision({**chosen(), "probabilities": [{"value": "card", "probability": p} for p in (0.1, 0.9)]}),
        decision(chosen(card=0.9, billing=0.8)),
        decision(chosen("billing", card=0.9, billing=0.1)),
        decision(chosen(name="another question", card=0.9)),
    ],
)
async def test_a_decision_that_is_not_whole_or_contradicts_itself_decides_nothing(
    stub: Stub, make_model: MakeModel, played: Json
) -> None:
    chat = completion('{"label":"C"}', logprobs=tokens('{"label":"', ("C", {"C": 0.7}), '"}'))
    stub.play(reply(played, when=AT_DECISIONS), reply(chat))
    answer = answered(await make_model().answer(request_for()))
    assert (answer.value, answer.confidence.source) == ("other", "logprob")


@pytest.mark.parametrize("status", ["completed", "ok", 200, None])
async def test_a_decision_that_says_it_is_done_decides(stub: Stub, make_model: MakeModel, status: Any) -> None:
    stub.play(reply({**decision(chosen(card=0.9, billing=0.1)), "status": status}, when=AT_DECISIONS))
    assert answered(await make_model().answer(request_for())).confidence.source == "decision"


def test_every_name_of_an_ending_has_one_meaning() -> None:
    kinds: dict[str, Literal["whole", "cut", "refused", "broken"]] = {
        "FINISH_REASON_STOP": "whole",
        "end-turn": "whole",
        "FINISH_REASON_MAX_TOKENS": "cut",
        "content-filter": "refused",
        "null": "broken",
        "stop!": "broken",
    }
    assert {name: ending_of(name) for name in kinds} == kinds


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
