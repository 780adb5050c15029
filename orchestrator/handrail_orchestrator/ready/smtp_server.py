"""A mail server: one conversation a mail, in which all recipients are taken or none, and each failure has its place."""

import os
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal, NoReturn, TypeAlias

from handrail_guards.numbers import is_count
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.given_time import is_above_zero
from handrail_orchestrator.notices.threads import in_thread
from handrail_orchestrator.ready.errors import CallFailed, CallRefused, CallUnsure

TIMEOUT_SECONDS = 30.0
LAST_PORT = 65_535
PERMANENT = 500
"""From here on, a server says that it will never take it."""

Transport: TypeAlias = Literal["tls", "starttls", "plain"]
PORTS: dict[Transport, int] = {"tls": 465, "starttls": 587, "plain": 25}


class SmtpServer:
    """A mail server.

    Args:
        host: its name.
        sender: the address that mails are from.
        transport: ``tls`` from the first byte, ``starttls``, or ``plain`` for one on this machine.
        port: None: 465, 587 or 25, by the transport.
        user: as whom to sign in; None: as nobody.
        password_from: the variable of the environment that has the password; read for each mail, and never recorded.
        timeout_seconds: how long the server may keep quiet.

    Raises:
        Misuse: a user without a password, or a number that is none.
    """

    def __init__(
        self,
        host: str,
        *,
        sender: str,
        transport: Transport = "tls",
        port: int | None = None,
        user: str | None = None,
        password_from: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        if (user is None) != (password_from is None):
            raise Misuse(f"SmtpServer({host!r}): give user and password_from together, or neither")
        if user is not None and transport == "plain":
            raise Misuse(
                f"SmtpServer({host!r}): a password over transport='plain' could be read; use 'starttls' or 'tls'"
            )
        if not is_above_zero(timeout_seconds):
            raise Misuse(f"SmtpServer({host!r}, timeout_seconds={timeout_seconds!r}): give seconds above 0")
        if port is not None and not (is_count(port, least=1) and port <= LAST_PORT):
            raise Misuse(f"SmtpServer({host!r}, port={port!r}): give a number from 1 to {LAST_PORT}")
        self._host = host
        self._sender = sender
        self._transport: Transport = transport
        self._port = PORTS[transport] if port is None else port
        self._user = user
        self._password_from = password_from
        self._timeout = timeout_seconds

    @property
    def sender(self) -> str:
        """Return the address that mails are from."""
        return self._sender

    def __repr__(self) -> str:
        return f"SmtpServer({self._host!r}, sender={self._sender!r})"

    async def hand_in(self, message: EmailMessage, recipients: tuple[str, ...]) -> None:
        """Hand a mail in, once, for all recipients or none.

        Raises:
            CallRefused: the server said that it will never take it.
            CallFailed: it was not taken.
            CallUnsure: nobody knows whether it was: the connection broke after the last byte.
        """
        await in_thread(lambda: self._hand_in(message, recipients), name="mail")

    def _hand_in(self, message: EmailMessage, recipients: tuple[str, ...]) -> None:
        was_sent = False
        try:
            smtp = self._connected()
            try:
                smtp.ehlo_or_helo_if_needed()
                _must_be_taken(*smtp.mail(self._sender), "the sender")
                for each in recipients:
                    _must_be_taken(*smtp.rcpt(each), f"the recipient {each}")
                code, told = smtp.docmd("DATA")
                if code != 354:
                    _refused(code, told, "the mail")
                was_sent = True
                smtp.send(_stuffed(message))
                _must_be_taken(*smtp.getreply(), "the mail")
            finally:
                smtp.close()
        except smtplib.SMTPResponseException as error:
            _refused(error.smtp_code, error.smtp_error, "the greeting or the sign-in")
        except (ValueError, smtplib.SMTPNotSupportedError) as error:
            raise CallRefused(f"the mail server {self._host} cannot be given this: {error}") from error
        except (smtplib.SMTPException, OSError) as error:
            problem = f"the mail server {self._host} broke off: {type(error).__name__}"
            if was_sent:
                raise CallUnsure(f"{problem} after the last byte: it may have taken the mail") from error
            raise CallFailed(f"{problem}: nothing was sent") from error

    def _connected(self) -> smtplib.SMTP:
        trust = None if self._transport == "plain" else ssl.create_default_context()
        if self._transport == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, "localhost", timeout=self._timeout, context=trust
            )
        else:
            smtp = smtplib.SMTP(self._host, self._port, "localhost", timeout=self._timeout)
        try:
            if self._transport == "starttls":
                smtp.starttls(context=trust)
            if self._user is not None:
                smtp.login(self._user, self._password())
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _password(self) -> str:
        password = os.environ.get(self._password_from or "", "")
        if not password:
            raise CallRefused(f"there is no password for {self._host}: set {self._password_from}")
        return password


def _must_be_taken(code: int, told: bytes | str, what: str) -> None:
    if not 200 <= code < 300:
        _refused(code, told, what)


def _refused(code: int, told: bytes | str, what: str) -> NoReturn:
    said = told.decode(errors="replace") if isinstance(told, bytes) else told
    problem = f"the mail server answered {code} to {what}: {' '.join(said.split())[:300]}"
    if code >= PERMANENT:
        raise CallRefused(problem, status=code)
    raise CallFailed(problem, status=code)


def _stuffed(message: EmailMessage) -> bytes:
    """Return a message as it is sent: lines end as in mails, a line of one dot is none, and a dot ends it."""
    body = message.as_bytes(policy=SMTP.clone(cte_type="7bit"))
    lines = body.split(b"\r\n")
    dotted = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
    return (dotted if dotted.endswith(b"\r\n") else dotted + b"\r\n") + b".\r\n"
