"""A mailbox of a real IMAP server: each mail starts one run, whatever happens to server, mails and processes."""

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from handrail import Orchestrator, Run, action, step_context, workflow
from handrail.orchestrator import ReceivedMail, mailbox
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.triggers import mailbox as module
from tests.acceptance.dovecot import PASSWORD, PROGRAM, Dovecot
from tests.acceptance.processes import HERE, kill

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(PROGRAM is None, reason="there is no dovecot: apt-get install dovecot-imapd"),
]


@action
def sizes(mail: ReceivedMail) -> list[int]:
    return [len(step_context().read_file(each)) for each in (mail.source, *mail.attachments)]


@workflow(version=1)
async def file_mail(run: Run, mail: ReceivedMail) -> str:
    await run.step(sizes, mail)
    return f"{mail.sender} {mail.subject}: {mail.text.strip()}"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    made = Dovecot()
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


def mail(number: int, *, message_id: str | None = None, text: str = "hello") -> bytes:
    made = EmailMessage()
    made["From"] = "Ann <ann@example.com>"
    made["To"] = "desk@example.com"
    made["Subject"] = f"mail {number}"
    made["Date"] = "Mon, 05 Jan 2026 10:00:00 +0100"
    made["Message-ID"] = message_id or f"<{number}@example.com>"
    made.set_content(text)
    return made.as_bytes()


def working(store: str, server: Dovecot, user: str, **more: Any) -> Orchestrator:
    settings: dict[str, Any] = {"password": PASSWORD, "poll_seconds": 0.05} | more
    return Orchestrator(
        store, workflows=[file_mail], triggers=[mailbox(server.address(user), workflow=file_mail, **settings)]
    )


def name_of(user: str) -> str:
    return f"mailbox:{user}@127.0.0.1/INBOX"


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 -- a server tells nobody
            await asyncio.sleep(0.02)


async def ended(orchestrator: Orchestrator, count: int) -> list[str]:
    """Wait until so many runs have ended and return what they came to."""
    await until(lambda: len([run for run in orchestrator.runs() if run.has_ended]) == count)
    return [str(run.output) for run in orchestrator.runs()]


def told(orchestrator: Orchestrator, user: str, what: str) -> list[str]:
    history = orchestrator.trigger_history(name_of(user))
    return [event.reason or "" for event in reversed(history) if event.action == what]


async def test_each_mail_starts_one_run_with_its_attachments_and_is_left_unread(store: str, server: Dovecot) -> None:
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = "ann@example.com", "the invoice", "<invoice@example.com>"
    made.set_content("see the file")
    made.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="../../inv.pdf")
    server.put("plain", mail(1), made.as_bytes())
    async with working(store, server, "plain") as orchestrator:
        assert sorted(await ended(orchestrator, 2)) == [
            "ann@example.com mail 1: hello",
            "ann@example.com the invoice: see the file",
        ]
        server.put("plain", mail(3))
        await ended(orchestrator, 3)
        invoice = next(run for run in orchestrator.runs() if run.input["subject"] == "the invoice")
        assert [each["name"] for each in invoice.input["attachments"]] == ["inv.pdf"]
        assert orchestrator.steps(invoice.id)[0].output[1] == len(b"%PDF-1.7 x")
        assert len(orchestrator.files_of(invoice.id)) == 2
    with server.opened("plain") as box:
        assert box.search(None, "UNSEEN")[1] == [b"1 2 3"]


async def test_taken_mails_go_to_a_folder_that_is_made_and_what_cannot_be_taken_to_another(
    store: str, server: Dovecot
) -> None:
    server.put("moved", mail(1), mail(2, text="x" * 5_000), mail(3))

    def picky(got: ReceivedMail) -> ReceivedMail:
        if got.subject == "mail 3":
            raise ValueError("not this one")
        return got

    more = {"done": "Done", "failed": "Failed", "most_bytes": 4_000, "make_input": picky}
    async with working(store, server, "moved", **more) as orchestrator:
        await ended(orchestrator, 1)
        await until(lambda: (server.count("moved", "Done"), server.count("moved", "Failed")) == (1, 2))
        large, odd = told(orchestrator, "moved", "refused")
        assert "bytes, and at most 4,000 are taken; it goes to Failed" in large
        assert odd == "make_input failed with ValueError: not this one; it goes to Failed"
    assert server.count("moved") == 0


async def test_a_mail_is_known_by_its_message_id_and_another_with_the_same_id_is_not_lost(
    store: str, server: Dovecot
) -> None:
    same = mail(1, message_id="<same@x>")
    received = b"Received: from elsewhere\r\n" + same  # another copy of it: servers have put more on top
    server.put("ids", same, received, mail(2, message_id="<same@x>", text="another"))
    bare = b"Subject: no id\r\n\r\nhello\r\n"
    server.put("ids", bare, bare, b"Subject: no id\r\n\r\nsomething else\r\n")
    async with working(store, server, "ids") as orchestrator:
        assert sorted(await ended(orchestrator, 4)) == [
            " no id: hello",
            " no id: something else",
            "ann@example.com mail 1: hello",
            "ann@example.com mail 2: another",
        ]
        (reason,) = told(orchestrator, "ids", "repeated")
        assert reason.startswith("it has the Message-ID of the mail of run file_mail-")


@pytest.mark.slow
async def test_mails_that_the_server_numbers_anew_are_taken_once(store: str, server: Dovecot) -> None:
    server.put("anew", mail(1), mail(2))
    async with working(store, server, "anew") as orchestrator:
        await ended(orchestrator, 2)
    server.number_anew("anew")
    server.put("anew", mail(3))
    async with working(store, server, "anew") as orchestrator:
        await ended(orchestrator, 3)
        await until(lambda: bool(told(orchestrator, "anew", "changed")))
        assert len(orchestrator.runs()) == 3


async def test_a_server_that_goes_and_comes_back_is_said_once_and_looked_into_again(
    store: str, server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_REST_SECONDS", 0.05)
    monkeypatch.setattr(module, "LONGEST_REST_SECONDS", 0.1)
    server.put("gone", mail(1))
    async with working(store, server, "gone") as orchestrator:
        await ended(orchestrator, 1)
        server.stop()
        await until(lambda: orchestrator.triggers()[0].trouble is not None)
        assert "Connection refused" in (orchestrator.triggers()[0].trouble or "")
        server.start()
        server.put("gone", mail(2))
        await ended(orchestrator, 2)
        await until(lambda: orchestrator.triggers()[0].trouble is None)


async def test_a_wrong_password_is_trouble_that_names_no_password(
    store: str, server: Dovecot, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "hunter-two-secret"
    async with working(store, server, "locked", password=wrong) as orchestrator:
        await until(lambda: orchestrator.triggers()[0].trouble is not None)
        assert "Authentication failed" in (orchestrator.triggers()[0].trouble or "")
        assert wrong not in repr(orchestrator.triggers()) + repr(orchestrator.trigger_history(name_of("locked")))
    assert wrong not in caplog.text
    assert wrong.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


async def test_mails_wait_while_it_is_paused_and_a_look_can_be_asked_for(store: str, server: Dovecot) -> None:
    async with working(store, server, "paused", poll_seconds=600) as orchestrator:
        name = name_of("paused")
        await orchestrator.pause_trigger(name)
        server.put("paused", mail(1))
        await asyncio.sleep(0.2)
        assert not orchestrator.runs()
        await orchestrator.resume_trigger(name)
        await orchestrator.fire_trigger(name, by="ann")
        await ended(orchestrator, 1)


@pytest.mark.slow
async def test_what_came_before_is_left_alone_where_that_is_said(store: str, server: Dovecot) -> None:
    server.put("before", mail(1))
    await asyncio.sleep(1.1)  # servers tell the time of a mail in whole seconds
    async with working(store, server, "before", existing=False) as orchestrator:
        server.put("before", mail(2))
        assert await ended(orchestrator, 1) == ["ann@example.com mail 2: hello"]
    server.number_anew("before")
    async with working(store, server, "before", existing=False) as orchestrator:
        server.put("before", mail(3))
        await ended(orchestrator, 2)


async def test_several_orchestrators_take_each_mail_once(store: str, server: Dovecot) -> None:
    server.put("shared", *[mail(number) for number in range(40)])
    async with working(store, server, "shared", done="Done") as one, working(store, server, "shared", done="Done"):
        await ended(one, 40)
        await until(lambda: server.count("shared", "Done") == 40)
    assert server.count("shared") == 0


@pytest.mark.slow
def test_each_mail_is_taken_once_though_its_readers_are_killed(tmp_path: Path, server: Dovecot) -> None:
    count, path = 60, tmp_path / "runs.db"
    server.put("killed", *[mail(number) for number in range(count)])
    command = [sys.executable, str(HERE / "mail_reader.py"), f"sqlite:///{path}", server.address("killed")]

    def begun() -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env={"MAIL_PASSWORD": PASSWORD})
        assert process.stdout is not None
        process.stdout.readline()
        return process

    def taken() -> int:
        store = SqliteStore(str(path), reading=True)
        try:
            return sum(store.counts().values())
        finally:
            store.close()

    processes = [begun(), begun()]
    try:
        for share in (1, 2, 3):
            deadline = time.monotonic() + 60
            while taken() < count * share // 4 and time.monotonic() < deadline:
                time.sleep(0.01)
            kill(processes.pop(0))
            processes.append(begun())
        deadline = time.monotonic() + 60
        store = SqliteStore(str(path), reading=True)
        while store.counts() != {("file_mail", 1, "completed"): count} and time.monotonic() < deadline:
            time.sleep(0.1)
        assert store.counts() == {("file_mail", 1, "completed"): count}
        assert {row.output for row in store.runs(limit=1_000)} == {f'"mail {number}"' for number in range(count)}
        store.close()
        while server.count("killed", "Done") != count and time.monotonic() < deadline:
            time.sleep(0.1)
        assert (server.count("killed"), server.count("killed", "Done")) == (0, count)
    finally:
        for each in processes:
            kill(each)
