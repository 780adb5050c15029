"""Answers of another shape than was asked for: schemas ignored or not taken, several objects, markup, monsters."""

import asyncio

import pytest

from handrail.ai_steps import Price
from tests.stub_server import Stub, completion, error, reply
from tests.unit.ai_steps.openai.given import (
    GOOD,
    RECEIPT,
    MakeModel,
    Order,
    Receipt,
    answered,
    request_for,
    unanswered,
)


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


async def test_braces_that_begin_no_json_do_not_hide_the_answer(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('I use {braces} and {more, then {"quantity": 8} and {that is all')))
    assert answered(await make_model(confidence="none").answer(request_for(Order))).value == Order(quantity=8)


@pytest.mark.parametrize("text", ["{" * 5000, '{"a":' * 5000, "[" * 100_000, '{"quantity":' + "9" * 5000 + "}"])
async def test_monstrous_answers_are_invalid(stub: Stub, make_model: MakeModel, text: str) -> None:
    stub.play(reply(completion(text)))
    outcome = unanswered(await make_model(confidence="none", reasks=0).answer(request_for(Order)))
    assert outcome.result == "invalid"


async def test_content_in_parts_is_joined(stub: Stub, make_model: MakeModel) -> None:
    body = completion("")
    body["choices"][0]["message"]["content"] = [{"type": "text", "text": '{"label":'}, {"type": "text", "text": '"B"}'}]
    stub.play(reply(body))
    assert answered(await make_model(confidence="logprob").answer(request_for())).value == "card"


async def test_one_model_serves_steps_of_the_same_name_with_other_types(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"quantity":4}')), reply(completion(RECEIPT)))
    model = make_model(confidence="none")
    assert answered(await model.answer(request_for(Order))).value == Order(quantity=4)
    assert answered(await model.answer(request_for(Receipt))).value.total == 12.5


async def test_an_answer_that_took_no_tokens_was_not_counted(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("Dear Ann.", usage={"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0})))
    answer = answered(await make_model(prices={"stub-1": Price(1, 2)}).answer(request_for(str)))
    [attempt] = answer.attempts
    assert (attempt.input_tokens, attempt.output_tokens, attempt.money) == (None, None, None)
    assert "the server did not say how many tokens it took" in attempt.notes
