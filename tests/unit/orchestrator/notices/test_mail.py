"""Mail through a real server in a process of its own: what is taken, refused, hung up on; nothing secret is told."""

import asyncio
import logging
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from handrail import Orchestrator
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.notices.apprise_channel import apprise
from handrail_orchestrator.notices.channel import Delivered, Message, MessageLine, MessageRefused, NotNow
from handrail_orchestrator.notices.routes import Route
from tests.mail_server import MailProcess
from tests.slack_stub import slack_stub
from tests.unit.orchestrator.notices.office import CONSOLE, office, plan, refund

SECRET = "s3cret"


def address(port: int, more: str = "") -> str:
    return f"mailto://desk:{SECRET}@127.0.0.1:{port}?from=desk@example.com&to=team@example.com&mode=insecure{more}"


async def until(happened: Callable[[], object]) -> None:
    for _ in range(100):
        if happened():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never happened")


def message(**sets: Any) -> Message:
    return Message(**{"id": "abc", "kind": "urgent", "title": "Urgent", "lines": (MessageLine(text="one"),), **sets})


@pytest.mark.dear
async def test_a_mail_is_taken_once_with_its_id_title_and_link(mail: MailProcess, tmp_path: Path) -> None:
    async with office(tmp_path, plan(apprise(address(mail.port)), group_seconds=0)) as here:
        await here.work("Refund?")
        await here.later(1)
        await here.later(1)
        (delivery,) = here.client.outbox.deliveries()

    (taken,) = mail.mails()
    assert taken["Subject"] == "[refunds] Urgent: Refund?"
    assert taken["Message-ID"] == f"<{delivery.message_id}@example.com>"
    assert taken["X-To"] == "team@example.com"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken.get_content().splitlines() == ["Refund? (due 2026-01-05 19:00 UTC)", f"{CONSOLE}/items/1"]
    assert taken.get_content_type() == "text/plain"


@pytest.mark.dear
@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("refuse", MessageRefused("the mail server answered 550 to the recipient")),
        ("later", NotNow("the mail server answered 451 to the recipient", is_channel=False)),
        ("deny", NotNow("the mail server answered 535 (SMTPAuthenticationError)")),
        ("drop", NotNow("the mail server cannot be used (SMTPServerDisconnected)")),
        ("take", Delivered()),
    ],
)
async def test_what_a_server_answers_is_told_in_words_of_ours(mail: MailProcess, mode: str, outcome: object) -> None:
    mail.do(mode)
    assert await apprise(address(mail.port)).send(message()) == outcome


async def test_a_server_that_is_not_there_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = await apprise(address(port)).send(message())
    assert outcome == NotNow("the mail server cannot be used (ConnectionRefusedError)")


@pytest.mark.dear
async def test_a_server_that_never_answers_blocks_no_run_and_loses_nothing(mail: MailProcess, tmp_path: Path) -> None:
    mail.do("hang")
    given = plan(apprise(address(mail.port)), Route(on="urgent", to="desk"), group_seconds=0)
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[refund], notices=given) as orchestrator:
        await orchestrator.start(refund, "Refund?", id="one")
        await until(orchestrator.outbox.deliveries)  # it is being tried now, and hangs
        (item,) = orchestrator.reviews()
        await orchestrator.decide(item.id, value=True, by="ann")
        handle = await orchestrator.start(refund, "Refund?", id="one")
        assert await handle.result() == "paid"
    mail.do("take")
    with sqlite3.connect(tmp_path / "runs.db") as connection:  # as if its lease were over
        connection.execute("UPDATE deliveries SET claimed_until = 0, due = 0")
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[refund], notices=given) as orchestrator:
        await until(lambda: [each.state for each in orchestrator.outbox.deliveries()] == ["sent"])
    assert [each["Subject"] for each in mail.mails()] == ["[refunds] Urgent: Refund?"]


@pytest.mark.dear
async def test_what_hangs_sends_nothing_more_once_it_was_given_up(mail: MailProcess) -> None:
    mail.do("hang")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(apprise(address(mail.port)).send(message()), 0.5)
    assert mail.mails() == []


@pytest.mark.dear
async def test_a_greeting_that_never_ends_leaves_nobody_behind_who_listens_to_it() -> None:
    hung_up = threading.Event()

    def drips(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            while True:
                connection.send(b"2")
                time.sleep(0.02)
        hung_up.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drips, args=(listening,), daemon=True).start()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(apprise(address(listening.getsockname()[1])).send(message()), 0.5)
        assert await asyncio.to_thread(hung_up.wait, 60)


async def test_a_mail_that_was_taken_unheard_has_the_same_id_when_it_is_sent_again(
    mail: MailProcess, tmp_path: Path
) -> None:
    mail.do("drop")
    async with office(tmp_path, plan(apprise(address(mail.port)), group_seconds=0)) as here:
        await here.work("Refund?")
        await here.later(1)
        assert here.states() == ["waiting"]
        mail.do("take")
        await here.later(60)
        assert here.states() == ["sent"]

    first, second = mail.mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_content() == second.get_content()


@pytest.mark.parametrize(
    "title",
    [
        "Refund?\r\nBcc: everybody@example.com",
        "Refund?\nSubject: other\n\nbody",
        "\u202eRefund\u2028X\x00\x1b[31m",
        "R" * 5_000,
        "<img src=x onerror=alert(1)>",
        "=?utf-8?q?=0d=0aBcc:_x@example.com?=",
    ],
)
async def test_no_title_writes_into_a_header(mail: MailProcess, tmp_path: Path, title: str) -> None:
    async with office(tmp_path, plan(apprise(address(mail.port)), group_seconds=0)) as here:
        await here.orchestrator.start(refund, title, id="one")
        await here.orchestrator.settled()
        await here.later(1)

    (taken,) = mail.mails()
    assert taken["Bcc"] is None
    assert taken["X-To"] == "team@example.com"
    assert len(taken["Subject"]) <= 150
    assert len(taken.get_all("Subject", [])) == 1
    assert taken.get_content_type() == "text/plain"


@pytest.mark.dear
async def test_secrets_are_in_no_record_and_no_log(
    mail: MailProcess, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("DESK_PASSWORD", f"{SECRET}/@:")
    channel = apprise(address(mail.port).replace(SECRET, "${DESK_PASSWORD}"))
    webhook = apprise(f"json://desk:{SECRET}@127.0.0.1:1/{SECRET}")
    records = ""
    for mode in ("deny", "refuse", "later", "drop"):
        mail.do(mode)
        async with office(tmp_path, plan(channel, group_seconds=0)) as here:
            await here.work(f"{mode}?")
            await here.later(1)
            records = repr([here.client.outbox.deliveries(), here.client.outbox.channels(), channel, webhook])
    assert isinstance(await webhook.send(message()), NotNow)
    assert SECRET not in records
    assert SECRET not in caplog.text
    assert SECRET.encode() not in (tmp_path / "runs.db").read_bytes()


async def test_people_of_a_role_get_a_link_of_their_own(mail: MailProcess, tmp_path: Path) -> None:
    routes = [Route(on="urgent", role="senior", to="desk")]
    async with office(tmp_path, plan(apprise(address(mail.port)), *routes, group_seconds=0)) as here:
        people = here.client.people
        await people.add("root", roles={"*": "admin"}, email="root@example.com")
        await people.add("ann", roles={"refunds": "senior"}, email="ann@example.com")
        await people.add("bob", roles={"refunds": "senior", "*": "viewer"}, email="bob@example.com")
        await people.add("eve", roles={"billing": "senior"}, email="eve@example.com")
        await here.work("Refund?")
        await here.later(1)

    mails = {each["X-To"]: each.get_content().split()[-1] for each in mail.mails()}
    assert sorted(mails) == ["ann@example.com", "bob@example.com"]
    assert all(each.startswith(f"{CONSOLE}/link/") for each in mails.values())
    assert mails["ann@example.com"] != mails["bob@example.com"]


@pytest.mark.dear
async def test_other_addresses_of_apprise_are_sent_to_and_call_nobody() -> None:
    with slack_stub() as stub:
        channel = apprise(f"json://127.0.0.1:{stub.server_address[1]}/hook")
        assert await channel.send(message(title="@everyone look <@U1>")) == Delivered()
        stub.fails["hook"] = (500, {}, {})
        assert await channel.send(message()) == NotNow("apprise could not hand it in")
        first, _ = stub.asked("hook")

    assert first["message"] == "one"
    assert "@everyone" not in first["title"]
    assert "<@U1>" not in first["title"]


@pytest.mark.dear
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("desk@example.com", "one address"),
        ("mailtos://desk:${NOBODY_SET_THIS}@example.com", "NOBODY_SET_THIS is not set"),
        ("nosuch://token", "cannot read the address"),
        (f"slack://{SECRET}", "cannot read the address"),
    ],
)
def test_an_address_that_is_none_is_refused_when_it_is_given(given: str, said: str) -> None:
    with pytest.raises(Misuse, match=said) as refused:
        apprise(given)
    assert SECRET not in str(refused.value)
