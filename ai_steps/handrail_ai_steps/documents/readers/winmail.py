"""winmail.dat: the body and the files that Outlook put into one (TNEF)."""

import logging
from collections.abc import Iterator
from typing import Any

from handrail_ai_steps.documents.document import DocumentNote
from handrail_ai_steps.documents.errors import BrokenDocument
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.readers.decoding import Decoded, decoded
from handrail_ai_steps.documents.readers.mail_body import BodyText, mail_page
from handrail_ai_steps.documents.readers.mail_head import safe_name
from handrail_ai_steps.documents.readers.piece import FoundPart, MailHeader, Piece
from handrail_ai_steps.documents.readers.rtf import rich_text, unpacked
from handrail_ground.optional import needs

with needs("mail"):
    import tnefparse

MAPI_HEAD = {"subject": (0x0037,), "from": (0x0C1A, 0x0C1F), "to": (0x0E04,), "cc": (0x0E03,), "message-id": (0x1035,)}
"""MAPI's names of what a head has."""

MOST_SKIPPED = 100
"""Parts that the library skips; with more it is no winmail.dat any more."""


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001 -- every reader takes these
    """Yield what a winmail.dat holds.

    Raises:
        BrokenDocument: it cannot be taken apart.
    """
    told = _Told()
    logger = logging.getLogger("tnefparse")
    logger.handlers, logger.propagate = [told], False
    try:
        opened: Any = _Opened(data)
    except RecursionError:
        raise
    except Exception as error:
        raise BrokenDocument(
            f"its parts cannot be taken apart ({type(error).__name__}): ask for the files in it"
        ) from error
    head = _head(opened)
    yield from (MailHeader(each, value) for each, value in head)
    yield from mail_page(head, list(_texts(opened, limits)), limits)
    if data[6 + sum(each.length for each in opened.objects) :].strip(b"\0"):
        told.messages.append("it ends inside a part")
    if told.messages:
        said = "; ".join(sorted(set(told.messages))[:3])
        yield DocumentNote(code="part_failed", message=f"it is damaged ({said}): some of what is in it may lack")
    for number, attachment in enumerate(opened.attachments, start=1):
        yield _attached(attachment, number)


class _Told(logging.Handler):
    """What the library only logs: parts that it skips."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage()[:100])
        if len(self.messages) > MOST_SKIPPED:  # a number of properties that is made up is counted to its end otherwise
            raise ValueError("too much of it is damaged")


class _Opened(tnefparse.TNEF):  # type: ignore[misc]  # the library says nothing of its types
    """A winmail.dat; one that does not say its code page has Windows' Western one."""

    @property
    def codepage(self) -> str:
        return self._said or "cp1252"

    @codepage.setter
    def codepage(self, said: str | None) -> None:
        self._said = said


def _head(opened: Any) -> list[tuple[str, str]]:
    """Return the headers that are in it; a winmail.dat in a mail has few."""
    properties = {each.name: each for each in opened.mapiprops}
    head = [
        (name, " ".join(_string(properties[key].data) for key in keys if key in properties).strip())
        for name, keys in MAPI_HEAD.items()
    ]
    named = {each.name: each.data for each in opened.msgprops if isinstance(each.data, str)}
    if not head[0][1]:
        head[0] = ("subject", named.get(tnefparse.TNEF.ATTSUBJECT, ""))
    return [(name, value) for name, value in head if value]


def _texts(opened: Any, limits: ReadingLimits) -> Iterator[BodyText]:
    """Yield the body's alternatives: HTML, or plain, or what Rich Text says."""
    for text, html in ((opened.body, False), (opened.htmlbody, True)):
        if text:
            said = decoded(text, opened.codepage) if isinstance(text, bytes) else Decoded(text=text, encoding="utf-16")
            yield BodyText(decoded=said, html=html, group=1)
    if opened._rtfbody and not opened.htmlbody:  # noqa: SLF001 -- its public name needs another library
        rich = rich_text(unpacked(opened._rtfbody, limits.bytes))  # noqa: SLF001 -- as above
        yield BodyText(decoded=rich.text, html=rich.html, group=1)


def _attached(attachment: Any, number: int) -> FoundPart:
    """Return a file, or a message, that is in it."""
    if hasattr(attachment, "embed"):
        return FoundPart(name=f"message-{number}", role="message", data=attachment.data, kind="winmail")
    try:
        name = safe_name(_string(attachment.long_filename()))
    except UnicodeDecodeError:
        name = safe_name(decoded(attachment._name).text)  # noqa: SLF001 -- the library decodes it as UTF-8 only
    data = attachment.data
    if isinstance(data, str):
        data = data.encode()
    return FoundPart(name=name or f"part-{number}.bin", role="attachment", data=data or b"")


def _string(value: Any) -> str:
    text = decoded(value).text if isinstance(value, bytes) else str(value)
    return text.strip("\0 ")
