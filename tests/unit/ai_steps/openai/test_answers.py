"""What the OpenAI-compatible model sends, and what it makes of a server that behaves."""

import asyncio
import enum
import gc
import json
import math
import time
import warnings
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from handrail_ai_steps.deadline import Deadline
from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.model import Rejection
from handrail_ai_steps.models.openai import OpenAIModel
from handrail_ai_steps.models.openai import limits as pacing
from handrail_ai_steps.prices import Price, PriceTable
from handrail_guards.confidence import Confidence
from tests.stub_server import Stub, chunks, completion, cut, reply, tokens
from tests.unit.ai_steps.openai.given import KEY, RECEIPT, MakeModel, Receipt, about, answered, request_for, unanswered

LABEL = completion('{"label":"B"}', logprobs=tokens('{"label":"', ("B", {"B": 0.9, "A": 0.06, "x": 0.01}), '"}'))


# What is sent ----------------------------------------------------------------------------------------------------


async def test_a_strict_schema_and_log_probabilities_are_on_the_wire(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion(RECEIPT, logprobs=tokens(*cut(RECEIPT)))))
    await make_model().answer(request_for(Receipt))
    (body,) = stub.bodies()
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": "route",
            "strict": True,
            "schema": {
                "title": "Receipt",
                "description": Receipt.__doc__,
                "type": "object",
                "properties": {
                    "company": {"title": "Company", "type": "string"},
                    "total": {"title": "Total", "type": "number"},
                },
                "required": ["company", "total"],
                "additionalProperties": False,
            },
        },
    }
    assert body["logprobs"] is True
    assert body["top_logprobs"] == 2
    assert body["temperature"] == 0
    assert not {"tools", "tool_choice", "n"} & set(body)


async def test_up_to_twenty_labels_are_asked_for_as_codes_with_a_legend(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(LABEL))
    await make_model().answer(request_for())
    (body,) = stub.bodies()
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["label"]["enum"] == ["A", "B", "C"]
    assert "A = billing\nB = card\nC = other" in body["messages"][0]["content"]
    assert body["top_logprobs"] == 20


async def test_more_than_twenty_labels_are_asked_for_by_name(stub: Stub, make_model: MakeModel) -> None:
    many = Literal[tuple(f"label {index}" for index in range(21))]  # type: ignore[valid-type]
    text = '{"label":"label 7"}'
    stub.play(reply(completion(text, logprobs=tokens('{"label":"', "label", (" 7", {" 7": 0.6, " 8": 0.3}), '"}'))))
    answer = answered(await make_model().answer(request_for(many)))
    assert answer.value == "label 7"
    assert answer.alternatives[0] == about("label 8", 0.297)
    assert len(stub.bodies()[0]["response_format"]["json_schema"]["schema"]["properties"]["label"]["enum"]) == 21


async def test_earlier_rejections_are_told_in_order(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(LABEL))
    rejections = (Rejection(answer="first", reason="too short"), Rejection(answer="second", reason="too long"))
    await make_model().answer(request_for(rejections=rejections))
    told = [(message["role"], message["content"]) for message in stub.bodies()[0]["messages"][2:]]
    assert [role for role, _ in told] == ["assistant", "user", "assistant", "user"]
    assert "too short" in told[1][1]
    assert "too long" in told[3][1]


async def test_the_users_text_is_never_rendered_as_a_template(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(LABEL))
    await make_model().answer(request_for(text="{{ 7 * 7 }} {% if %}"))
    assert stub.bodies()[0]["messages"][1]["content"] == "{{ 7 * 7 }} {% if %}"


# Classification --------------------------------------------------------------------------------------------------


async def test_a_label_comes_with_its_probability_alternatives_and_other_mass(
    stub: Stub, make_model: MakeModel
) -> None:
    stub.play(reply(LABEL))
    answer = answered(await make_model().answer(request_for()))
    assert answer.value == "card"
    assert answer.confidence.value == pytest.approx(0.9)
    assert answer.confidence.source == "logprob"
    assert answer.confidence.detail == "probability of the code among 3 labels"
    assert answer.alternatives == (about("billing", 0.06),)
    assert answer.other_mass == pytest.approx(0.04)
    assert answer.raw == '{"label":"B"}'
    assert answer.model == "stub-1"


async def test_enum_members_and_none_come_back_as_values(stub: Stub, make_model: MakeModel) -> None:
    color = enum.Enum("color", {"RED": 1, "BLUE": 2})
    stub.play(reply(completion('{"label":"BLUE"}')), reply(completion('{"label":"none"}')))
    model = make_model(confidence="none")
    assert answered(await model.answer(request_for(color))).value is color["BLUE"]
    assert answered(await model.answer(request_for(Literal["a", "b"] | None))).value is None


async def test_no_confidence_is_asked_for_when_nobody_looks_at_it(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"label":"card"}')))
    answer = answered(await make_model().answer(request_for(wants_confidence=False)))
    assert answer.confidence.source == "none"
    assert "logprobs" not in stub.bodies()[0]
    assert not stub.requests("/decisions")


# Extraction ------------------------------------------------------------------------------------------------------


async def test_every_field_has_a_confidence_and_the_whole_is_as_sure_as_the_weakest(
    stub: Stub, make_model: MakeModel
) -> None:
    pieces: list[Any] = [
        '{"company":"',
        b"Caf\xc3",
        b"\xa9 Z\xc3",
        b"\xbcrich",
        '","total":',
        ("12.5", {"12.5": 0.8}),
        ("}", {"}": 1.0}),
    ]
    stub.play(reply(completion(RECEIPT, logprobs=tokens(*pieces, probability=0.97))))
    answer = answered(await make_model().answer(request_for(Receipt)))
    assert answer.value == Receipt(company="Café Zürich", total=12.5)
    assert answer.fields["company"].value == pytest.approx(0.97**4)  # and that it ends there
    assert answer.fields["company"].detail == "joint of 3 tokens"
    assert answer.fields["total"].value == pytest.approx(0.8)
    assert answer.confidence.value == pytest.approx(0.8)
    assert "total" in answer.confidence.detail


async def test_a_type_that_is_no_object_is_wrapped_and_unwrapped(stub: Stub, make_model: MakeModel) -> None:
    text = '{"answer":[{"company":"A","total":1.0}]}'
    stub.play(reply(completion(text, logprobs=tokens(*cut(text)))))
    answer = answered(await make_model().answer(request_for(list[Receipt])))
    assert answer.value == [Receipt(company="A", total=1.0)]
    assert set(answer.fields) == {"0.company", "0.total", "#"}
    schema = stub.bodies()[0]["response_format"]["json_schema"]["schema"]
    assert schema["type"] == "object"
    assert "Receipt" in schema["$defs"]


class Checked(BaseModel):
    """Keywords that strict output does not take."""

    model_config = ConfigDict(json_schema_extra={"maxProperties": 2})
    code: Annotated[str, Field(min_length=2, description="two or more letters")]
    tags: Annotated[list[str], Field(json_schema_extra={"uniqueItems": True})] = []


async def test_keywords_taken_off_the_wire_are_checked_when_the_answer_arrives(
    stub: Stub, make_model: MakeModel
) -> None:
    stub.play(
        reply(completion('{"code":"a","tags":[]}')),
        reply(completion('{"code":"ab","tags":["x","x"]}')),
        reply(completion('{"code":"ab","tags":["x"]}')),
    )
    answer = answered(await make_model(confidence="none").answer(request_for(Checked)))
    assert answer.value == Checked(code="ab", tags=["x"])
    assert [attempt.result for attempt in answer.attempts] == ["invalid", "invalid", "answered"]
    sent = json.dumps(stub.bodies()[0]["response_format"])
    assert not {word for word in ("minLength", "uniqueItems", "default", "maxProperties") if f'"{word}"' in sent}
    assert "tags must satisfy uniqueItems" in stub.bodies()[2]["messages"][-1]["content"]


async def test_an_open_map_is_sent_without_strict(stub: Stub, make_model: MakeModel) -> None:
    class Tally(BaseModel):
        counts: dict[str, int]

    stub.play(reply(completion('{"counts":{"a":1}}')))
    answer = answered(await make_model(confidence="none").answer(request_for(Tally)))
    assert answer.value == Tally(counts={"a": 1})
    assert stub.bodies()[0]["response_format"]["json_schema"]["strict"] is False


# Free text -------------------------------------------------------------------------------------------------------


async def test_free_text_is_as_sure_as_its_tokens_on_average(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("Dear customer", logprobs=tokens("Dear", " customer", probability=0.5))))
    answer = answered(await make_model().answer(request_for(str)))
    assert answer.value == "Dear customer"
    assert answer.confidence.value == pytest.approx(0.5)
    assert "response_format" not in stub.bodies()[0]


async def test_streamed_text_arrives_in_pieces_and_whole(stub: Stub, make_model: MakeModel) -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    stub.play(reply(completion("Hello"), when={"stream": None}), reply(chunks("Dear ", "custom", "er", usage=usage)))
    heard: list[str] = []
    model = make_model()
    await model.answer(request_for(str))  # shows that this server marks reasoning, or has none
    answer = answered(await model.answer(request_for(str, on_text=heard.append, wants_confidence=False)))
    assert heard == ["Dear ", "custom", "er"]
    assert answer.value == "Dear customer"
    assert answer.attempts[0].output_tokens == 3
    assert stub.bodies()[1]["stream_options"] == {"include_usage": True}


async def test_an_empty_text_is_no_answer(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("  ")))
    assert unanswered(await make_model().answer(request_for(str))).result == "invalid"


# Votes and stated confidence -------------------------------------------------------------------------------------


async def test_votes_are_asked_for_in_one_request_and_their_agreement_is_the_confidence(
    stub: Stub, make_model: MakeModel
) -> None:
    stub.play(reply(completion('{"label":"card"}', '{"label":"billing"}', '{"label":"card"}')))
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.value == "card"
    assert answer.confidence == Confidence(2 / 3, "vote", "2 of 3 samples agree")
    assert answer.alternatives == (about("billing", 1 / 3),)
    (body,) = stub.bodies()
    assert body["n"] == 3
    assert body["temperature"] == 1


async def test_fields_are_voted_on_one_by_one(stub: Stub, make_model: MakeModel) -> None:
    other = RECEIPT.replace("12.5", "13.5")
    stub.play(reply(completion(RECEIPT, RECEIPT, other)))
    answer = answered(await make_model(confidence="vote").answer(request_for(Receipt)))
    assert answer.value.total == 12.5
    assert answer.fields["company"].value == 1.0
    assert answer.fields["total"].value == pytest.approx(2 / 3)


async def test_an_invalid_sample_agrees_with_nobody(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"label":"card"}', "nonsense", '{"label":"card"}')))
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence.value == pytest.approx(2 / 3)


async def test_stated_confidence_is_the_models_own_word(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(completion('{"label":"card","confidence":0.7}')),
        reply(completion('{"answer":{"company":"A","total":1},"confidence":0.4}')),
        reply(completion('{"label":"card","confidence":7}')),
    )
    model = make_model(confidence="stated")
    assert answered(await model.answer(request_for())).confidence == Confidence(0.7, "stated", "the model's own word")
    extraction = answered(await model.answer(request_for(Receipt)))
    assert extraction.value == Receipt(company="A", total=1)
    assert extraction.confidence.value == 0.4
    assert answered(await model.answer(request_for())).confidence.source == "none"
    properties = stub.bodies()[0]["response_format"]["json_schema"]["schema"]["properties"]
    assert list(properties) == ["label", "confidence"]  # the answer before the word on it


# Money, budget, limits -------------------------------------------------------------------------------------------


async def test_money_is_kept_for_each_attempt_by_the_answers_own_model(stub: Stub, make_model: MakeModel) -> None:
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "prompt_tokens_details": {"cached_tokens": 500, "cache_write_tokens": 200},
        "completion_tokens_details": {"reasoning_tokens": 40},
    }
    stub.play(
        reply(completion("nonsense", model="dear", usage=usage)), reply(completion('{"label":"card"}', model="cheap"))
    )
    prices = {"dear": Price(10, 20, 5, cache_write=12), "cheap": Price(1, 1)}
    answer = answered(await make_model(confidence="none", prices=prices).answer(request_for()))
    assert [attempt.model for attempt in answer.attempts] == ["dear", "cheap"]
    assert answer.attempts[0].money == pytest.approx((300 * 10 + 500 * 5 + 200 * 12 + 100 * 20) / 1e6)
    first = answer.attempts[0]
    assert (first.cached_tokens, first.written_tokens, first.reasoning_tokens) == (500, 200, 40)
    assert answer.attempts[1].money == pytest.approx(110 / 1e6)


async def test_an_unknown_price_is_unknown_and_not_zero(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(LABEL))
    assert answered(await make_model("gpt-4o-mini").answer(request_for())).attempts[0].money is None


async def test_a_budget_that_does_not_reach_stops_before_the_call(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(LABEL))
    model = make_model(prices={"stub-1": Price(1000, 1000)})
    for limits in ({"max_tokens": 20}, {"max_money": 0.001}):
        outcome = unanswered(await model.answer(request_for(**limits)))
        assert outcome.result == "over_budget"
        assert "does not reach" in outcome.reason
    assert not stub.requests()


async def test_a_money_budget_with_an_unknown_price_is_refused_with_the_fix(stub: Stub, make_model: MakeModel) -> None:
    outcome = unanswered(await make_model().answer(request_for(max_money=1.0)))
    assert outcome.result == "over_budget"
    assert "prices=" in outcome.reason
    assert not stub.requests()


async def test_the_budget_left_limits_the_length_of_the_answer(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(LABEL))
    await make_model().answer(request_for(max_tokens=1000))
    assert 16 <= stub.bodies()[0]["max_completion_tokens"] < 1000


async def test_reasks_stop_when_the_budget_is_spent(stub: Stub, make_model: MakeModel) -> None:
    usage = {"prompt_tokens": 500, "completion_tokens": 450}
    stub.play(reply(completion("nonsense", usage=usage)))
    outcome = unanswered(await make_model(confidence="none", reasks=9).answer(request_for(max_tokens=1000)))
    assert outcome.result == "over_budget"
    assert len(stub.bodies()) == 1
    assert [attempt.result for attempt in outcome.attempts] == ["invalid"]


async def test_no_more_requests_are_open_than_allowed(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(LABEL, delay=0.05))
    model = make_model(max_concurrent=2, confidence="logprob")
    answers = await asyncio.gather(*(model.answer(request_for()) for _ in range(6)))
    assert all(answered(each).value == "card" for each in answers)
    assert stub.most_at_once() == 2


async def test_a_minutes_rate_is_kept(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(LABEL))
    model = make_model(per_minute=2, confidence="logprob")
    for _ in range(2):
        answered(await model.answer(request_for()))
    outcome = unanswered(await model.answer(request_for(deadline=Deadline(20.0, waiting=0.1))))
    assert outcome.result == "timed_out"
    assert "per_minute=2" in outcome.reason
    assert len(stub.bodies()) == 2


@pytest.mark.slow
async def test_waiting_for_a_turn_takes_no_time_from_the_answer(
    stub: Stub, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "WINDOW_SECONDS", 1.5)
    stub.play(reply(LABEL))
    model = make_model(per_minute=1, confidence="logprob")
    await model.ready()
    answers = await asyncio.gather(*(model.answer(request_for(seconds=5.0)) for _ in range(5)))
    assert [answered(each).value for each in answers] == ["card"] * 5


@pytest.mark.slow
async def test_calls_that_were_given_up_leave_their_turn_to_others(
    stub: Stub, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.play(reply(LABEL))
    monkeypatch.setattr(pacing, "WINDOW_SECONDS", 1.0)  # a short minute: had the others taken turns, ten would pass
    model = make_model(per_minute=1, confidence="logprob")
    answered(await model.answer(request_for()))
    waiting = [asyncio.create_task(model.answer(request_for())) for _ in range(10)]
    await asyncio.sleep(0.05)
    for each in waiting:
        each.cancel()
    await asyncio.wait(waiting)
    answered(await model.answer(request_for(deadline=Deadline(20.0, waiting=5.0))))
    assert len(stub.bodies()) == 2


# Building and showing --------------------------------------------------------------------------------------------


def test_a_missing_key_fails_when_the_model_is_built_and_says_how_to_give_one() -> None:
    with pytest.raises(ModelNotReady, match=r"set OPENAI_API_KEY or give OpenAIModel\(api_key=\.\.\.\)"):
        OpenAIModel("gpt-5-mini")


def test_the_key_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert OpenAIModel("openai:gpt-5-mini").name == "openai:gpt-5-mini"


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": "sure"},
        {"samples": 0},
        {"confidence": "vote", "samples": 1},
        {"max_concurrent": 0},
        {"per_minute": 0},
        {"reasks": -1},
        {"reasks": float("inf")},
        {"samples": 2.5},
        {"max_concurrent": float("nan")},
        {"max_output_tokens": 0},
        {"max_output_tokens": float("nan")},
    ],
)
def test_settings_that_cannot_work_fail_when_the_model_is_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(ModelNotReady, match=next(reversed(wrong))):
        OpenAIModel("stub-1", api_key=KEY, **wrong)


def test_a_model_needs_a_name() -> None:
    with pytest.raises(ModelNotReady, match="needs a name"):
        OpenAIModel("openai:", api_key=KEY)


def test_list_prices_hold_for_the_public_endpoint_only() -> None:
    assert OpenAIModel("gpt-4o", api_key=KEY)._settings.prices.price("gpt-4o") is not None  # noqa: SLF001
    elsewhere = OpenAIModel("gpt-4o", api_key=KEY, base_url="http://127.0.0.1:1/v1")
    assert elsewhere._settings.prices.price("gpt-4o") is None  # noqa: SLF001
    own = OpenAIModel("m", api_key=KEY, prices=PriceTable({"m": Price(1, 1)}, "EUR"))
    assert own._settings.prices.currency == "EUR"  # noqa: SLF001


async def test_no_record_log_or_repr_shows_the_key(
    stub: Stub, make_model: MakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    stub.play(reply({"error": {"message": f"Incorrect API key provided: {KEY}"}}, status=401))
    model = make_model()
    outcome = unanswered(await model.answer(request_for()))
    assert "***" in outcome.reason
    assert KEY not in repr((outcome, model, model._settings, vars(model))) + caplog.text  # noqa: SLF001


def test_one_model_serves_several_event_loops(stub: Stub) -> None:
    stub.play(reply(LABEL))
    model = OpenAIModel("stub-1", base_url=stub.url, api_key=KEY)

    async def once() -> float | None:
        answer = answered(await model.answer(request_for()))
        await model.aclose()
        return answer.confidence.value

    assert [asyncio.run(once()) for _ in range(2)] == [pytest.approx(0.9)] * 2


async def test_whole_probabilities_are_natural_exponentials(stub: Stub, make_model: MakeModel) -> None:
    entries = tokens('{"label":"', ("A", {"A": 0.5}), '"}')
    assert entries[1]["logprob"] == pytest.approx(math.log(0.5))
    stub.play(reply(completion('{"label":"A"}', logprobs=entries)))
    assert answered(await make_model().answer(request_for())).confidence.value == pytest.approx(0.5)


@pytest.mark.slow
def test_an_event_loop_that_ends_takes_its_connections_along() -> None:
    with Stub() as stub:  # one that nobody else is connected to
        stub.play(reply(LABEL))
        model = OpenAIModel("stub-1", base_url=stub.url, api_key=KEY)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            for _ in range(2):
                answered(asyncio.run(model.answer(request_for())))
            gc.collect()
        deadline = time.monotonic() + 30  # the other side learns of an end when the system tells it
        while stub.open_connections() > 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert stub.open_connections() == 1  # the one that asks


async def test_several_whole_answers_at_once_share_one_client(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(LABEL))
    model = make_model()
    answers = await asyncio.gather(*(model.answer(request_for()) for _ in range(10)))
    assert {answered(each).value for each in answers} == {"card"}
