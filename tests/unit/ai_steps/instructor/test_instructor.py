"""What holds of a model behind instructor, on two providers' wires: whole answers count, and nothing else does."""

import asyncio
import base64
import io
import json
import logging
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import instructor
import pytest
from instructor.v2.auto_client import supported_providers
from pydantic import BaseModel

from handrail import RecordedModel, classify
from handrail.ai_steps import Image, InstructorModel, Limits, Price
from handrail_ai_steps.errors import ModelNotReady, UnknownModel
from handrail_ai_steps.models.instructor.providers import ASKED_OTHERWISE, PROVIDERS
from handrail_ai_steps.resolve import resolve_model
from handrail_guards.acceptance import Always
from handrail_guards.outcome import Accepted
from tests.servers import anthropic_stub as anthropic
from tests.servers import gemini_stub as gemini
from tests.stub_server import Stub, reply
from tests.unit.ai_steps.instructor.conftest import KEY, NAMES, MakeProvider
from tests.unit.ai_steps.openai.given import Order, Receipt, Team, answered, request_for, unanswered

pytestmark = pytest.mark.dear

Json = dict[str, Any]


def right(provider: str, arguments: Json) -> Json:
    if provider == "anthropic":
        return anthropic.message(anthropic.call(arguments))
    return gemini.generated(gemini.call(arguments))


URL_SAFE = str.maketrans("+/", "-_")

PROVIDER = pytest.mark.parametrize("provider", NAMES)


@PROVIDER
async def test_a_record_comes_whole_with_its_price_and_the_models_own_word(
    wires: Stub, make: MakeProvider, provider: str
) -> None:
    said = {"answer": {"company": "Café Zürich", "total": 12.5}, "confidence": 0.8}
    wires.play(reply(right(provider, said)))
    name = NAMES[provider].partition("/")[2]
    model = make(provider, prices={name: Price(2, 10)})

    answer = answered(await model.answer(request_for(Receipt)))

    assert answer.value == Receipt(company="Café Zürich", total=12.5)
    assert (answer.confidence.value, answer.confidence.source) == (0.8, "stated")
    [attempt] = answer.attempts
    assert (attempt.result, attempt.input_tokens, attempt.output_tokens) == ("answered", 100, 10)
    assert attempt.money == pytest.approx(0.0003)
    assert answer.asked_as == "instructor-tools"


@PROVIDER
async def test_answers_vote_and_a_doubtful_label_looks_doubtful(wires: Stub, make: MakeProvider, provider: str) -> None:
    wires.play(*(reply(right(provider, {"label": label})) for label in ("card", "card", "billing", "card")))
    answer = answered(await make(provider, samples=4).answer(request_for()))
    assert (answer.value, answer.confidence.value, answer.confidence.source) == ("card", 0.75, "vote")
    assert [(each.value, each.confidence) for each in answer.alternatives] == [("billing", 0.25)]
    assert answer.asked_as == "sampled-4,instructor-tools"
    assert len(answer.attempts) == 4


@PROVIDER
async def test_a_sample_that_does_not_come_loses_none_of_those_that_did(
    wires: Stub, make: MakeProvider, provider: str
) -> None:
    there = right(provider, {"label": "card"})
    wires.play(reply(there), reply(there), reply(there, delay=30.0))
    model = make(provider, samples=3)
    await model.ready()
    answer = answered(await model.answer(request_for(seconds=2.0)))
    assert (answer.value, answer.confidence.source) == ("card", "none")
    assert sorted(attempt.result for attempt in answer.attempts) == ["answered", "answered", "timed_out"]


WRONG_ENDS = [
    ("anthropic", anthropic.message(anthropic.said("I cannot."), stop="refusal"), "refused"),
    ("anthropic", anthropic.message(stop="refusal"), "refused"),
    ("anthropic", anthropic.message(anthropic.call({"label": "card"}), stop="max_tokens"), "truncated"),
    ("anthropic", anthropic.message(anthropic.call({"label": "card"}), stop="refusal"), "refused"),
    ("anthropic", anthropic.message(anthropic.call({"label": "card"}), stop="pause_turn"), "failed"),
    ("anthropic", anthropic.message(stop="model_context_window_exceeded"), "truncated"),
    ("google", gemini.blocked(), "refused"),
    ("google", gemini.generated(finish="SAFETY"), "refused"),
    ("google", gemini.generated(finish="PROHIBITED_CONTENT"), "refused"),
    ("google", gemini.generated(gemini.call({"label": "card"}), finish="MAX_TOKENS"), "truncated"),
    ("google", gemini.generated(finish="MAX_TOKENS"), "truncated"),
    ("google", gemini.generated(gemini.call({"label": "card"}), finish="RECITATION"), "refused"),
]


@pytest.mark.parametrize(("provider", "body", "result"), WRONG_ENDS)
async def test_an_answer_that_did_not_end_by_itself_is_none_and_is_asked_once(
    wires: Stub, make: MakeProvider, provider: str, body: Json, result: str
) -> None:
    wires.play(reply(body))
    outcome = unanswered(await make(provider).answer(request_for()))
    assert outcome.result == result
    assert len(wires.requests()) == 1
    assert outcome.attempts[-1].result == result
    assert outcome.attempts[-1].input_tokens == 100


UNFIT = [
    ("anthropic", anthropic.message(anthropic.call({"label": "Pluto"}))),
    ("anthropic", anthropic.message(anthropic.call({"label": "card"}), anthropic.call({"label": "billing"}))),
    ("anthropic", anthropic.message(anthropic.said("It is a card matter."), stop="end_turn")),
    ("google", gemini.generated(gemini.call({"label": "Pluto"}))),
    ("google", gemini.generated(gemini.call({"label": "card"}, name="somebody_elses"))),
    ("google", gemini.generated(gemini.call({"label": "card"}), gemini.call({"label": "billing"}))),
    ("google", gemini.generated(gemini.said("It is a card matter."))),
    ("google", gemini.generated(finish="MALFORMED_FUNCTION_CALL")),
]


@pytest.mark.parametrize(("provider", "body"), UNFIT)
async def test_an_answer_that_does_not_fit_is_sent_back_with_the_reason(
    wires: Stub, make: MakeProvider, provider: str, body: Json
) -> None:
    wires.play(reply(body), reply(right(provider, {"label": "card", "confidence": 0.9})))
    answer = answered(await make(provider).answer(request_for()))
    assert answer.value == "card"
    assert [each.result for each in answer.attempts] == ["invalid", "answered"]
    assert "does not fit" in str(wires.requests()[1]["body"])

    wires.reset()
    wires.play(reply(body))
    outcome = unanswered(await make(provider, reasks=1).answer(request_for()))
    assert (outcome.result, len(wires.requests())) == ("invalid", 2)


@PROVIDER
async def test_what_pydantic_forbids_never_passes(wires: Stub, make: MakeProvider, provider: str) -> None:
    said = {"answer": {"quantity": 7}, "confidence": 1.0}
    wires.play(reply(right(provider, said)))
    outcome = unanswered(await make(provider, reasks=0).answer(request_for(Order)))
    assert "quantity" in outcome.reason


@pytest.mark.parametrize(
    ("status", "told", "is_outage"),
    [(400, "prompt is too long: 300000 tokens", False), (401, "the key is not valid", True), (503, "busy", True)],
)
async def test_only_what_every_request_would_come_to_is_an_outage(
    wires: Stub, make: MakeProvider, status: int, told: str, *, is_outage: bool
) -> None:
    """A model that is there is not passed over because one input was too long for it."""
    wires.play(reply(anthropic.error("some_error", told), status=status))
    assert unanswered(await make("anthropic").answer(request_for())).outage is is_outage


@PROVIDER
async def test_retries_are_ours_alone(wires: Stub, make: MakeProvider, provider: str) -> None:
    body = (
        anthropic.error("overloaded_error", "Overloaded")
        if provider == "anthropic"
        else gemini.error(503, "UNAVAILABLE", "busy")
    )
    wires.play(reply(body, status=529 if provider == "anthropic" else 503))
    outcome = unanswered(await make(provider).answer(request_for()))
    assert len(wires.requests()) == len(outcome.attempts) == 4
    assert outcome.result == "failed"


@PROVIDER
async def test_a_connection_that_breaks_is_sent_again_by_us_alone(
    wires: Stub, make: MakeProvider, provider: str
) -> None:
    wires.play(reply(trap="drop"), reply(right(provider, {"label": "card", "confidence": 1})))
    answer = answered(await make(provider).answer(request_for()))
    assert [each.result for each in answer.attempts] == ["failed", "answered"]
    assert "could not be reached" in answer.attempts[0].notes[0]
    assert len(wires.requests()) == 2


class Rated(BaseModel):
    """What not every provider takes as a schema."""

    stars: Literal[1, 2, 3]
    paid: Decimal | None = None


class Reply(BaseModel):
    """A type that holds itself."""

    text: str
    replies: "list[Reply]" = []


@PROVIDER
async def test_options_that_are_no_texts_are_held_to_whatever_the_wire_takes(
    wires: Stub, make: MakeProvider, provider: str
) -> None:
    wires.play(*(reply(right(provider, {"stars": stars, "paid": "1.50"})) for stars in (7, 2)))
    answer = answered(await make(provider, confidence="none").answer(request_for(Rated)))
    assert answer.value == Rated(stars=2, paid=Decimal("1.50"))
    assert [each.result for each in answer.attempts] == ["invalid", "answered"]


async def test_a_type_that_a_provider_cannot_take_is_no_answer_that_says_so(wires: Stub, make: MakeProvider) -> None:
    wires.play(reply(right("google", {"text": "a", "replies": []})))
    outcome = unanswered(await make("google", confidence="none").answer(request_for(Reply)))
    assert "takes no type that holds itself" in outcome.reason
    assert wires.requests() == []


async def test_a_provider_that_asks_for_a_pause_gets_it(wires: Stub, make: MakeProvider) -> None:
    body = anthropic.error("rate_limit_error", "slow down")
    wires.play(reply(body, status=429, headers={"Retry-After": "99"}))
    outcome = unanswered(await make().answer(request_for(seconds=5.0)))
    assert len(wires.requests()) == 1
    assert "99 seconds" in outcome.reason


@PROVIDER
async def test_a_key_never_shows(
    wires: Stub, make: MakeProvider, provider: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = f"the key {KEY} is not valid"
    body = (
        anthropic.error("authentication_error", told)
        if provider == "anthropic"
        else gemini.error(403, "PERMISSION_DENIED", told)
    )
    wires.play(reply(body, status=401 if provider == "anthropic" else 403))
    model = make(provider)
    with caplog.at_level(logging.INFO):
        outcome = unanswered(await model.answer(request_for()))
    assert KEY not in repr(outcome) + repr(model) + caplog.text
    assert len(wires.requests()) == 1
    assert ("ANTHROPIC" if provider == "anthropic" else "GOOGLE") in outcome.reason
    assert "my card was stolen" not in caplog.text


async def test_settings_are_sent_and_one_that_is_refused_is_named(wires: Stub, make: MakeProvider) -> None:
    wires.play(reply(right("anthropic", {"label": "card", "confidence": 1})))
    model = make(temperature=0.3, max_output_tokens=77, extra={"top_k": 5})
    answer = answered(await model.answer(request_for()))
    body = wires.requests()[0]["body"]
    assert (body["temperature"], body["max_tokens"], body["top_k"]) == (0.3, 77, 5)
    assert answer.asked_as.endswith(f"sent-{model.full_name.partition('@')[2]}")

    wires.reset()
    wires.play(reply(anthropic.error("invalid_request_error", "temperature: is deprecated for this model"), status=400))
    assert "refuses temperature=0.3" in unanswered(await model.answer(request_for())).reason
    assert "seed" in unanswered(await make(seed=3).answer(request_for())).reason  # which this provider does not have


async def test_written_and_read_cache_is_priced(wires: Stub, make: MakeProvider) -> None:
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 1000,
        "cache_creation_input_tokens": 100,
        "output_tokens": 5,
    }
    wires.play(reply(anthropic.message(anthropic.call({"label": "card", "confidence": 1}), usage=usage)))
    price = Price(3, 15, 0.3, cache_write=3.75)
    answer = answered(await make(prices={"claude-sonnet-4-5": price}).answer(request_for()))
    [attempt] = answer.attempts
    assert (attempt.input_tokens, attempt.cached_tokens, attempt.written_tokens) == (1110, 1000, 100)
    assert attempt.money == pytest.approx((10 * 3 + 1000 * 0.3 + 100 * 3.75 + 5 * 15) / 1e6)


async def test_missing_usage_is_unknown_and_still_counts_against_a_budget(wires: Stub, make: MakeProvider) -> None:
    wires.play(reply(gemini.generated(gemini.call({"label": "Pluto"}), usage={})))
    outcome = unanswered(await make("google", reasks=9).answer(request_for(max_tokens=4000)))
    assert outcome.attempts[0].input_tokens is None
    assert outcome.result in {"over_budget", "invalid"}


@pytest.mark.parametrize("usage", [{"input_tokens": "many"}, {"input_tokens": 0, "output_tokens": 0}, None])
async def test_no_answer_is_for_nothing(wires: Stub, make: MakeProvider, usage: Any) -> None:
    """Instructor puts 0 where it cannot add, and servers where they did not count."""
    body = {**anthropic.message(anthropic.call({"label": "card", "confidence": 1})), "usage": usage}
    wires.play(reply(body))
    answer = answered(await make(prices={"claude-sonnet-4-5": Price(3, 15)}).answer(request_for()))
    [attempt] = answer.attempts
    assert (attempt.input_tokens, attempt.output_tokens, attempt.money) == (None, None, None)


@PROVIDER
async def test_a_page_in_place_of_an_answer_is_an_outage(wires: Stub, make: MakeProvider, provider: str) -> None:
    page = reply("<html>Sign in</html>")
    wires.play(page, page, page, page)
    outcome = unanswered(await make(provider).answer(request_for(seconds=2)))
    assert "no JSON" in outcome.reason
    assert outcome.outage is not False
    assert len(outcome.attempts) > 1


async def test_thoughts_before_a_call_are_no_second_answer(wires: Stub, make: MakeProvider) -> None:
    wires.play(
        reply(gemini.generated(gemini.said("hm", thought=True), gemini.call({"label": "card", "confidence": 1})))
    )
    assert answered(await make("google").answer(request_for())).value == "card"


async def test_a_response_without_an_answer_is_asked_for_again(wires: Stub, make: MakeProvider) -> None:
    empty = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 9}}
    wires.play(reply(empty), reply(right("google", {"label": "card", "confidence": 1})))
    answer = answered(await make("google").answer(request_for()))
    assert [each.result for each in answer.attempts] == ["failed", "answered"]


async def test_a_budget_that_does_not_reach_asks_nobody(wires: Stub, make: MakeProvider) -> None:
    outcome = unanswered(await make(samples=3).answer(request_for(max_tokens=20)))
    assert (outcome.result, wires.requests()) == ("over_budget", [])


@PROVIDER
async def test_free_text_comes_without_what_the_model_thought(wires: Stub, make: MakeProvider, provider: str) -> None:
    whole = {
        "anthropic": anthropic.message(
            {"type": "thinking", "thinking": "hm", "signature": "x"}, anthropic.said("Dear customer"), stop="end_turn"
        ),
        "google": gemini.generated(gemini.said("hm", thought=True), gemini.said("Dear customer")),
    }[provider]
    wires.play(reply(whole))
    pieces: list[str] = []
    answer = answered(await make(provider).answer(request_for(str, json_schema=None, labels=(), on_text=pieces.append)))
    assert answer.value == "".join(pieces) == "Dear customer"
    assert answer.confidence.value is None


def test_one_model_serves_every_event_loop(wires: Stub) -> None:
    wires.play(reply(right("anthropic", {"label": "card"})))
    url = wires.url.removesuffix("/v1")
    step = classify(
        "route",
        Team,
        "Which team?",
        models=InstructorModel(NAMES["anthropic"], base_url=url, api_key=KEY),
        accept=Always(),
        limits=Limits(seconds=50),
    )
    assert [type(step.sync("my card was stolen")) for _ in range(3)] == [Accepted] * 3


async def test_a_client_of_the_users_is_asked_through_and_stays_open(wires: Stub) -> None:
    wires.play(reply(right("anthropic", {"label": "card"})))
    client = instructor.from_provider("anthropic/claude-sonnet-4-5", async_client=True, api_key=KEY)
    client.client.base_url = wires.url.removesuffix("/v1")  # type: ignore[union-attr]
    model = InstructorModel(NAMES["anthropic"], client=client, confidence="none")
    answered(await model.answer(request_for()))
    await model.aclose()
    answered(await model.answer(request_for()))

    async def elsewhere() -> str:
        return unanswered(await model.answer(request_for())).reason

    assert "event loop" in await asyncio.to_thread(asyncio.run, elsewhere())
    await client.client.close()  # type: ignore[union-attr]


async def test_a_recording_replays_it(wires: Stub, make: MakeProvider, tmp_path: Path) -> None:
    wires.play(reply(right("google", {"label": "card", "confidence": 0.7})))
    live = answered(await RecordedModel.record(tmp_path / "a.jsonl", live=make("google")).answer(request_for()))
    again = answered(await RecordedModel.replay(tmp_path / "a.jsonl").answer(request_for()))
    assert (again.value, again.confidence, again.asked_as) == (live.value, live.confidence, live.asked_as)
    assert len(wires.requests()) == 1


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("claude", {}, "named with its provider"),
        (3, {}, "named with its provider"),
        ("anthropic/", {"api_key": "k"}, "needs a name"),
        ("writer/x", {}, 'pip install "instructor\\[writer\\]"'),
        ("anthropic/x", {}, "set ANTHROPIC_API_KEY"),
        ("anthropic/x", {"api_key": 3}, "api_key is a int"),
        ("anthropic/x", {"api_key": "k", "samples": 0}, "samples is 0"),
        ("anthropic/x", {"api_key": "k", "confidence": "logprob"}, "confidence is 'logprob'"),
        ("anthropic/x", {"api_key": "k", "temperature": 0}, "agree whether it is right"),
        ("anthropic/x", {"api_key": "k", "extra": {"system": "x"}}, "it is the step's"),
        ("anthropic/x", {"api_key": "k", "extra": {"max_retries": 9}}, "instructor has it"),
        ("anthropic/x", {"client": object(), "api_key": "k"}, "leave out api_key"),
        ("anthropic/x", {"client": "k"}, "client is a str"),
        ("azure_openai/x", {"api_key": "k", "base_url": "http://127.0.0.1"}, "takes no address"),
    ],
)
def test_rude_settings_are_refused_when_the_model_is_built(
    monkeypatch: pytest.MonkeyPatch, name: Any, given: Json, told: str
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(ModelNotReady, match=told):
        InstructorModel(name, **given)


def test_every_provider_of_instructor_is_known_and_no_other() -> None:
    assert {*PROVIDERS, *ASKED_OTHERWISE} == set(supported_providers)
    assert not PROVIDERS.keys() & ASKED_OTHERWISE.keys()
    with pytest.raises(UnknownModel, match="one of anthropic, anyscale"):
        resolve_model("instructor:nobody/x")


def test_a_model_is_had_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    model = resolve_model("instructor:anthropic/claude-sonnet-4-5")
    assert isinstance(model, InstructorModel)
    assert model.name == "instructor:anthropic/claude-sonnet-4-5"
    price = model.prices.price("claude-sonnet-4-5-20250929")
    assert price is not None
    assert price.input == 3


@PROVIDER
async def test_a_picture_goes_as_the_providers_own_wire_has_it(wires: Stub, make: MakeProvider, provider: str) -> None:
    pil = pytest.importorskip("PIL.Image")
    written = io.BytesIO()
    pil.new("RGB", (40, 30), "red").save(written, "PNG")
    picture = Image(written.getvalue())
    assert picture.data is not None
    wires.play(reply(right(provider, {"label": "card", "confidence": 0.9})))
    step = classify("route", Team, "Which team?", models=make(provider), accept=Always())

    outcome = await step(picture, note="urgent")

    assert isinstance(outcome, Accepted)
    assert outcome.judgement.prompt_version.endswith("+instructor-tools,pictures")
    [sent] = [each["body"] for each in wires.requests()]
    data = base64.b64encode(picture.data).decode()
    assert "urgent" in json.dumps(sent)
    if provider == "anthropic":
        parts = sent["messages"][-1]["content"]
        assert parts[-1] == {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    else:
        shown = sent["contents"][-1]["parts"][-1]["inlineData"]
        kind = shown.get("mimeType") or shown["mime_type"]  # versions of the library spell it differently
        assert (kind, base64.urlsafe_b64decode(shown["data"])) == ("image/png", picture.data)

    wires.reset()
    wires.play(reply(right(provider, {"label": "Pluto"})), reply(right(provider, {"label": "card", "confidence": 0.9})))
    assert (await step(picture)).kind == "accepted"
    assert all(
        data[:40].translate(URL_SAFE) in json.dumps(each["body"]).translate(URL_SAFE) for each in wires.requests()
    )
    assert len(wires.requests()) == 2

    wires.reset()
    poor = classify("route", Team, "Which team?", models=make(provider), accept=Always(), limits=Limits(tokens=300))
    assert (await poor(picture)).kind == "doubtful"
    assert wires.requests() == []


def test_pictures_are_sent_where_the_wire_is_known() -> None:
    assert not PROVIDERS["cohere"].takes_pictures
    assert PROVIDERS["ollama"].takes_pictures
