"""Sending mail: to a real server on loopback, for all recipients or none, and repeated only where nothing was taken."""

import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from handrail import Orchestrator, Retry, Run, StepFailed, Workflow, workflow
from handrail.orchestrator import (
    CallFailed,
    CallRefused,
    CallUnsure,
    InvalidWorkflow,
    Mail,
    MailReceipt,
    MailSystem,
    Misuse,
    SmtpServer,
    send_mail,
)
from handrail.testing import MailDouble
from handrail_orchestrator.ready.mail import written

MEMORY = "sqlite:///:memory:"
QUICK = Retry(attempts=3, first_seconds=0.001, max_seconds=0.002, on=(CallFailed,))
MAIL = Mail(to=("ann@example.com",), subject="Your order", text="It is on its way.\n.\nTo Köln.")


class Handler:
    """Keeps what comes, and refuses as it is told."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.answers: list[str] = []
        self.unknown: set[str] = set()

    async def handle_RCPT(  # noqa: N802 -- as the library calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        del server, session, options
        if address in self.unknown:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- as above
        del server, session
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def server() -> Iterator[tuple[Handler, SmtpServer]]:
    handler = Handler()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, SmtpServer("127.0.0.1", sender="desk@example.com", transport="plain", port=port)
    finally:
        controller.stop()


def mails(system: MailSystem) -> Workflow[Mail, MailReceipt]:
    tell = send_mail("tell", system, retry=QUICK)

    @workflow(version=1)
    async def notify(run: Run, mail: Mail) -> MailReceipt:
        return await run.step(tell, mail)

    return notify


async def sent(flow: Workflow[Mail, MailReceipt], mail: Mail = MAIL) -> MailReceipt:
    async with Orchestrator(MEMORY, workflows=[flow]) as orchestrator:
        return await (await orchestrator.start(flow, mail, id="r1")).result()


async def test_a_mail_arrives_as_it_was_written(server: tuple[Handler, SmtpServer]) -> None:
    handler, system = server
    receipt = await sent(
        mails(system), Mail(to=("ann@example.com",), cc=("bob@example.com",), subject="Grüße", text=MAIL.text)
    )

    (envelope,) = handler.mails
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content)
    assert envelope.rcpt_tos == ["ann@example.com", "bob@example.com"]
    assert message["Message-ID"] == receipt.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().replace("\r\n", "\n").strip() == MAIL.text


async def test_what_was_not_taken_is_handed_in_again_with_the_same_id(server: tuple[Handler, SmtpServer]) -> None:
    handler, system = server
    handler.answers = ["451 busy", "452 full"]
    receipt = await sent(mails(system))

    (envelope,) = handler.mails
    assert isinstance(envelope.content, bytes)
    assert message_from_bytes(envelope.content)["Message-ID"] == receipt.message_id


async def test_a_no_is_not_asked_again(server: tuple[Handler, SmtpServer]) -> None:
    handler, system = server
    handler.answers = ["554 spam"]
    with pytest.raises(StepFailed) as failed:
        await sent(mails(system))

    assert "failed with CallRefused" in failed.value.message
    assert "554" in failed.value.message
    assert handler.mails == []


async def test_all_recipients_get_it_or_none(server: tuple[Handler, SmtpServer]) -> None:
    handler, system = server
    handler.unknown = {"bob@example.com"}
    with pytest.raises(StepFailed) as failed:
        await sent(mails(system), Mail(to=("ann@example.com", "bob@example.com"), subject="x", text="y"))

    assert "bob@example.com" in failed.value.message
    assert handler.mails == []


def half_a_server(listener: socket.socket) -> None:
    """Take a mail to its last byte, and break off in place of an answer."""
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 here\r\n")
        for line in lines:
            if line.startswith(b"DATA"):
                connection.sendall(b"354 go on\r\n")
                break
            connection.sendall(b"250 OK\r\n")
        for line in lines:
            if line == b".\r\n":
                return


async def test_a_connection_that_breaks_after_the_last_byte_leaves_it_open_and_nothing_is_sent_twice() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=half_a_server, args=(listener,), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(StepFailed) as failed:
            await sent(mails(SmtpServer("127.0.0.1", sender="desk@example.com", transport="plain", port=port)))
        thread.join()

    assert "failed with CallUnsure" in failed.value.message


async def test_a_server_that_is_not_there_is_asked_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(StepFailed) as failed:
        await sent(mails(SmtpServer("127.0.0.1", sender="desk@example.com", transport="plain", port=port)))

    assert "failed with CallFailed" in failed.value.message
    assert "nothing was sent" in failed.value.message


@pytest.mark.parametrize(
    "mail",
    [
        Mail(to=(), subject="x", text="y"),
        Mail(to=("ann@example.com\r\nBcc: eve@example.com",), subject="x", text="y"),
        Mail(to=("ann@example.com",), subject="x\r\nBcc: eve@example.com", text="y"),
        Mail(to=("nobody",), subject="x", text="y", reply_to="a b c"),
    ],
)
def test_what_cannot_stand_in_a_mail_is_refused_before_anybody_is_asked(mail: Mail) -> None:
    with pytest.raises(CallRefused):
        written(mail, "desk@example.com", "k")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"user": "desk"}, "together"),
        ({"user": "desk", "password_from": "P", "transport": "plain"}, "could be read"),
        ({"timeout_seconds": 0.0}, "timeout_seconds"),
    ],
)
def test_a_server_that_cannot_be_used_so_is_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(Misuse, match=problem):
        SmtpServer("mail.example.com", sender="desk@example.com", **options)


def test_a_policy_that_would_send_twice_is_refused() -> None:
    with pytest.raises(InvalidWorkflow, match="on=\\(CallFailed,\\)"):
        send_mail("x", MailDouble(), retry=Retry(attempts=3, on=(CallUnsure,)))


async def test_a_double_takes_mail_and_fails_as_it_is_told() -> None:
    double = MailDouble(refuses=frozenset({"eve@example.com"})).fail(times=2)
    await sent(mails(double))

    assert double.texts == [("ann@example.com", "Your order", MAIL.text)]
    with pytest.raises(StepFailed) as failed:
        await sent(mails(double), Mail(to=("eve@example.com",), subject="x", text="y"))
    assert "failed with CallRefused" in failed.value.message
