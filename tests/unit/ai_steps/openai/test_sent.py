"""What is sent is what was said, is in every version, and shows no secret."""

import asyncio
import gc
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI, OpenAI

from handrail import OpenAIModel, RecordedModel, classify
from handrail.ai_steps import Limits
from handrail_ai_steps.errors import ModelNotReady
from handrail_guards.acceptance import Always
from handrail_guards.outcome import Accepted, Doubtful
from tests.stub_server import Stub, completion, error, reply
from tests.unit.ai_steps.openai.given import GOOD, MakeModel, Team, answered, request_for, unanswered

SECRET = "tok-0123456789abcdef"
SETTINGS: dict[str, Any] = {
    "temperature": 0.3,
    "seed": 7,
    "max_output_tokens": 500,
    "reasoning_effort": "low",
    "extra": {"service_tier": "flex", "provider": {"order": ["a", "b"]}},
}


NAMED = completion('{"label":"card"}')
"""The answer where no confidence is wanted, or votes give it."""


def step_of(model: OpenAIModel) -> Any:
    return classify("route", Team, "Which team?", models=model, accept=Always(), limits=Limits(seconds=50))


async def test_everything_set_is_on_the_wire_and_in_the_version(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(NAMED))
    step = step_of(make_model(decisions=False, **SETTINGS))

    outcome = await step("my card was stolen")

    [asked] = stub.requests()
    body = asked["body"]
    assert {name: body[name] for name in ("temperature", "seed", "reasoning_effort", "service_tier", "provider")} == {
        "temperature": 0.3,
        "seed": 7,
        "reasoning_effort": "low",
        "service_tier": "flex",
        "provider": {"order": ["a", "b"]},
    }
    assert body["max_completion_tokens"] == 500
    mark = step.models[0].full_name.partition("@")[2]
    assert outcome.judgement.prompt_version == f"{step.version}+sent-{mark}"


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_has_versions_of_its_own(make_model: MakeModel, name: str) -> None:
    plain, all_set = make_model(), make_model(**SETTINGS)
    without = make_model(**{key: value for key, value in SETTINGS.items() if key != name})
    alone = make_model(**{name: SETTINGS[name]})

    assert len({each.full_name for each in (plain, all_set, without, alone)}) == 4
    assert len({step_of(each).rollout_subject for each in (plain, all_set, without, alone)}) == 4
    assert plain.full_name == plain.name


def test_the_same_settings_written_otherwise_are_the_same_version(make_model: MakeModel) -> None:
    one = make_model(temperature=1, extra={"a": 1, "b": {"c": 2.0, "d": [1]}})
    other = make_model(temperature=1.0, extra={"b": {"d": (1,), "c": 2}, "a": 1.0})
    assert one.full_name == other.full_name


def test_extra_fields_are_those_of_the_day_the_model_was_built(make_model: MakeModel) -> None:
    given: dict[str, Any] = {"provider": {"order": ["a"]}}
    model = make_model(extra=given)
    before = model.full_name
    given["provider"]["order"].append("b")
    assert model.full_name == before == make_model(extra={"provider": {"order": ["a"]}}).full_name


async def test_a_recording_knows_what_was_sent(stub: Stub, make_model: MakeModel, tmp_path: Path) -> None:
    stub.play(reply(GOOD))
    path = tmp_path / "answers.jsonl"
    for temperature in (0.2, 0.9, 0.2):
        live = make_model(decisions=False, temperature=temperature)
        await RecordedModel.record(path, live=live).answer(request_for())
    assert [each["body"]["temperature"] for each in stub.requests()] == [0.2, 0.9]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"temperature": True}, "temperature is True"),
        ({"temperature": -0.1}, "from 0 to 2"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": "hot"}, "temperature is 'hot'"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": 2**63}, "64 bits"),
        ({"max_output_tokens": 0}, "max_output_tokens is 0"),
        ({"reasoning_effort": "Very hard, please"}, "reasoning_effort"),
        ({"reasoning_effort": 3}, "reasoning_effort is 3"),
        ({"extra": ["a"]}, "more fields of the request by name"),
        ({"extra": {1: "a"}}, "more fields of the request by name"),
        ({"extra": {"a": {1, 2}}}, "no JSON data"),
        ({"extra": {"a": float("inf")}}, "no JSON data"),
        ({"extra": {"a": "\ud800"}}, "no JSON data"),
        ({"extra": {"temperature": 1}}, "give temperature="),
        ({"extra": {"max_tokens": 1}}, "give max_output_tokens="),
        ({"extra": {"messages": []}}, "sent already"),
        ({"extra": {"tools": []}}, "not for calls"),
        ({"extra": {"extra_headers": {}}}, "default_headers"),
        ({"confidence": "vote", "temperature": 0}, "agree whether it is right or not"),
        ({"client": "https://127.0.0.1"}, "client is a str"),
        ({"client": lambda: None}, "made a NoneType"),
        ({"client": lambda: 1 / 0}, "raised ZeroDivisionError"),
    ],
)
def test_rude_settings_are_refused_when_the_model_is_built(given: dict[str, Any], told: str) -> None:
    key: dict[str, Any] = {} if "client" in given else {"api_key": "none"}
    with pytest.raises(ModelNotReady, match=told):
        OpenAIModel("stub-1", **key, **given)


def test_a_client_that_cannot_work_is_refused_when_the_model_is_built() -> None:
    with pytest.raises(ModelNotReady, match="give AsyncOpenAI"):
        OpenAIModel("stub-1", client=OpenAI(api_key="none"))  # type: ignore[arg-type]
    with pytest.raises(ModelNotReady, match="leave out base_url and api_key"):
        OpenAIModel("stub-1", client=AsyncOpenAI(api_key="none"), base_url="http://127.0.0.1", api_key="none")


@pytest.mark.parametrize("name", ["temperature", "seed", "reasoning_effort", "service_tier"])
async def test_a_refused_setting_is_no_answer_and_is_not_left_out(stub: Stub, make_model: MakeModel, name: str) -> None:
    stub.play(reply(error(f"Unsupported value: '{name}' is not taken by this model.", param=name), status=400))
    said = unanswered(await make_model(decisions=False, **SETTINGS).answer(request_for()))

    assert len(stub.requests()) == 1
    assert said.reason.startswith("the server refuses ")
    assert name in said.reason.partition(",")[0]


async def test_older_servers_get_the_limit_by_its_older_name(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("Unknown field max_completion_tokens"), status=400, when={"max_completion_tokens": True}),
        reply(GOOD),
    )
    answered(await make_model(decisions=False, max_output_tokens=321).answer(request_for()))
    assert stub.requests()[-1]["body"]["max_tokens"] == 321


async def test_samples_of_a_seed_are_drawn_with_seeds_of_their_own(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(NAMED))
    voting = make_model(confidence="vote", samples=4, seed=40, temperature=0.7)
    answer = answered(await voting.answer(request_for()))

    sent = [each["body"] for each in stub.requests()]
    assert sorted(each["seed"] for each in sent) == [40, 41, 42, 43]
    assert {each["temperature"] for each in sent} == {0.7}
    assert not any("n" in each for each in sent)
    assert answer.asked_as.startswith("sampled-4")


async def test_a_prompt_begins_the_same_for_every_input(stub: Stub, make_model: MakeModel) -> None:
    """Servers price a prompt less as far as it begins like an earlier one."""
    stub.play(reply(NAMED))
    step = step_of(make_model(decisions=False, **SETTINGS))
    for text in ("first", "second"):
        await step(text)
    one, other = (json.dumps(each["body"]) for each in stub.requests())
    assert one.replace('"first"', '"second"') == other
    assert one.index('"first"') > one.index("Which team?")


SECRETS = {"api_key": SECRET, "gateway": {"auth_token": SECRET + "x"}, "tier": "a"}


async def test_secrets_in_extra_fields_are_sent_and_shown_nowhere(stub: Stub, make_model: MakeModel) -> None:
    told = f"the key {SECRET} and {SECRET}x of field tier are not known"
    stub.play(reply(error(told), status=400))
    model = make_model(decisions=False, extra=SECRETS)
    outcome = await step_of(model)("my card was stolen")

    assert stub.requests()[0]["body"]["api_key"] == SECRET
    assert SECRET not in repr(model) + repr(outcome)
    assert "'tier': 'a'" in repr(model)
    renewed = make_model(extra={**SECRETS, "api_key": "another-one"})
    assert renewed.full_name == model.full_name, "a key that is renewed is no other question"


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda: None, "returned a NoneType"),
        (lambda: "", "returned an empty text"),
        (SECRET.encode, "returned a bytes"),
        (lambda: dict[str, str]()["managed"], "the key function raised KeyError"),
    ],
)
async def test_a_key_function_that_gives_no_key_says_so(
    make_model: MakeModel, function: Callable[[], Any], told: str
) -> None:
    said = unanswered(await make_model(api_key=function).answer(request_for()))
    assert told in said.reason
    assert SECRET not in repr(said)


@pytest.mark.dear
async def test_a_key_function_is_asked_for_each_request_and_its_keys_are_hidden(
    stub: Stub, make_model: MakeModel
) -> None:
    keys = iter(["tok-first-000000", "tok-second-00000", "tok-third-000000", "tok-fourth-00000"])

    async def awaited() -> str:
        await asyncio.sleep(0)
        return next(keys)

    stub.play(reply(error("the key tok-first-000000 is over"), status=401))
    model = make_model(api_key=awaited, decisions=False)
    first, second = [unanswered(await model.answer(request_for())) for _ in range(2)]

    assert [each["headers"]["authorization"] for each in stub.requests()] == [
        "Bearer tok-first-000000",
        "Bearer tok-second-00000",
        "Bearer tok-third-000000",
        "Bearer tok-fourth-00000",
    ]
    assert "tok-" not in first.reason + second.reason


@pytest.mark.dear
async def test_a_key_that_ran_out_on_its_way_is_followed_by_the_next_one_once(
    stub: Stub, make_model: MakeModel
) -> None:
    """hindsight #1637, openai-python #1533: a token of an hour is over in the middle of a long run."""
    keys = iter(["tok-first-000000", "tok-second-00000"])
    stub.play(reply(error("the token is over", code="token_expired"), status=401), reply(GOOD))
    answer = answered(await make_model(api_key=lambda: next(keys), decisions=False).answer(request_for()))
    assert [each.result for each in answer.attempts] == ["failed", "answered"]
    stub.reset()
    stub.play(reply(error("no such key"), status=401))
    refused = unanswered(await make_model(decisions=False).answer(request_for()))
    assert (len(stub.requests()), refused.outage) == (1, True), "the key of a text stays what it is"


def azure(stub: Stub, token: Any) -> AsyncAzureOpenAI:
    return AsyncAzureOpenAI(
        azure_endpoint=stub.url.removesuffix("/v1"), api_version="2026-10-21", azure_ad_token_provider=token
    )


@pytest.mark.dear
async def test_azure_and_a_managed_identity_are_asked_through_their_client(stub: Stub) -> None:
    stub.play(reply(error(f"the token {SECRET} is over"), status=401))
    async with azure(stub, lambda: SECRET) as client:
        model = OpenAIModel("my-deployment", client=client, decisions=False)
        said = unanswered(await model.answer(request_for()))
        await model.aclose()

    asked, _ = stub.requests()
    assert asked["path"].endswith("/openai/deployments/my-deployment/chat/completions?api-version=2026-10-21")
    assert asked["headers"]["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in said.reason
    assert model.server == str(client.base_url).rstrip("/")
    assert "@" in model.full_name, "another api-version is another way to ask"


@pytest.mark.parametrize("token", [SECRET.encode, lambda: 1 / 0, lambda: None])
async def test_an_identity_that_fails_is_no_answer_and_shows_no_token(stub: Stub, token: Any) -> None:
    model = OpenAIModel("my-deployment", client=azure(stub, token), decisions=False)
    said = unanswered(await model.answer(request_for()))
    await model.aclose()
    assert stub.requests() == []
    assert SECRET not in repr(said)


@pytest.mark.dear
def test_a_client_serves_every_event_loop_and_stays_its_owners(stub: Stub) -> None:
    stub.play(reply(NAMED))
    client = AsyncOpenAI(base_url=stub.url, api_key=SECRET, default_headers={"X-Team": "claims"}, max_retries=9)
    step = step_of(OpenAIModel("stub-1", client=client, decisions=False))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        outcomes = [step.sync("my card was stolen") for _ in range(3)]
        gc.collect()

    assert [type(each) for each in outcomes] == [Accepted] * 3
    assert {each["headers"]["x-team"] for each in stub.requests()} == {"claims"}
    assert not client.is_closed()
    asyncio.run(client.close())
    closed = step.sync("my card was stolen")
    assert isinstance(closed, Doubtful)
    assert "closed" in closed.reason


def test_connections_of_a_users_own_kind_stay_in_one_loop_or_are_made_for_each(stub: Stub) -> None:
    stub.play(reply(NAMED))
    seen: list[httpx2.Request] = []

    async def noted(request: httpx2.Request) -> None:
        seen.append(request)

    def make() -> AsyncOpenAI:
        http = httpx2.AsyncClient(headers={"Connection": "close"}, event_hooks={"request": [noted]})
        return AsyncOpenAI(base_url=stub.url, api_key=SECRET, http_client=http)

    one = step_of(OpenAIModel("stub-1", client=make(), decisions=False))
    first, second = one.sync("my card was stolen"), one.sync("my card was stolen")
    assert isinstance(first, Accepted)
    assert isinstance(second, Doubtful)
    assert "client=lambda: AsyncOpenAI" in second.reason

    made = step_of(OpenAIModel("stub-1", client=make, decisions=False))
    assert [type(made.sync("my card was stolen")) for _ in range(3)] == [Accepted] * 3
    assert len(seen) == 4, "none went past the user's own connections"


async def test_retries_of_a_client_are_not_multiplied_with_ours(stub: Stub) -> None:
    stub.play(reply(error("busy"), status=503, headers={"Retry-After": "99"}))
    client = AsyncOpenAI(base_url=stub.url, api_key=SECRET, max_retries=5)
    model = OpenAIModel("stub-1", client=client, decisions=False)
    said = unanswered(await model.answer(request_for(seconds=5.0)))
    await model.aclose()
    assert len(stub.requests()) == 1
    assert "99 seconds" in said.reason
