"""Mails: the head, what a mail program shows of the body, and each file and message in it as a part."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email import policy
from email.errors import CloseBoundaryNotFoundDefect
from email.message import EmailMessage
from email.parser import BytesParser

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.errors import BrokenDocument, TooHeavy
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.readers.decoding import Decoded
from handrail_ai_steps.documents.readers.mail_body import BodyText, mail_page, referred
from handrail_ai_steps.documents.readers.mail_head import HEADERS, header_lines
from handrail_ai_steps.documents.readers.mail_parts import MailPart, damage, found_part, mail_parts
from handrail_ai_steps.documents.readers.piece import MailHeader, Piece
from handrail_ai_steps.documents.readers.text import lossy

_SOFT = re.compile(r"(?<=\S)(?<!^--) \n(?![> \n])", re.MULTILINE)
"""The end of a line that flows into the next, which quotes nothing."""


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001 -- every reader takes these
    """Yield a mail's headers, a page with what is shown of it, and its parts.

    Raises:
        BrokenDocument: there is no mail in it.
        TooHeavy: its parts are nested too deep.
    """
    message = parsed(data)
    head, loss = header_lines(message)
    yield from (MailHeader(each, value) for each, value in head)
    yield from lossy(loss)
    parts = list(mail_parts(message))
    texts = [
        BodyText(decoded=_flowing(part), html=part.kind == "text/html", group=part.group)
        for part in parts
        if part.role == "body"
    ]
    yield from mail_page(head, texts, limits)
    yield from _about(message, parts)
    pictures = referred(texts)
    for number, part in enumerate(parts, start=1):
        if part.role != "body":
            yield from found_part(part, number, referred=pictures)


def parsed(data: bytes) -> EmailMessage:
    """Return a mail.

    Raises:
        BrokenDocument: there is none.
        TooHeavy: its parts are nested too deep.
    """
    try:
        message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(data)
    except RecursionError:
        raise TooHeavy("the parts of this mail are nested without end: look at it with a mail program") from None
    if not any(name.lower() in HEADERS or name.lower() == "content-type" for name, _ in message.raw_items()):
        raise BrokenDocument("it has no mail headers (From, To, Subject, Date): ask for the mail as .eml")
    return message


def _about(message: EmailMessage, parts: Sequence[MailPart]) -> Iterator[DocumentNote]:
    """Yield what was wrong with how the mail is put together."""
    if any(isinstance(defect, CloseBoundaryNotFoundDefect) for each in message.walk() for defect in each.defects):
        text = "it ends inside a part, so it may have been cut off: ask for it again"
        yield DocumentNote(code="part_failed", message=text)
    kinds = {each.get_content_type() for each in message.walk()}
    if "message/partial" in kinds:
        text = "it was sent in several pieces, of which this is one: ask for the whole mail"
        yield DocumentNote(code="part_failed", message=text)
    if message.get_content_type() == "message/external-body":
        text = "what it stands for is elsewhere, and nothing is fetched: ask for the file itself"
        yield DocumentNote(code="part_failed", message=text)
    for part in parts:
        if part.role == "body":
            yield from damage(part, "the text")
    repairs = sorted({part.repaired for part in parts if part.repaired})
    for each in repairs:
        yield DocumentNote(code="repaired", message=each)


def _flowing(part: MailPart) -> Decoded:
    """Return a body's text, whose lines flow into each other where the mail says that they do (format=flowed)."""
    found = part.text()
    parameters = dict(part.message.get_params(failobj=[]))
    if part.kind != "text/plain" or str(parameters.get("format", "")).lower() != "flowed":
        return found
    joined = _SOFT.sub("" if str(parameters.get("delsp", "")).lower() == "yes" else " ", found.text)
    return replace(found, text=joined)
