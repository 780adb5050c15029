"""Mail by SMTP: one message with an id that stays the same over every try."""

import smtplib
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Literal, TypeAlias

from handrail_orchestrator.notices.channel import Delivered, Message, MessageRefused, NotNow, SendOutcome
from handrail_orchestrator.notices.threads import in_thread

TIMEOUT_SECONDS = 15.0
"""How long a server may keep quiet."""
PERMANENT = 500
"""From here on, an SMTP server says that it will never take it."""

Encryption: TypeAlias = Literal["insecure", "starttls", "ssl"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed in, and as whom."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    verifies: bool = True
    """Whether the server's certificate must be right."""
    own_name: str = "localhost"
    """What it is greeted with; the system is not asked for a name, as it may ask around for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """From whom a mail is, and to whom if it is for nobody by name."""

    sender: Address
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()


class MailChannel:
    """Sends mail to its own recipients, or to one person."""

    kind = "mail"
    reaches_people = True

    def __init__(self, server: MailServer, head: Letterhead, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._server = server
        self._head = head
        self._timeout = timeout_seconds

    def __repr__(self) -> str:
        """Return nothing that is secret, nor who is written to."""
        return f"mail through {self._server.host}"

    async def send(self, message: Message) -> SendOutcome:
        """Hand one mail in."""
        mail, recipients = self.written(message)
        if not recipients:
            return MessageRefused("the channel has no recipient")
        call = _Call(self._server, self._timeout)
        try:
            return await in_thread(lambda: call.hand_in(mail, recipients), name="mail")
        finally:
            call.cut()  # whatever still hangs there sends nothing more

    def written(self, message: Message) -> tuple[EmailMessage, list[str]]:
        """Return a message as a mail, and the addresses it goes to."""
        head = self._head
        mail = EmailMessage()
        mail["Subject"] = message.title.replace("=?", "= ?")  # an encoded word would be decoded, line feeds and all
        mail["From"] = head.sender
        mail["Message-ID"] = f"<{message.id}@{head.sender.domain or 'handrail.invalid'}>"
        mail["Date"] = formatdate(localtime=False)
        mail["Auto-Submitted"] = "auto-generated"  # no answering machine answers it (RFC 3834)
        to = head.to if message.to is None else (Address(addr_spec=message.to),)
        mail["To"] = to
        if message.to is None and head.cc:
            mail["Cc"] = head.cc
        if head.reply_to:
            mail["Reply-To"] = head.reply_to
        mail.set_content(message.text())
        if message.html is not None:
            mail.add_alternative(message.html, subtype="html")
        everybody = to if message.to is not None else (*head.to, *head.cc, *head.bcc)
        return mail, [each.addr_spec for each in everybody]


class _Call:
    """One conversation with a server, which can be cut off from another thread."""

    def __init__(self, server: MailServer, timeout: float) -> None:
        self._server = server
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._is_cut = False

    def cut(self) -> None:
        """End the conversation, if it still goes on."""
        self._is_cut = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def hand_in(self, mail: EmailMessage, recipients: Sequence[str]) -> SendOutcome:
        """Hand a mail in, and say in words of ours what came of it."""
        try:
            with self._connected() as smtp:
                refused = smtp.send_message(mail, to_addrs=list(recipients))
        except smtplib.SMTPRecipientsRefused as error:
            return _refused(error.recipients)
        except smtplib.SMTPDataError as error:
            return _by_code(error.smtp_code, "the message")
        except smtplib.SMTPResponseException as error:  # greeting, sign-in, sender: the same for every message
            return NotNow(f"the mail server answered {error.smtp_code} ({type(error).__name__})")
        except (smtplib.SMTPException, OSError) as error:
            return NotNow(f"the mail server cannot be used ({type(error).__name__})")
        except (ValueError, UnicodeError) as error:
            return MessageRefused(f"it cannot be written as a mail ({type(error).__name__})")
        return Delivered(_partly(refused))

    def _connected(self) -> smtplib.SMTP:
        server, trust = self._server, _trust(self._server)
        if server.encryption == "ssl":
            smtp: smtplib.SMTP = _WatchingTls(
                self._watch, server.host, server.port, server.own_name, timeout=self._timeout, context=trust
            )
        else:
            smtp = _Watching(self._watch, server.host, server.port, server.own_name, timeout=self._timeout)
        try:
            if server.encryption == "starttls":
                smtp.starttls(context=trust)
                self._watch(smtp.sock)
            if server.user and server.password:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _watch(self, connection: socket.socket | None) -> None:
        self._socket = connection
        if self._is_cut:
            raise TimeoutError


class _Watching(smtplib.SMTP):
    """Tells of its connection before the server has said anything: a greeting that never ends can be cut off, too."""

    def __init__(self, watch: Callable[[socket.socket], None], *given: Any, **named: Any) -> None:
        self._watch = watch
        super().__init__(*given, **named)

    def _get_socket(self, *given: Any) -> socket.socket:
        found: socket.socket = super()._get_socket(*given)  # type: ignore[misc]  # the library's hook, in no stub of it
        self._watch(found)
        return found


class _WatchingTls(_Watching, smtplib.SMTP_SSL):
    """The same over TLS, once that is agreed on."""


def _trust(server: MailServer) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    if not server.verifies:
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    return trust


def _refused(recipients: Mapping[str, tuple[int, bytes]]) -> SendOutcome:
    codes = sorted({code for code, _ in recipients.values()})
    return _by_code(codes[0], "the recipient" if len(recipients) == 1 else "every recipient")


def _by_code(code: int, what: str) -> SendOutcome:
    why = f"the mail server answered {code} to {what}"
    return MessageRefused(why) if code >= PERMANENT else NotNow(why, is_channel=False)


def _partly(refused: Mapping[str, tuple[int, bytes]]) -> str:
    codes = ", ".join(str(code) for code in sorted({code for code, _ in refused.values()}))
    return f"{len(refused)} of the recipients were refused ({codes})" if refused else ""
