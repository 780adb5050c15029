"""One bad moment of a server: it is told, it costs what it costs, and the next question is asked as if it never was."""

import asyncio
import base64
import logging
import re
import subprocess
import sys
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from handrail import extract
from handrail.ai_steps import Limits
from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.openai import OpenAIModel, capabilities
from handrail_ai_steps.models.openai.access import Credential
from handrail_ai_steps.models.openai.structured import Structured
from handrail_ai_steps.prices import Price
from handrail_guards.acceptance import Always
from handrail_guards.outcome import Doubtful
from handrail_guards.text import forbids
from tests.stub_server import Stub, completion, error, reply, tokens
from tests.unit.ai_steps.openai.given import KEY, MakeModel, Receipt, answered, request_for, unanswered

GOOD = completion('{"label":"B"}', logprobs=tokens('{"label":"', ("B", {"B": 0.9}), '"}'))
AT_DECISIONS = {"path": "/decisions"}
HANGS = 3600.0


# Pauses --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        {"retry-after": "86400"},
        {"retry-after": "Fri, 01 Jan 2099 00:00:00 GMT"},
        {"retry-after-ms": "1e300"},
    ],
    ids=str,
)
async def test_a_long_pause_is_told_to_every_call_at_once(
    stub: Stub, make_model: MakeModel, header: dict[str, str]
) -> None:
    stub.play(reply(error("slow down"), status=429, headers=header), reply(GOOD))
    model = make_model(confidence="logprob")
    assert unanswered(await model.answer(request_for())).result == "failed"
    for _ in range(3):
        later = unanswered(await model.answer(request_for()))
        assert later.result == "failed"
        assert "the server asked for a pause of" in later.reason
        assert "it is asked again in" in later.reason
    assert len(stub.bodies()) == 1


@pytest.mark.dear
@pytest.mark.parametrize("header", [{"retry-after-ms": "inf"}, {"retry-after-ms": "nan"}, {"retry-after": "9" * 400}])
async def test_a_pause_without_an_end_is_no_pause(stub: Stub, make_model: MakeModel, header: dict[str, str]) -> None:
    stub.play(reply(error("slow down"), status=429, headers=header), reply(GOOD))
    assert answered(await make_model(confidence="logprob").answer(request_for())).value == "card"


async def test_of_two_headers_the_one_that_can_be_read_is_obeyed(stub: Stub, make_model: MakeModel) -> None:
    headers = {"retry-after-ms": "soon", "retry-after": "86400"}
    stub.play(reply(error("slow down"), status=429, headers=headers), reply(GOOD))
    outcome = unanswered(await make_model(confidence="logprob").answer(request_for()))
    assert "it asks to wait 86400 seconds" in outcome.reason
    assert len(stub.bodies()) == 1


# What was spent ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_what_was_spent_before_the_deadline_is_in_the_record(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("{}")), reply(GOOD, delay=HANGS))
    model = make_model(confidence="none", prices={"stub-1": Price(1, 1)})
    step = extract("read", Receipt, "Read.", models=model, accept=Always(), limits=Limits(seconds=8.0))
    outcome = await step("x")
    assert isinstance(outcome, Doubtful)
    assert outcome.code == "timed_out"
    assert [(each.result, each.input_tokens) for each in outcome.judgement.attempts] == [
        ("invalid", 100),
        ("timed_out", None),
    ]
    assert outcome.judgement.attempts[0].money == pytest.approx(110 / 1_000_000)


@pytest.mark.slow
async def test_what_a_judge_spent_before_the_deadline_is_in_the_record(stub: Stub, make_model: MakeModel) -> None:
    from handrail.ai_steps import judge  # noqa: PLC0415 -- used here alone

    stub.play(reply(completion('{"company":"A","total":1}')), reply(completion("{}")), reply(GOOD, delay=HANGS))
    model = make_model(confidence="none")
    guards = [judge("It is polite.", model=model)]
    limits = Limits(seconds=10.0)
    outcome = await extract("read", Receipt, "Read.", models=model, accept=Always(), guards=guards, limits=limits)("x")
    assert isinstance(outcome, Doubtful)
    assert [each.result for each in outcome.judgement.attempts] == ["answered", "invalid", "timed_out"]


class Coded(BaseModel):
    code: str

    @field_validator("code")
    @classmethod
    def _known(cls, value: str) -> str:
        return {"a": "known"}[value]


async def test_a_validator_that_breaks_is_named_and_the_attempts_are_kept(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"code":"b"}')))
    step = extract("read", Coded, "Read.", models=make_model(confidence="none"), accept=Always())
    outcome = await step("x")
    assert isinstance(outcome, Doubtful)
    assert "a validator of Coded raised KeyError: 'b'" in outcome.reason
    assert [(each.result, each.input_tokens) for each in outcome.judgement.attempts] == [("invalid", 100)] * 3


async def test_a_step_that_allows_no_reasks_has_none(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("{}")))
    model = make_model(confidence="none", reasks=5)
    for allowed in (0, 1):
        stub.reset()
        stub.play(reply(completion("{}")))
        limits = Limits(reasks=allowed)
        await extract("read", Receipt, "Read.", models=model, accept=Always(), limits=limits)("x")
        assert len(stub.bodies()) == 1 + allowed


async def test_guards_and_schema_share_the_reasks(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("{}")), reply(completion('{"company":"bad","total":1}')))
    model = make_model(confidence="none")
    picky = [forbids("bad", fields="company")]
    step = extract("read", Receipt, "Read.", models=model, accept=Always(), guards=picky, limits=Limits(reasks=2))
    assert isinstance(await step("x"), Doubtful)
    assert len(stub.bodies()) == 3


# What shows ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("filler", [*range(0, 420, 7), 10_000])
def test_no_part_of_a_key_shows_wherever_a_text_is_cut(filler: int) -> None:
    key = Credential("sk-verysecretkey-1234567890")
    said = key.scrub("x" * filler + key.reveal() + " was wrong")
    assert "sk-very" not in said
    for end in range(8, 27):
        assert "sk-very" not in key.scrub("x" * filler + key.reveal()[:end])
    assert Credential("none").scrub("no answer") == "no answer"
    assert Credential("x").scrub('unexpected key "x" in x=1, Bearer x') == 'unexpected key "***" in ***=1, Bearer ***'


@pytest.mark.parametrize("status", [pytest.param(200, marks=pytest.mark.slow), 400, 401, 429, 500])
@pytest.mark.parametrize("shape", ["message", "plain", "page"])
async def test_a_long_message_that_quotes_the_key_does_not_show_it(
    stub: Stub, make_model: MakeModel, status: int, shape: str
) -> None:
    for before in range(270, 400, 65 if status == 200 else 26):  # each of these is asked again, after a while
        said = "x" * before + KEY + " is wrong"
        body: Any = {"message": error(said), "plain": said, "page": f"<html>{said}</html>"}[shape]
        stub.reset()
        stub.play(reply(body, status=status, headers={"retry-after": "0"}))
        outcome = unanswered(await make_model(confidence="logprob").answer(request_for()))
        assert KEY[:6] not in repr(outcome)


LOGINS = {
    "user and password": ("ann:pass%40word-77", ["pass%40word-77", "pass@word-77"], "ann:pass@word-77"),
    "a token alone": ("token-4711-abcd", ["token-4711-abcd"], "token-4711-abcd:"),
    "a password alone": (":open-sesame", ["open-sesame"], ":open-sesame"),
}


@pytest.mark.slow
@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("status", [200, 400, 401, 429])
async def test_a_login_in_the_address_is_sent_and_never_shown(
    stub: Stub, make_model: MakeModel, caplog: pytest.LogCaptureFixture, login: str, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    written, secrets, meant = LOGINS[login]
    token = base64.b64encode(meant.encode()).decode()
    address = stub.url.replace("http://", f"http://{written}@")
    said = f"{address} with {meant} as Basic {token} may not ask"
    stub.play(reply(error(said), status=status, headers={"retry-after": "86400"}))
    model = make_model(base_url=address, confidence="logprob")
    outcome = unanswered(await model.answer(request_for()))
    asked = [request["headers"]["authorization"] for request in stub.requests("/chat/completions")]
    assert {*asked} == {f"Basic {token}"}
    shown = f"{outcome!r} {model!r} {caplog.text}"
    assert "may not ask" in outcome.reason
    assert not [secret for secret in (*secrets, token) if secret in shown]


@pytest.mark.parametrize("behind", ["?key=AIza-0123456789", "?api-version=1&key=AIza-0123456789", "#AIza-0123456789"])
def test_an_address_with_something_behind_its_path_is_refused_without_showing_it(behind: str) -> None:
    with pytest.raises(ModelNotReady, match="http://localhost/v1 has something behind its path") as refused:
        OpenAIModel("small-1", base_url=f"http://ann:secret-77@localhost:8000/v1{behind}", api_key="none")
    assert not {"AIza", "secret-77"} & set(re.findall(r"AIza|secret-77", str(refused.value)))


async def test_nothing_of_an_answer_that_never_fits_is_logged(
    stub: Stub, make_model: MakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    class Person(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def _known(cls, value: str) -> str:
            raise ValueError(f"unknown person {value}")

    stub.play(reply(completion('{"name":"Ann Secretname"}')))
    with caplog.at_level(logging.INFO):
        outcome = await extract("read", Person, "Read.", models=make_model(confidence="none"), accept=Always())("x")
    assert "Secretname" in outcome.reason if isinstance(outcome, Doubtful) else False
    assert "Secretname" not in caplog.text
    logging.getLogger("instructor").error("of somebody else's")
    assert "of somebody else's" in caplog.text


# What servers do not take --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "Field 'n': Value must be between 1 <= value <= 4, but got 5",
        'Invalid value for "n": 5 is above 4',
        "`n` is limited to 1 here",
    ],
)
async def test_a_limit_to_the_samples_of_one_request_makes_several(
    stub: Stub, make_model: MakeModel, message: str
) -> None:
    stub.play(reply(error(message), status=400, when={"n": 5}), reply(completion('{"label":"card"}')))
    answer = answered(await make_model(confidence="vote", samples=5).answer(request_for()))
    assert answer.confidence.source == "vote"
    assert len(stub.bodies()) == 6


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "System role not supported"),
        (500, "Jinja Exception: System role not supported"),
        (400, "'messages[0].role' does not support 'system' with this model."),
        (422, "Only user and assistant roles are supported!"),
        (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
        (400, "Developer instruction is not enabled for models/gemma-3-27b-it"),  # rig #788, adk-python #3900
    ],
)
async def test_a_model_without_a_system_role_gets_its_instructions_from_the_user(
    stub: Stub, make_model: MakeModel, status: int, message: str
) -> None:
    stub.play(reply(error(message), status=status), reply(GOOD))
    model = make_model(confidence="logprob")
    first = answered(await model.answer(request_for()))
    assert any("no system message" in note for note in first.attempts[-1].notes)
    answered(await model.answer(request_for()))
    told, asked = stub.bodies()[0]["messages"]
    assert told["role"] == "system"
    for body in stub.bodies()[1:]:
        assert [each["role"] for each in body["messages"]] == ["user", "assistant", "user"]
        assert body["messages"][0]["content"] == told["content"]
        assert body["messages"][-1] == asked
    assert len(stub.bodies()) == 3


async def test_an_answer_has_an_end_without_a_budget(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"label":"card"}')))
    await make_model(confidence="none").answer(request_for())
    await make_model(confidence="none", max_output_tokens=77).answer(request_for())
    await make_model("gpt-5-stub", confidence="none").answer(request_for())
    await make_model(confidence="none").answer(request_for(max_tokens=600))
    limits = [body["max_completion_tokens"] for body in stub.bodies()]
    assert 4096 <= limits[0] <= 16384
    assert limits[1] == 77
    assert limits[2] == 32768
    assert limits[3] < 600


@pytest.mark.parametrize(
    "message",
    [
        "'max_tokens' is too large: 8192. This model's maximum context length is 4096 tokens and your request has 12",
        "maximum context length is 4096. You requested 8500 tokens (308 in the messages, 8192 in the completion)",
        "max_completion_tokens is too large: 16384. This model supports at most 4096 completion tokens",
    ],
)
async def test_a_limit_that_is_too_long_for_the_server_is_left_out(
    stub: Stub, make_model: MakeModel, message: str
) -> None:
    stub.play(reply(error(message), status=400, when={"max_completion_tokens": True}), reply(GOOD))
    model = make_model(confidence="logprob")
    for _ in range(2):
        answered(await model.answer(request_for()))
    assert ["max_completion_tokens" in body for body in stub.bodies()] == [True, False, False]


async def test_one_input_that_is_too_long_does_not_lift_the_limit(stub: Stub, make_model: MakeModel) -> None:
    too_long = error("This model's maximum context length is 4096 tokens, and 9000 in the completion are too many")
    stub.play(*[reply(too_long, status=400)] * 2, reply(GOOD))
    model = make_model(confidence="logprob")
    assert "too long" in unanswered(await model.answer(request_for())).reason
    answered(await model.answer(request_for()))
    assert "max_completion_tokens" in stub.bodies()[-1]


async def test_an_answer_cut_off_at_our_own_limit_says_how_to_raise_it(stub: Stub, make_model: MakeModel) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 20, "total_tokens": 29}
    stub.play(reply(completion('{"label":', finish="length", usage=usage)))
    outcome = unanswered(await make_model(confidence="none", max_output_tokens=20).answer(request_for()))
    assert outcome.result == "truncated"
    assert "max_output" in outcome.reason


# The decisions endpoint ----------------------------------------------------------------------------------------------


@pytest.mark.dear
async def test_a_decisions_route_that_fails_is_left_alone_for_a_while(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply("bad gateway", status=502, when=AT_DECISIONS), reply(GOOD))
    model = make_model()
    answers = await asyncio.gather(*(model.answer(request_for()) for _ in range(10)))
    assert {answered(each).value for each in answers} == {"card"}
    assert len(stub.bodies("/decisions")) == capabilities.MOST_FAILED


async def test_a_decisions_route_is_asked_again_after_a_while(
    stub: Stub, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capabilities, "REST_SECONDS", 0.0)
    stub.play(reply("bad gateway", status=502, when=AT_DECISIONS), reply(GOOD))
    model = make_model()
    for _ in range(4):
        answered(await model.answer(request_for()))
    assert len(stub.bodies("/decisions")) == 4


async def test_a_key_the_decisions_route_does_not_know_is_tried_there_once(stub: Stub, make_model: MakeModel) -> None:
    refused = reply(error("no access to this route"), status=401, when=AT_DECISIONS)
    stub.play(refused, reply(GOOD))
    model = make_model()
    for _ in range(3):
        answered(await model.answer(request_for()))
    assert len(stub.bodies("/decisions")) == 1


@pytest.mark.slow
async def test_a_decisions_route_that_hangs_leaves_the_chat_its_time(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(GOOD, delay=HANGS, when=AT_DECISIONS), reply(GOOD))
    model = make_model()
    answers = await asyncio.gather(*(model.answer(request_for(seconds=8.0)) for _ in range(3)))
    assert {answered(each).value for each in answers} == {"card"}
    assert len(stub.bodies("/decisions")) <= capabilities.MOST_FAILED
    assert "timed_out" in {answered(each).attempts[0].result for each in answers}  # whoever asked first


async def test_the_decisions_route_can_be_switched_off(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(GOOD))
    assert answered(await make_model(decisions=False).answer(request_for())).confidence.source == "logprob"
    assert stub.bodies("/decisions") == []


# Loading -------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_loading_the_libraries_is_not_the_servers_time(
    stub: Stub, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly() -> Any:
        import time  # noqa: PLC0415

        time.sleep(6.5)
        return Structured()

    monkeypatch.setattr("handrail_ai_steps.models.openai.backend.Structured", slowly)
    stub.play(reply(completion('{"company":"A","total":1}')))
    model = make_model(confidence="none")
    step = extract("read", Receipt, "Read.", models=model, accept=Always(), limits=Limits(seconds=6.0))
    assert (await step("x")).kind == "accepted"


ASKS = """
import asyncio, sys
from handrail import OpenAIModel, classify, confidence

async def main():
    model = OpenAIModel("stub-1", base_url=sys.argv[1], api_key="k", decisions=False)
    step = classify("route", bool, "Is it urgent?", models=model, accept=confidence(at_least=0.5))
    await model.ready()
    before = set(sys.modules)
    outcome = await step("x")
    print(outcome.kind, sorted(set(sys.modules) - before))

asyncio.run(main())
"""


@pytest.mark.dear
def test_nothing_is_left_to_load_once_a_model_is_ready(stub: Stub) -> None:
    label = tokens('{"label":"', ("A", {"A": 0.9, "B": 0.1}), '"}')
    stub.play(reply(completion('{"label":"A"}', logprobs=label)))
    asked = subprocess.run([sys.executable, "-c", ASKS, stub.url], capture_output=True, text=True, check=False)
    assert asked.stdout == "accepted []\n", asked.stderr
