"""Answering in Slack: signed requests only, each once, by whom the store knows, through the one desk."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from handrail import Orchestrator, Run, workflow
from handrail.console.app import console
from handrail.console.context import ConsoleSettings
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.notices.channel import Delivered, Message, MessageLine, MessageRefused, NotNow
from handrail_orchestrator.notices.slack import SlackChannel, slack_channel
from tests.slack_stub import SECRET, TOKEN, SlackStub, signed, slack_stub

PATH = "/slack/interactions"


class Payment(BaseModel):
    amount: float
    reason: str
    urgent: bool = False


@workflow(version=1)
async def pays(run: Run, title: str) -> str:
    found: Payment = await run.ask(title, Payment, context={"iban": "DE02"})
    return f"{found.amount} for {found.reason}"


@workflow(version=1)
async def approves(run: Run, title: str) -> str:
    return "yes" if await run.ask(title, bool) else "no"


@workflow(version=1)
async def lists(run: Run, title: str) -> int:
    found: list[list[int]] = await run.ask(title, list[list[int]])
    return len(found)


class Desk:
    """A console with a channel into the stub, and what Slack would send to it."""

    def __init__(self, engine: Orchestrator, channel: SlackChannel, stub: SlackStub) -> None:
        self.engine, self.channel, self.stub = engine, channel, stub
        app = console(engine, ConsoleSettings(), slack=[channel])
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="https://desk.example.com")
        self.times = 0

    async def ask(self, flow: Any, title: str = "Pay?") -> int:
        self.times += 1
        await self.engine.start(flow, title, id=f"run-{self.times}")
        await self.engine.idle()
        return max(each.id for each in self.engine.reviews())

    async def post(self, payload: dict[str, Any], **more: Any) -> httpx2.Response:
        self.times += 1
        body, headers = signed({**payload, "n": self.times}, self.engine.now(), **more)
        return await self.http.post(PATH, content=body, headers=headers)

    async def press(self, item: int, user: str = "U1") -> dict[str, Any]:
        """Press an item's button, and return the view that is shown then."""
        before = len(self.stub.asked("views.update"))
        posted = self.stub.asked("chat.postMessage")
        message = {"text": "x", "blocks": posted[-1]["blocks"] if posted else [{"block_id": f"item:{item}"}]}
        response_url = self.stub.api.replace("/api", "/respond")
        answer = await self.post({
            "type": "block_actions", "user": {"id": user}, "trigger_id": "T1", "response_url": response_url,
            "message": message, "actions": [{"action_id": "claim", "value": str(item), "block_id": f"item:{item}"}],
        })  # fmt: skip
        assert (answer.status_code, answer.content) == (200, b"")
        updated = await asyncio.to_thread(self.stub.wait_for, "views.update", before + 1)
        view: dict[str, Any] = updated[-1]["view"]
        return view

    async def send(self, view: dict[str, Any], typed: dict[str, str | bool], user: str = "U1") -> dict[str, Any]:
        """Send a form with some fields as they were typed, the others as they were shown."""
        values: dict[str, Any] = {}
        for block in view["blocks"]:
            if block["type"] != "input":
                continue
            element, given = block["element"], typed.get(block["label"]["text"])
            if element["type"] == "plain_text_input":
                value = element.get("initial_value") if given is None else given
                values[block["block_id"]] = {"typed": {"type": "plain_text_input", "value": value}}
            else:
                found = [each for each in element["options"] if given in {each["value"], each["text"]["text"]}]
                chosen = found[0] if found else element.get("initial_option")
                values[block["block_id"]] = {"typed": {"type": "static_select", "selected_option": chosen}}
        answer = await self.post({
            "type": "view_submission", "user": {"id": user},
            "view": {
                "id": "V1", "callback_id": view["callback_id"], "private_metadata": view["private_metadata"],
                "state": {"values": values},
            },
        })  # fmt: skip
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told


@pytest.fixture
def stub() -> Iterator[SlackStub]:
    with slack_stub() as found:
        yield found


def channel_of(stub: SlackStub, **more: Any) -> SlackChannel:
    return slack_channel(token=TOKEN, channel="C1", api=stub.api, **{"signing_secret": SECRET, **more})


@pytest.fixture
async def desk(stub: SlackStub, tmp_path: Path) -> AsyncIterator[Desk]:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(store, workflows=[pays, approves, lists]) as engine:
        await engine.people.add("root", roles={"*": "admin"}, email="root@example.com")
        await engine.people.add("ann", roles={"*": "reviewer"}, email="ann@example.com")
        await engine.people.add("bob", roles={"*": "viewer"}, email="bob@example.com")
        found = Desk(engine, channel_of(stub), stub)
        yield found
        await found.http.aclose()


def text_of(view: dict[str, Any]) -> str:
    return json.dumps(view, ensure_ascii=False)


@pytest.mark.dear
async def test_a_pressed_button_takes_the_item_and_a_sent_form_answers_it(desk: Desk) -> None:
    item = await desk.ask(pays)
    view = await desk.press(item)

    assert desk.engine.review(item).lease_owner == "ann"
    assert [each["label"]["text"] for each in view["blocks"] if each["type"] == "input"][-1] == "Note"
    assert "DE02" not in text_of(view)
    news = desk.stub.asked("respond")[-1]["blocks"]
    assert "taken by ann" in json.dumps(news)

    told = await desk.send(view, {"Amount": "12.50", "Reason": "goodwill", "Note": "seen the mail"})
    assert told == {"response_action": "clear"}
    decided = desk.engine.review(item)
    assert (decided.state, decided.decided_by, decided.note) == ("decided", "person:ann", "seen the mail")
    assert decided.decision == {"amount": 12.5, "reason": "goodwill", "urgent": False}


@pytest.mark.dear
async def test_what_does_not_fit_is_said_at_its_field_and_nothing_is_decided(desk: Desk) -> None:
    item = await desk.ask(pays)
    view = await desk.press(item)
    told = await desk.send(view, {"Amount": "a lot", "Reason": ""})

    assert told["response_action"] == "errors"
    blocks = {each["block_id"]: each["label"]["text"] for each in view["blocks"] if each["type"] == "input"}
    assert {blocks[name] for name in told["errors"]} >= {"Amount"}
    assert desk.engine.review(item).state == "leased"
    assert (await desk.send(view, {"Amount": "3", "Reason": "goodwill"})) == {"response_action": "clear"}


@pytest.mark.dear
async def test_one_of_several_answers_is_chosen_from_a_list(desk: Desk) -> None:
    item = await desk.ask(approves)
    view = await desk.press(item)
    assert await desk.send(view, {"Answer": "true"}) == {"response_action": "clear"}
    assert desk.engine.review(item).decision is True


@pytest.mark.dear
async def test_two_people_at_one_item_decide_it_once(desk: Desk) -> None:
    await desk.engine.people.add("eve", roles={"*": "reviewer"}, email="stranger@example.com")
    item = await desk.ask(approves)
    first = await desk.press(item, "U1")
    second = await desk.press(item, "U9")
    assert "ann" in text_of(second)
    assert "private_metadata" not in second
    assert await desk.send(first, {"Answer": "true"}, "U9") != {"response_action": "clear"}
    assert await desk.send(first, {"Answer": "true"}, "U1") == {"response_action": "clear"}
    again = await desk.send(first, {"Answer": "false"}, "U1")
    assert again["response_action"] == "errors"
    assert desk.engine.review(item).decision is True


@pytest.mark.parametrize("user", ["U2", "U9", "U404"])
async def test_nobody_answers_whom_the_store_does_not_let(desk: Desk, user: str) -> None:
    item = await desk.ask(approves)
    view = await desk.press(item, user)
    assert view["title"]["text"] == "Not taken"
    assert desk.engine.review(item).state == "open"


async def test_a_plan_may_name_who_a_slack_user_is(desk: Desk, stub: SlackStub) -> None:
    named = Desk(desk.engine, channel_of(stub, people={"U404": "ann"}), stub)
    item = await desk.ask(approves)
    await named.press(item, "U404")
    assert desk.engine.review(item).lease_owner == "ann"
    assert stub.asked("users.info") == []
    await named.http.aclose()


async def test_a_request_that_slack_did_not_sign_does_nothing(desk: Desk) -> None:
    item = await desk.ask(approves)
    payload = {
        "type": "block_actions", "user": {"id": "U1"}, "trigger_id": "T",
        "actions": [{"action_id": "claim", "value": str(item)}],
    }  # fmt: skip
    now = desk.engine.now()
    cases = [
        signed(payload, now, secret="another"),
        signed(payload, now - 400),
        signed(payload, now + 400),
        (signed(payload, now)[0], {}),
        (signed({**payload, "x": 1}, now)[0], signed(payload, now)[1]),
        (signed(payload, now)[0], {**signed(payload, now)[1], "x-slack-request-timestamp": "1e9"}),
        (signed(payload, now)[0], {**signed(payload, now)[1], "x-slack-signature": "v0=é"}),
    ]
    for body, headers in cases:
        sent = {name.encode(): value.encode() for name, value in headers.items()}
        answer = await desk.http.post(PATH, content=body, headers=sent)
        assert answer.status_code == 401
    assert desk.engine.review(item).state == "open"
    assert desk.stub.calls == []


@pytest.mark.dear
async def test_a_request_that_came_before_does_nothing(desk: Desk) -> None:
    item = await desk.ask(approves)
    view = await desk.press(item)
    body, headers = signed({"type": "view_closed", "user": {"id": "U1"}, "view": view}, desk.engine.now())
    assert (await desk.http.post(PATH, content=body, headers=headers)).status_code == 200
    for _ in range(200):
        if desk.engine.review(item).state == "open":
            break
        await asyncio.sleep(0.05)
    await desk.press(item)
    assert (await desk.http.post(PATH, content=body, headers=headers)).status_code == 409
    assert desk.engine.review(item).lease_owner == "ann"


@pytest.mark.dear
@pytest.mark.parametrize(
    ("method", "told"),
    [("views.update", (500, {}, {})), ("views.update", (429, {}, {"retry-after": "²"})),
     ("views.open", (200, {"ok": True, "view": {"id": 5}}, {}))],
)  # fmt: skip
async def test_an_item_whose_form_slack_does_not_show_is_free_again(
    desk: Desk, method: str, told: tuple[int, dict[str, Any], dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    item = await desk.ask(approves)
    desk.stub.fails[method] = told
    await desk.post({
        "type": "block_actions", "user": {"id": "U1"}, "trigger_id": "T1",
        "actions": [{"action_id": "claim", "value": str(item)}],
    })  # fmt: skip
    for _ in range(200):
        if "could not be shown in Slack" in caplog.text:
            break
        await asyncio.sleep(0.05)
    assert desk.engine.review(item).state == "open"
    assert "could not be shown in Slack" in caplog.text


@pytest.mark.parametrize(
    ("user", "kept", "said"),
    [("\ud800", '{"item": 1, "version": 1, "shown": ""}', "does not know who you are"),
     ("U1", '{"item": 1e999, "version": 1, "shown": ""}', "no review item 0"),
     ("U1", '{"item": 1, "version": -1e999, "shown": ""}', "no review item 0")],
)  # fmt: skip
async def test_a_form_that_was_never_ours_is_answered_and_decides_nothing(
    desk: Desk, user: str, kept: str, said: str
) -> None:
    item = await desk.ask(approves)
    view = {"id": "V1", "callback_id": "handrail_answer", "private_metadata": kept, "state": {"values": {}}}
    told = await desk.post({"type": "view_submission", "user": {"id": user}, "view": view})
    assert told.status_code == 200
    assert said in told.text
    assert desk.engine.review(item).state == "open"


@pytest.mark.parametrize(
    "body", [b"", b"payload=", b"payload=[]", b"payload={", b"x=1", b"\xff\xfe", b"payload=" + b"[" * 9999]
)
async def test_what_slack_never_sends_is_answered_and_does_nothing(desk: Desk, body: bytes) -> None:
    at = int(desk.engine.now())
    signature = hmac.new(SECRET.encode(), b"v0:%d:%s" % (at, body), hashlib.sha256).hexdigest()
    headers = {"x-slack-request-timestamp": str(at), "x-slack-signature": f"v0={signature}"}
    assert (await desk.http.post(PATH, content=body, headers=headers)).status_code == 200


async def test_a_form_that_slack_cannot_show_is_answered_on_its_page(desk: Desk) -> None:
    item = await desk.ask(lists)
    view = await desk.press(item)
    assert view["title"]["text"] == "Answer on its page"
    assert desk.engine.review(item).state == "open"


@pytest.mark.dear
async def test_slack_is_not_left_waiting_while_an_answer_is_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handrail.console.slack.ANSWER_SECONDS", 0.05)
    item = await desk.ask(approves)
    view = await desk.press(item)
    decide, may_go_on = desk.engine.decide, asyncio.Event()

    async def slow(*given: Any, **named: Any) -> Any:
        await may_go_on.wait()
        return await decide(*given, **named)

    monkeypatch.setattr(desk.engine, "decide", slow)
    told = await desk.send(view, {"Answer": "true"})
    assert told["response_action"] == "update"
    before = len(desk.stub.asked("views.update"))
    may_go_on.set()
    updated = await asyncio.to_thread(desk.stub.wait_for, "views.update", before + 1)
    assert "It is recorded" in text_of(updated[-1]["view"])
    assert desk.engine.review(item).decision is True


def message(*titles: str, **more: Any) -> Message:
    lines = tuple(MessageLine(text=title, link="https://desk/items/1", item=1) for title in titles)
    return Message(**{"id": "m", "kind": "urgent", "title": titles[0], "lines": lines, **more})


async def test_no_title_calls_anybody_or_is_a_link(stub: SlackStub) -> None:
    hostile = "<!channel> <@U1> @here <https://evil|click> &lt;"
    assert await channel_of(stub).send(message(hostile)) == Delivered()
    (posted,) = stub.asked("chat.postMessage")
    assert "<" not in posted["text"]
    assert (posted["parse"], posted["link_names"]) == ("none", False)
    texts = [each["text"] for each in posted["blocks"] if "text" in each]
    assert all(each["type"] == "plain_text" for each in texts)
    assert "mrkdwn" not in json.dumps(posted)


async def test_many_lines_stay_within_what_slack_takes(stub: SlackStub) -> None:
    titles = [f"{n} {'x' * 5_000}" for n in range(20)]
    assert await channel_of(stub).send(message(*titles, more=980)) == Delivered()
    (posted,) = stub.asked("chat.postMessage")
    assert len(posted["blocks"]) <= 50
    assert "and 990 more" in json.dumps(posted["blocks"])
    assert all(len(each["text"]["text"]) <= 3_000 for each in posted["blocks"] if "text" in each)


async def test_what_slack_answers_says_whether_to_try_again(stub: SlackStub) -> None:
    channel = channel_of(stub)
    stub.fails["chat.postMessage"] = (429, {}, {"retry-after": "30"})
    assert await channel.send(message("x")) == NotNow("Slack says ratelimited", 30.0)
    stub.fails["chat.postMessage"] = (200, {"ok": False, "error": "invalid_blocks"}, {})
    assert await channel.send(message("x")) == MessageRefused("Slack says invalid_blocks")
    stub.fails["chat.postMessage"] = (200, {"ok": False, "error": f"no {TOKEN}"}, {})
    assert await channel.send(message("x")) == NotNow("Slack says something else")
    stub.fails["chat.postMessage"] = (503, {}, {})
    assert await channel.send(message("x")) == NotNow("Slack says status 503")
    stub.fails["chat.postMessage"] = (429, {}, {"retry-after": "²"})
    assert await channel.send(message("x")) == NotNow("Slack says ratelimited", None)
    stub.fails["chat.postMessage"] = (200, {"ok": True, "x": "y" * 1_000_000}, {})
    assert await channel.send(message("x")) == NotNow("Slack says more than it ever does")


@pytest.mark.dear
async def test_an_answer_of_slack_that_comes_byte_by_byte_is_left(
    stub: SlackStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handrail_orchestrator.notices.slack.TIMEOUT_SECONDS", 0.3)
    stub.drips_for_ever = True
    assert await channel_of(stub).send(message("x")) == NotNow("Slack says nothing (TimeoutError)")
    stub.drips_for_ever = False


@pytest.mark.parametrize(
    "given",
    [{"token": ""}, {"channel": " "}, {"token": "a b"}, {"signing_secret": ""}, {"api": "http://slack.example.com"},
     {"token": "${NOT_THERE}"}],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(Misuse):
        slack_channel(**{"token": TOKEN, "channel": "C1", **given})  # type: ignore[arg-type]  # what is wrong on purpose


def test_secrets_are_not_shown(stub: SlackStub) -> None:
    channel = channel_of(stub)
    assert TOKEN not in repr(channel)
    assert SECRET not in repr(channel)
    assert not channel.is_ours("https://slack.com.evil.example/x")
    assert channel.is_ours("https://hooks.slack.com/actions/T/1/x")
