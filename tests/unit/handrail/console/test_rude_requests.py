"""What no page of ours sends: it is refused or left aside, no item changes, and nothing of it is a fault of ours."""

import socket
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx2
import pytest

from handrail import Run, workflow
from handrail.console.app import console
from handrail.console.context import ConsoleSettings
from handrail.console.server import listening
from handrail.console.viewer import SETTINGS_COOKIE
from handrail_orchestrator.errors import ReviewError
from tests.unit.handrail.console.served import BASE, Site, approvals, invoices, opened, tickets

SOURCE = "Nordic Office\nInvoice 2024-00817\nTotal 207.50"
FORM = "application/x-www-form-urlencoded"
CHOICES = ["[" * 100_000, '{"a":' * 3_000, "NaN", '"billing', "9" * 10_000, '{"billing": 1, "billing": 2}']
SETTINGS = [
    "[" * 2_900,
    '{"a":' * 500,
    "null",
    "5",
    '{"decimal": [], "day": {}, "goal": [], "digits": {}, "single_keys": 5, "keys": 7}',
    '{"keys": {"triage.skip": "\\ud800"}}',
    '{"keys": {"triage.skip": 5, "extraction.save": {}}, "goal": 1e999}',
]


@workflow(version=1)
async def lines(run: Run, title: str) -> str:
    return await run.ask(title, str)


def strict(site: Site) -> httpx2.AsyncClient:
    """Return a visitor who gets a fault as a page, as from a server."""
    transport = httpx2.ASGITransport(console(site.engine, ConsoleSettings()), raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=BASE)


@pytest.mark.dear
async def test_an_answer_that_no_button_sends_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as site, strict(site) as http:
        items = [*await site.ask(tickets, "one"), *await site.ask(approvals, "pay")]
        token = site.token_in(await site.page("/queue"))
        for item in items:
            for choice in CHOICES:
                form = {"csrf": token, "choice": choice}
                for move, status in (("decide", 422), ("check", 200)):
                    answered = await http.post(f"/items/{item}/{move}", data=form)
                    assert (answered.status_code, choice[:20], move) == (status, choice[:20], move)
        assert [site.engine.review(item).state for item in items] == ["open", "open"]


@pytest.mark.parametrize("answer", [b"caf%E9", b"caf\xe9", b"%ED%A0%80", b"%80"])
@pytest.mark.parametrize("move", ["decide", "note", "send_up"])
async def test_a_form_in_no_utf_8_is_refused_and_no_other_characters_are_kept(
    tmp_path: Path, move: str, answer: bytes
) -> None:
    async with opened(tmp_path, flows=[lines]) as site, strict(site) as http:
        (item,) = await site.ask(lines, "Whose is it?")
        before = site.engine.review(item)
        token = site.token_in(await site.page("/queue"))
        looked = urlencode({"csrf": token, **site.looked_at(item), "code": "other"}).encode()
        sent = b"%b&a=%b&note=%b" % (looked, answer, answer)
        answered = await http.post(f"/items/{item}/{move}", content=sent, headers={"content-type": FORM})
        assert (answered.status_code, "UTF-8" in answered.text) == (400, True)
        assert site.engine.review(item) == before
        right = looked + b"&a=caf%C3%A9"
        assert (
            await http.post(f"/items/{item}/decide", content=right, headers={"content-type": FORM})
        ).status_code == 303
        decided = site.engine.review_log(item)[-1].data
        assert decided is not None
        assert decided["decision"] == "café"


@pytest.mark.parametrize(
    "said",
    [[], ["abc"], ["-1"], ["9" * 30], ["1", "1000"], ["1000", "1"]],
    ids=["nothing", "a word", "negative", "huge", "two", "two, turned"],
)
async def test_an_answer_that_does_not_say_what_was_looked_at_is_not_taken_and_kept(
    tmp_path: Path, said: list[str]
) -> None:
    async with opened(tmp_path) as site, strict(site) as http:
        (item,) = await site.ask(tickets, "one")
        token = site.token_in(await site.page("/queue"))
        sent = [
            ("csrf", token),
            ("choice", '"refund"'),
            ("note", "as I typed it"),
            *(("version", each) for each in said),
        ]
        answered = await http.post(f"/items/{item}/decide", content=urlencode(sent), headers={"content-type": FORM})
        assert answered.status_code == 422
        assert "Look at the question, and save again" in answered.text
        assert "as I typed it" in answered.text
        assert site.engine.review(item).state == "open"


async def test_two_answers_in_one_form_are_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as site, strict(site) as http:
        (item,) = await site.ask(approvals, "pay")
        token = site.token_in(await site.page("/queue"))
        looked = site.looked_at(item).items()
        sent = urlencode([("csrf", token), *looked, ("choice", "false"), ("choice", "true")])
        answered = await http.post(f"/items/{item}/decide", content=sent, headers={"content-type": FORM})
        assert (answered.status_code, site.engine.review(item).state) == (422, "open")


@pytest.mark.parametrize("worked", ["nan", "inf", "-inf", "1e400", "-5", "x"])
async def test_a_time_at_an_item_that_is_none_is_not_counted(tmp_path: Path, worked: str) -> None:
    async with opened(tmp_path) as site, strict(site) as http:
        (item,) = await site.ask(tickets, "one")
        await site.engine.take(item, by="me")
        token = site.token_in(await site.page("/queue"))
        beat = await http.post(f"/items/{item}/extend", data={"csrf": token, "worked": worked})
        assert beat.status_code == 200
        with pytest.raises(ReviewError, match="give seconds"):
            await site.engine.extend(item, by="me", worked=float("nan"))
        assert 0.0 <= site.engine.review(item).hands_on <= 300.0
        answer = {"csrf": token, "choice": '"billing"', "worked": worked, **site.looked_at(item)}
        assert (await http.post(f"/items/{item}/decide", data=answer)).status_code == 303


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda text: text[:20])
async def test_settings_of_no_use_are_none(tmp_path: Path, settings: str) -> None:
    async with opened(tmp_path) as site, strict(site) as http:
        items = [*await site.ask(tickets, "one"), *await site.ask(invoices, SOURCE)]
        headers = {"cookie": f"{SETTINGS_COOKIE}={quote(settings)}"}
        for path in ("/queue", "/keys", "/strip", "/batch", *(f"/items/{item}" for item in items)):
            assert (await http.get(path, headers=headers)).status_code == 200, path


def test_what_is_sent_to_a_visitor_waits_for_nothing() -> None:
    with listening(ConsoleSettings(port=0)) as listener, socket.create_connection(listener.getsockname()):
        visitor, _ = listener.accept()
        with visitor:
            assert visitor.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
