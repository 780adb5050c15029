"""Servers that are busy, slow, gone or wrong: retried by one owner, within one deadline, or named as a reason."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from handrail_ai_steps.models.openai import response_limit
from tests.stub_server import Stub, completion, error, reply
from tests.unit.ai_steps.openai.given import (
    GOOD,
    MakeModel,
    answered,
    request_for,
    unanswered,
)


@pytest.mark.dear
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


@pytest.mark.dear
async def test_a_pause_asked_of_one_holds_for_all(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("slow down"), status=429, headers={"retry-after-ms": "600"}), reply(GOOD))
    model = make_model(confidence="logprob")
    first = asyncio.create_task(model.answer(request_for()))
    while not ((backend := model._backend.loaded) and backend.pacer.paused):  # noqa: ASYNC110, SLF001 -- a refusal has no event
        await asyncio.sleep(0.01)
    answered(await model.answer(request_for()))
    answered(await first)
    at = [each["at"] for each in stub.requests()]
    assert min(at[1:]) - at[0] >= 0.55


async def test_a_wait_beyond_the_deadline_stops_at_once_and_says_so(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("slow down"), status=429, headers={"Retry-After": "3600"}))
    outcome = unanswered(await make_model().answer(request_for(seconds=50)))
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
    outcome = unanswered(await model.answer(request_for(seconds=6.0)))
    assert outcome.result == "timed_out"
    assert outcome.reason == "no answer within 6 seconds: stopped while it was answering"
    assert [attempt.result for attempt in outcome.attempts] == ["timed_out"]


@pytest.mark.slow
async def test_reasks_and_retries_share_the_deadline(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("nonsense"), delay=0.5))
    outcome = unanswered(await make_model(confidence="none", reasks=50).answer(request_for(seconds=8.0)))
    assert outcome.result == "timed_out"
    assert 2 <= len(outcome.attempts) < 50


@pytest.mark.dear
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


@pytest.mark.dear
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
        (400, error("Your credit balance is too low to access the API"), "no quota left"),
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


@pytest.mark.dear
@pytest.mark.parametrize("after", ["soon", "-5", "nan"])
async def test_an_unreadable_retry_after_is_no_retry_after(stub: Stub, make_model: MakeModel, after: str) -> None:
    stub.play(reply(error("slow down"), status=429, headers={"Retry-After": after}), reply(GOOD))
    answered(await make_model(confidence="logprob").answer(request_for()))
    first, second = (each["at"] for each in stub.requests())
    assert second - first < 2.0


@pytest.mark.dear
async def test_a_packed_answer_is_read_and_one_that_unpacks_without_end_is_not(
    stub: Stub, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.play(reply(GOOD, trap="packed"))
    assert answered(await make_model(confidence="logprob").answer(request_for())).value == "card"

    monkeypatch.setattr(response_limit, "MOST_BYTES", 2_000_000)
    for status in (200, 500):
        stub.reset()
        stub.play(reply(" " * 4_000_000, status=status, trap="packed"))
        outcome = unanswered(await make_model(confidence="logprob", decisions=False).answer(request_for()))
        assert outcome.reason == "the server sent more than 2 MB, which no answer takes"
        assert len(stub.requests()) == 1


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("API key not valid. Please pass a valid API key.", "check the key"),  # gpt-researcher #410: Google's 400
        ("API key expired. Please renew the API key.", "check the key"),
        ("Invalid model name passed in model=small. Call `/v1/models`", ""),  # litellm #2398
        ("quasar-alpha is not a valid model ID", ""),  # litellm #9817
        ("Model Not Exist", ""),
        ("The model `small` does not exist", ""),
        ("Billing hard limit has been reached", "no quota left"),
        ("You have reached your specified API usage limits.", "no quota left"),  # litellm #37592
    ],
)
async def test_a_key_or_model_that_nobody_knows_is_an_outage_also_with_a_400(
    stub: Stub, make_model: MakeModel, message: str, hint: str
) -> None:
    stub.play(reply(error(message), status=400))
    outcome = unanswered(await make_model().answer(request_for()))
    assert outcome.outage
    assert hint in outcome.reason
    assert message in outcome.reason
    assert len(stub.bodies()) == 1


@pytest.mark.parametrize("message", ["the temperature is too cold", "invalid model output", "the input is not text"])
async def test_another_400_is_none(stub: Stub, make_model: MakeModel, message: str) -> None:
    stub.play(reply(error(message), status=400))
    assert not unanswered(await make_model(confidence="none", temperature=1).answer(request_for())).outage
