"""An action that sends a mail, and repeats only what was not handed in."""

from collections.abc import Coroutine
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Final, Protocol

from handrail_guards.escalation import Escalation
from handrail_orchestrator.context import step_context
from handrail_orchestrator.errors import InvalidWorkflow
from handrail_orchestrator.ready.errors import CallFailed, CallRefused
from handrail_orchestrator.ready.http import key_of
from handrail_orchestrator.retry import Retry
from handrail_orchestrator.step import OnFailure, Policy, Step

USUAL_RETRY: Final = Retry(attempts=5, first_seconds=5.0, max_seconds=600.0, on=(CallFailed,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail, of plain text."""

    to: tuple[str, ...]
    """Addresses; all of them get it, or none."""
    subject: str
    text: str
    cc: tuple[str, ...] = ()
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReceipt:
    """Where a mail was handed in, as it is recorded."""

    message_id: str
    """The same for every attempt of a step of a run, so that a second copy is known as one."""


class MailSystem(Protocol):
    """Who takes mail: a real server (``SmtpServer``), or a double of one (``handrail.testing``)."""

    @property
    def sender(self) -> str:
        """Return the address that it is from."""
        ...

    async def hand_in(self, message: EmailMessage, recipients: tuple[str, ...]) -> None:
        """Hand a mail in, once, for all recipients or none.

        Raises:
            ActionFailed: it was not taken, or nobody knows; which kind says whether it may be handed in again.
        """
        ...


def send_mail(  # noqa: PLR0913 -- what a policy is made of, by name
    name: str,
    system: MailSystem,
    *,
    retry: Retry | None = USUAL_RETRY,
    limit: str | None = None,
    breaker: str | None = None,
    owner: str | None = None,
    on_failure: OnFailure = "raise",
    approval: Escalation | None = None,
) -> Step[[Mail], Coroutine[Any, Any, MailReceipt]]:
    """Build the action that sends a mail: ``await run.step(tell_buyer, Mail(to=(address,), subject=..., text=...))``.

    Tried again is what the server has not taken. Where the connection breaks after the last byte, nobody knows: that
    fails with ``CallUnsure``, and nothing is sent twice. A crash in that moment repeats it, with the same message id.

    Args:
        name: the step's name.
        system: who takes the mail; ``SmtpServer(...)``, or a double.
        retry: how often and how patiently; None: never.
        limit: the name of a limit given to the orchestrator.
        breaker: the name of the system whose breaker was given to the orchestrator: while it is down, runs wait.
        owner: who answers for it, as shown in records.
        on_failure: what is done when all attempts failed; ``"review"`` asks a person.
        approval: whom to ask before it is sent.

    Raises:
        InvalidWorkflow: the name or the policy cannot be a step's.
    """
    if retry is not None and not all(issubclass(each, CallFailed) for each in retry.on):
        raise InvalidWorkflow(
            f"send_mail({name!r}, retry=Retry(on=...)): only a CallFailed may be tried again; write"
            " Retry(attempts=..., on=(CallFailed,))"
        )

    async def send(mail: Mail) -> MailReceipt:
        message = written(mail, system.sender, key_of(step_context().idempotency_key))
        await system.hand_in(message, (*mail.to, *mail.cc))
        return MailReceipt(message_id=str(message["Message-ID"]))

    policy = Policy(retry=retry, limit=limit, system=breaker, on_failure=on_failure, approval=approval)
    return Step(send, name, "action", owner=owner, policy=policy)


def written(mail: Mail, sender: str, key: str) -> EmailMessage:
    """Return a mail as it is handed in.

    Raises:
        CallRefused: an address or the subject cannot stand in a mail; nothing was sent.
    """
    message = EmailMessage()
    try:
        origin = Address(addr_spec=sender)
        message["From"] = origin
        message["To"] = [Address(addr_spec=each) for each in mail.to]
        if mail.cc:
            message["Cc"] = [Address(addr_spec=each) for each in mail.cc]
        if mail.reply_to is not None:
            message["Reply-To"] = Address(addr_spec=mail.reply_to)
        message["Subject"] = mail.subject.replace("=?", "= ?")  # an encoded word would be decoded, line feeds and all
        message["Message-ID"] = f"<{key}@{origin.domain or 'handrail.invalid'}>"
    except (ValueError, IndexError, UnicodeError) as error:
        raise CallRefused(f"this cannot be written as a mail: {error}") from error
    if not mail.to:
        raise CallRefused("a mail needs a recipient: give to=(address,)")
    message["Date"] = formatdate(localtime=False)
    message["Auto-Submitted"] = "auto-generated"  # no answering machine answers it (RFC 3834)
    message.set_content(mail.text)
    return message
