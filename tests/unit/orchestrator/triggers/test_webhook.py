"""A delivery that is signed starts one run, however often it is sent; what is not leaves no trace."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from handrail import Orchestrator, Run, workflow
from handrail.orchestrator import (
    Delivery,
    HookAnswer,
    InvalidWorkflow,
    Misuse,
    Scheme,
    from_environment,
    github,
    hmac_sha256,
    slack,
    stripe,
    webhook,
)
from handrail.testing import FakeClock
from tests.unit.orchestrator.triggers.trigger_flows import history, run_ids, until, utc

NOW = utc("2026-01-05T09:00")
AT = int(NOW.timestamp())
PATH = "/hooks/in"
NAME = f"webhook:{PATH}"
SECRET = "whsec_one"
JSON = {"content-type": "application/json"}


@workflow(version=1)
async def take(_run: Run, delivery: Delivery) -> str:
    return f"{delivery.event}: {json.dumps(delivery.data)}"


@workflow(version=1)
async def number_taker(_run: Run, number: int) -> int:
    return number


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


def open_hook(store: str, scheme: Scheme, **more: Any) -> Orchestrator:
    hook = webhook(PATH, workflow=take, scheme=scheme, **more)
    return Orchestrator(store, workflows=[take], clock=FakeClock(NOW), triggers=[hook])


async def post(orchestrator: Orchestrator, body: bytes, headers: Mapping[str, str]) -> HookAnswer:
    hook = orchestrator.hook(PATH)
    assert hook is not None
    return await hook.deliver({**JSON, **headers}, body)


def mac(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def stripe_headers(body: bytes, *, secret: str = SECRET, at: int = AT) -> dict[str, str]:
    return {"Stripe-Signature": f"t={at},v1={mac('old', b'x')},v1={mac(secret, f'{at}.'.encode() + body)},v0=zz"}


def github_headers(body: bytes, delivery: str, event: str = "push") -> dict[str, str]:
    signature = f"sha256={mac(SECRET, body)}"
    return {"X-Hub-Signature-256": signature, "X-GitHub-Delivery": delivery, "X-GitHub-Event": event}


def slack_headers(body: bytes, *, at: int = AT) -> dict[str, str]:
    return {
        "X-Slack-Request-Timestamp": str(at),
        "X-Slack-Signature": f"v0={mac(SECRET, f'v0:{at}:'.encode() + body)}",
    }


EVENT = json.dumps({"id": "evt_1", "type": "invoice.paid", "amount": 12}).encode()


async def test_a_delivery_is_answered_with_its_run_and_the_same_again_when_it_is_sent_again(store: str) -> None:
    async with open_hook(store, stripe(SECRET)) as orchestrator:
        first = await post(orchestrator, EVENT, stripe_headers(EVENT))
        assert (first.status, first.body) == (202, {"run": "evt_1", "new": True})
        again = await post(orchestrator, EVENT, stripe_headers(EVENT, at=AT + 60))
        assert (again.status, again.body) == (202, {"run": "evt_1", "new": False})
        await orchestrator.idle()
        (run,) = orchestrator.runs()
        assert run.output == 'invoice.paid: {"id": "evt_1", "type": "invoice.paid", "amount": 12}'
        (listed,) = orchestrator.triggers()
        assert (listed.kind, listed.says) == ("webhook", "POST /hooks/in, signed by stripe")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"stripe-signature": ""},
        {"stripe-signature": "t=,v1="},
        {"stripe-signature": f"t={AT},v1=zz"},
        {"stripe-signature": f"v1={mac(SECRET, EVENT)}"},
        {"stripe-signature": f"t={AT},v0={mac(SECRET, f'{AT}.'.encode() + EVENT)}"},
        {"stripe-signature": "t=²,v1=00"},
        stripe_headers(EVENT, secret="another"),
        stripe_headers(EVENT + b" "),
        stripe_headers(EVENT, at=AT - 301),
        stripe_headers(EVENT, at=AT + 301),
    ],
)
async def test_what_is_not_signed_right_or_too_old_leaves_no_trace(store: str, headers: dict[str, str]) -> None:
    async with open_hook(store, stripe(SECRET)) as orchestrator:
        before = history(orchestrator, NAME)
        assert (await post(orchestrator, EVENT, headers)).status == 401
        assert (run_ids(orchestrator), history(orchestrator, NAME)) == ([], before)


async def test_one_of_several_secrets_is_enough_while_one_takes_over(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEW_SECRET", "whsec_new")
    scheme = stripe([from_environment("NEW_SECRET"), SECRET])
    async with open_hook(store, scheme) as orchestrator:
        assert (await post(orchestrator, EVENT, stripe_headers(EVENT))).status == 202
        other = json.dumps({"id": "evt_2"}).encode()
        assert (await post(orchestrator, other, stripe_headers(other, secret="whsec_new"))).status == 202


async def test_github_is_known_by_its_delivery_and_the_same_body_under_another_id_starts_nothing(store: str) -> None:
    async with open_hook(store, github(SECRET)) as orchestrator:
        body = b'{"ref": "main"}'
        assert (await post(orchestrator, body, github_headers(body, "guid-1"))).body == {"run": "guid-1", "new": True}
        assert (await post(orchestrator, body, github_headers(body, "guid-1"))).body == {"run": "guid-1", "new": False}
        forged = await post(orchestrator, body, github_headers(body, "guid-2"))
        assert (forged.status, forged.body) == (202, {"run": "guid-1", "new": False})
        assert ("repeated", "guid-2") in history(orchestrator, NAME)
        ping = await post(orchestrator, b'{"zen": "x"}', github_headers(b'{"zen": "x"}', "guid-3", "ping"))
        assert (ping.status, ping.body, run_ids(orchestrator)) == (200, {"pong": True}, ["guid-1"])


async def test_the_name_of_the_hash_may_be_in_capitals_and_another_one_is_named(store: str) -> None:
    plain = hmac_sha256(SECRET, header="X-Sign", prefix="sha256=")
    for scheme, header, headers in (
        (github(SECRET), "x-hub-signature-256", github_headers(b"{}", "d-1")),
        (plain, "x-sign", {"X-Sign": f"sha256={mac(SECRET, b'{}')}"}),
    ):
        (name,) = (each for each in headers if each.lower() == header)
        async with open_hook(f"{store}-{header}", scheme) as orchestrator:
            for prefix, said in (("sha1=", "does not begin with 'sha256='"), ("", "does not begin with 'sha256='")):
                other = {**headers, name: headers[name].replace("sha256=", prefix)}
                refused = await post(orchestrator, b"{}", other)
                assert (refused.status, said in str(refused.body)) == (401, True), refused
            none = await post(orchestrator, b"{}", {each: value for each, value in headers.items() if each != name})
            assert f"there is no {name}".lower() in str(none.body).lower()
            other = {**headers, name: headers[name].replace("sha256=", "SHA256=").upper()}
            assert (await post(orchestrator, b"{}", other)).status == 202


async def test_bodies_may_repeat_where_that_is_said(store: str) -> None:
    async with open_hook(store, github(SECRET), may_repeat=True) as orchestrator:
        body = b'{"ref": "main"}'
        for delivery in ("guid-1", "guid-2", "guid-2"):
            assert (await post(orchestrator, body, github_headers(body, delivery))).status == 202
        assert run_ids(orchestrator) == ["guid-1", "guid-2"]


async def test_slack_events_commands_and_its_question_whether_anybody_is_there(store: str) -> None:
    async with open_hook(store, slack(SECRET)) as orchestrator:
        question = json.dumps({"type": "url_verification", "challenge": "c1"}).encode()
        answer = await post(orchestrator, question, slack_headers(question))
        assert (answer.status, answer.body) == (200, {"challenge": "c1"})
        event = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}}).encode()
        assert (await post(orchestrator, event, slack_headers(event))).body["run"] == "Ev1"
        command = b"command=%2Frefund&text=order+7&trigger_id=13.37"
        form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        assert (await post(orchestrator, command, {**slack_headers(command), **form})).body["run"] == "13.37"
        await orchestrator.idle()
        outputs = [str(run.output).partition(":")[0] for run in orchestrator.runs()]
        assert outputs == ["app_mention", "/refund"]
        assert (await post(orchestrator, event, slack_headers(event, at=AT - 301))).status == 401


@pytest.mark.parametrize("encoding", ["hex", "base64"])
async def test_plain_hmac_with_the_headers_of_any_sender(store: str, encoding: Any) -> None:
    scheme = hmac_sha256(
        SECRET, header="X-Shop-Signature", prefix="v1,", encoding=encoding, id_header="X-Id", timestamp_header="X-Time"
    )
    body = b'{"order": 7}'
    digest = bytes.fromhex(mac(SECRET, f"{AT}.".encode() + body))
    text = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    headers = {"x-shop-signature": f"v1,{text}", "x-id": "d-1", "x-time": str(AT)}
    async with open_hook(store, scheme) as orchestrator:
        assert (await post(orchestrator, body, headers)).body == {"run": "d-1", "new": True}
        assert (await post(orchestrator, body, {**headers, "x-id": "d-2"})).body == {"run": "d-1", "new": False}
        assert (await post(orchestrator, body, {**headers, "x-time": str(AT - 301)})).status == 401
        assert (await post(orchestrator, body, {**headers, "x-shop-signature": text})).status == 401


async def test_without_any_id_a_delivery_is_known_by_its_body(store: str) -> None:
    body = b'{"order": 7}'
    async with open_hook(store, hmac_sha256(SECRET)) as orchestrator:
        answers = [await post(orchestrator, body, {"X-Signature": mac(SECRET, body)}) for _ in range(2)]
        assert answers[1].body == {"run": f"sha256:{hashlib.sha256(body).hexdigest()[:32]}", "new": False}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a": NaN}', "application/json", 400),
        (b"<a/>", "text/xml", 415),
        (b"{}", "", 415),
        (b"1", "application/json", 202),
        (b"payload=%7B%22id%22%3A1%7D", "application/x-www-form-urlencoded", 202),
        (b"payload=%7B", "application/x-www-form-urlencoded", 400),
    ],
)
async def test_what_is_signed_and_cannot_be_read_stands_in_the_history(
    store: str, body: bytes, content_type: str, status: int
) -> None:
    async with open_hook(store, hmac_sha256(SECRET)) as orchestrator:
        headers = {"X-Signature": mac(SECRET, body), "content-type": content_type}
        answers = [await post(orchestrator, body, headers) for _ in range(2)]
        assert {answer.status for answer in answers} == {status}
        refused = [key for action, key in history(orchestrator, NAME) if action == "refused"]
        assert len(refused) == (status != 202)


async def test_what_cannot_be_made_an_input_is_refused_and_taken_once_it_can(store: str) -> None:
    def picky(delivery: Delivery) -> Delivery:
        if delivery.event == "broken":
            raise KeyError("amount")
        return delivery

    body = json.dumps({"id": "evt_9", "type": "broken"}).encode()
    async with open_hook(store, stripe(SECRET), make_input=picky) as orchestrator:
        answer = await post(orchestrator, body, stripe_headers(body))
        assert (answer.status, answer.body) == (422, {"problem": "no input can be made of it (KeyError)"})
        assert ("refused", "evt_9") in history(orchestrator, NAME)
    async with open_hook(store, stripe(SECRET)) as orchestrator:
        assert (await post(orchestrator, body, stripe_headers(body))).body == {"run": "evt_9", "new": True}


async def test_a_run_of_that_id_that_is_another_is_no_reason_to_say_that_it_was_taken(store: str) -> None:
    async with open_hook(store, stripe(SECRET)) as orchestrator:
        await orchestrator.start(take, Delivery("evt_1", "by hand", None, 0.0, None), id="evt_1")
        assert (await post(orchestrator, EVENT, stripe_headers(EVENT))).status == 409
        assert ("refused", "evt_1") in history(orchestrator, NAME)


async def test_only_what_is_wanted_starts_a_run(store: str) -> None:
    async with open_hook(store, stripe(SECRET), only=lambda delivery: delivery.event == "refund") as orchestrator:
        answer = await post(orchestrator, EVENT, stripe_headers(EVENT))
        assert (answer.status, answer.body, run_ids(orchestrator)) == (202, {"run": None, "new": False}, [])


async def test_while_it_is_paused_the_sender_is_told_to_come_again(store: str) -> None:
    async with open_hook(store, stripe(SECRET)) as orchestrator:
        await orchestrator.pause_trigger(NAME)
        answer = await post(orchestrator, EVENT, stripe_headers(EVENT))
        assert (answer.status, answer.headers) == (503, {"retry-after": "60"})
        assert ("refused", "evt_1") in history(orchestrator, NAME)
        await orchestrator.resume_trigger(NAME)
        assert (await post(orchestrator, EVENT, stripe_headers(EVENT))).body == {"run": "evt_1", "new": True}


async def test_too_large_a_delivery_is_refused(store: str) -> None:
    async with open_hook(store, stripe(SECRET), most_bytes=10) as orchestrator:
        assert (await post(orchestrator, EVENT, stripe_headers(EVENT))).status == 413


@pytest.mark.parametrize("delivery", ["", "a b", "é", "x" * 201])
async def test_an_id_that_cannot_name_a_run_is_refused(store: str, delivery: str) -> None:
    body = json.dumps({"n": 1}).encode()
    async with open_hook(store, github(SECRET)) as orchestrator:
        assert (await post(orchestrator, body, github_headers(body, delivery))).status == 400
        assert run_ids(orchestrator) == []


@pytest.mark.dear
async def test_it_is_fired_by_hand_with_a_payload(store: str) -> None:
    async with open_hook(store, stripe(SECRET)) as orchestrator:
        wished = await orchestrator.fire_trigger(NAME, by="ann", payload={"id": "evt_5", "type": "invoice.paid"})
        await until(lambda: run_ids(orchestrator) == [f"{NAME}-{wished}"])


def test_nothing_shows_a_secret() -> None:
    scheme = stripe(SECRET)
    hook = webhook(PATH, workflow=take, scheme=scheme)
    assert SECRET not in f"{scheme!r} {hook!r} {hook.says} {scheme.secrets!r}"


@pytest.mark.parametrize("path", ["/hook", "hooks/x", "/hooks/", "/hooks/a b", "/hooks/../x", "/hooks/x/", "/hooks/ä"])
def test_a_path_that_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(Misuse, match="a path is /hooks/NAME"):
        webhook(path, workflow=take, scheme=stripe(SECRET))


def test_what_cannot_work_is_refused_when_it_is_given(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SECRET", raising=False)
    for scheme in (stripe, github, slack, hmac_sha256):
        nothing: tuple[Any, ...] = ("", " ", [])
        for empty in nothing:
            with pytest.raises(Misuse, match="secret"):
                scheme(empty)
    with pytest.raises(Misuse, match="NO_SECRET is not set"):
        open_hook(store, stripe(from_environment("NO_SECRET")))
    with pytest.raises(Misuse, match="tolerance_seconds"):
        stripe(SECRET, tolerance_seconds=float("nan"))
    with pytest.raises(Misuse, match="is no name of a header"):
        hmac_sha256(SECRET, header="X Signature")
    with pytest.raises(Misuse, match="most_bytes"):
        webhook(PATH, workflow=take, scheme=stripe(SECRET), most_bytes=0)
    with pytest.raises(InvalidWorkflow, match="cannot be given a delivery"):
        webhook(PATH, workflow=number_taker, scheme=stripe(SECRET))
    two = [webhook(PATH, workflow=take, scheme=stripe(SECRET), name=name) for name in ("a", "b")]
    with pytest.raises(Misuse, match="a and b have one path"):
        Orchestrator(store, workflows=[take], triggers=two)
