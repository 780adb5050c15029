"""Mails with invoices in them, the same bytes each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in a mail."""

    name: str
    data: bytes
    mime: str = "application/pdf"


def mail(subject: str, body: str, attached: Sequence[Attached | bytes] = (), *, sender: str, html: str = "") -> bytes:
    """Return a mail; an attachment that is bytes alone is a mail itself, which is forwarded."""
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = "Accounts payable <invoices@brambledesk.example>"
    made["Subject"] = subject
    made["Date"] = "Mon, 05 Oct 2026 09:12:00 +0100"
    made["Message-ID"] = f"<{abs(hash_of(subject + sender)):x}@mail.example>"
    made.set_content(body)
    if html:
        made.add_alternative(html, subtype="html")
    for each in attached:
        if isinstance(each, bytes):
            made.add_attachment(_parsed(each))
        else:
            main, _, sub = each.mime.partition("/")
            made.add_attachment(each.data, maintype=main, subtype=sub, filename=each.name)
    for number, part in enumerate(each for each in made.walk() if each.is_multipart()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"=={number}=={hash_of(subject):x}==")
    return made.as_bytes()


def hash_of(text: str) -> int:
    """Return a number for a text, the same one in every process."""
    number = 7
    for letter in text:
        number = (number * 131 + ord(letter)) % (1 << 48)
    return number


def _parsed(data: bytes) -> EmailMessage:
    made = message_from_bytes(data, policy=SMTP)
    assert isinstance(made, EmailMessage)
    return made
