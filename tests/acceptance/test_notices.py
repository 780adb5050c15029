"""The commands that go on for long tell people, also when they are killed or the mail server is down meanwhile."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from handrail import Client, Orchestrator
from tests.acceptance.processes import kill
from tests.acceptance.telling import refund
from tests.mail_server import MailProcess
from tests.stores import store_in
from tests.unit.orchestrator.control.flows import until

HERE = Path(__file__).parent
PATIENCE_SECONDS = 90.0


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailProcess]:
    server = MailProcess(tmp_path / "mail")
    yield server
    server.end()


@contextmanager
def command(mail: MailProcess, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command with the plan; it is killed at the end of the block."""
    telling = f"{HERE / 'telling.py'}:plan"
    process = subprocess.Popen(
        [sys.executable, "-m", "handrail", *arguments, "--notices", telling, "--store", store_in(folder)],
        cwd=folder,
        env={**os.environ, "MAIL_PORT": str(mail.port), "MAIL_PASSWORD": "s3cret"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        kill(process)


def ask(folder: Path, *titles: str) -> None:
    """Ask urgent questions in a process that tells nobody: it dies before anything could be sent."""

    async def asked() -> None:
        async with Orchestrator(store_in(folder), workflows=[refund]) as orchestrator:
            await orchestrator.start_many(refund, [(each, each) for each in titles])
            await orchestrator.idle()

    asyncio.run(asked())


def subjects(mail: MailProcess, count: int) -> list[str]:
    """Wait for so many mails, and return their subjects."""
    end = time.monotonic() + PATIENCE_SECONDS
    while len(mail.mails()) < count:
        assert time.monotonic() < end, f"only {[each['Subject'] for each in mail.mails()]} came"
        time.sleep(0.1)
    return [str(each["Subject"]) for each in mail.mails()]


def begun(process: subprocess.Popen[str], word: str) -> None:
    """Wait until a command says that it is at work."""
    assert process.stderr is not None
    said = ""
    while word not in said:
        line = process.stderr.readline()
        assert line, said
        said += line


def test_a_worker_that_is_killed_leaves_what_it_had_to_tell_to_the_next(mail: MailProcess, tmp_path: Path) -> None:
    mail.do("later")
    with command(mail, tmp_path, "work", f"{HERE / 'telling.py'}:refund") as first:
        begun(first, "working on")
        ask(tmp_path, "Refund Ann?")
    with closing(sqlite3.connect(tmp_path / "runs.db")) as connection, connection:
        connection.execute("UPDATE deliveries SET claimed_until = 0, due = 0")  # as if its time with it were over
    mail.do("take")
    with command(mail, tmp_path, "work", f"{HERE / 'telling.py'}:refund") as second:
        begun(second, "working on")
        assert subjects(mail, 1) == ["[refunds] Urgent: Refund Ann?"]


@pytest.mark.parametrize("either_store", ["postgres"], indirect=True)
async def test_each_question_is_told_once_by_one_of_the_workers_on_a_server(
    mail: MailProcess, either_store: Path
) -> None:
    titles = [f"Refund number {number}?" for number in range(12)]
    with ExitStack() as stack:
        for _ in range(2):
            worker = stack.enter_context(command(mail, either_store, "work", f"{HERE / 'telling.py'}:refund"))
            begun(worker, "working on")
        await asyncio.to_thread(ask, either_store, *titles)
        async with Client(store_in(either_store)) as client:
            await until(lambda: client.outbox.counts() == {"routed": len(titles)})
            await until(lambda: {each.state for each in client.outbox.delivery_counts()} == {"sent"})
    told = [f"{each['Subject']} {each.get_content()}" for each in mail.mails()]
    assert [sum(title in text for text in told) for title in titles] == [1] * len(titles)


def test_the_console_tells_people_without_executing_anything(mail: MailProcess, tmp_path: Path) -> None:
    ask(tmp_path)
    with command(mail, tmp_path, "serve", "--port", "0", "--public-url", "https://desk.example.com") as console:
        begun(console, "serving")
        ask(tmp_path, "Refund Ann?")
        assert subjects(mail, 1) == ["[refunds] Urgent: Refund Ann?"]
    assert mail.mails()[0].get_content().splitlines() == ["Refund Ann?", "https://desk.example.com/items/1"]
