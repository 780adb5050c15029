"""Reading a mail: what its headers say, its text, what is attached, and by what two copies of it are known as one."""

import email
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, NamedTuple

from handrail_orchestrator.file import File

LONGEST_ID = 400
"""Characters of a Message-ID; of a longer one its hash is kept."""
LONGEST_NAME = 200
LONGEST_HEADER = 5_000
"""Characters of a header that are decoded."""
LONGEST_ADDRESSES = 100_000
"""Characters of a header that are looked at for addresses: some thousand of them."""
MOST_HEADERS = 20
"""Headers of one name."""
LONGEST_CHARSET = 50
_OF_PYTHON = frozenset({"idna", "punycode", "raw_unicode_escape", "unicode_escape"})
"""Names of encodings that Python knows and no mail is in."""

_ENDINGS = {"message/rfc822": ".eml", "application/pdf": ".pdf", "text/html": ".html", "text/plain": ".txt"}


@dataclass(frozen=True)
class ReceivedMail:
    """A mail; the input of a workflow that ``mailbox`` starts."""

    id: str
    """Its Message-ID; of one that has none, a hash of what it says."""
    mailbox: str
    """The trigger's name."""
    sender: str
    """The address it says it is from: nobody has checked that."""
    sender_name: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    sent: str | None
    """When it says it was sent, in UTC, as ISO 8601; None: it does not say, or not so that one could read it."""
    text: str
    """Its plain text; empty where it has none."""
    html: str
    """Its text as HTML, as it came; empty where it has none."""
    attachments: tuple[File, ...]
    source: File
    """The mail itself, byte by byte."""
    problems: tuple[str, ...] = ()
    """What of it could not be read as it says it should be."""


class MailFile(NamedTuple):
    """A file in a mail."""

    name: str
    data: bytes


class MailContent(NamedTuple):
    """A mail as it was read, without a place to keep its files."""

    message_id: str | None
    digest: str
    """Of what it says, without what servers on its way have put on top."""
    sender: str
    sender_name: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    sent: str | None
    text: str
    html: str
    attached: tuple[MailFile, ...]
    problems: tuple[str, ...]


def read_mail(raw: bytes) -> MailContent:
    """Return what a mail says, however badly it is made; what could not be read is among its problems."""
    message = email.message_from_bytes(raw)
    problems: list[str] = []
    texts: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    attached: list[MailFile] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        name = _name(part)
        if kind in texts and not name and part.get_content_disposition() != "attachment":
            texts[kind].append(_text(part, problems))
        else:
            attached.append(MailFile(name or f"part {len(attached) + 1}{_ending(kind)}", _data(part, problems)))
    for part in message.walk():
        problems += [_defect(part, each) for each in part.defects]
    senders = _addresses(message, "From")
    message_id = _message_id(message)
    return MailContent(
        message_id=message_id,
        digest=_digest(raw, message),
        sender=senders[0][1] if senders else "",
        sender_name=senders[0][0] if senders else "",
        to=tuple(address for _, address in _addresses(message, "To")),
        cc=tuple(address for _, address in _addresses(message, "Cc")),
        subject=_header(message, "Subject"),
        sent=_sent(message),
        text="".join(texts["text/plain"]),
        html="".join(texts["text/html"]),
        attached=tuple(attached),
        problems=tuple(dict.fromkeys(problems)),
    )


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that hold something; a mail within a mail is one of them, as it is."""
    if message.get_content_type() == "message/rfc822" or not message.is_multipart():
        yield message
        return
    parts: Any = message.get_payload()
    for part in parts:
        yield from _leaves(part)


def _text(part: Message, problems: list[str]) -> str:
    data = _data(part, problems)
    charset = part.get_content_charset("utf-8")
    shown = charset[:LONGEST_CHARSET]
    if charset.replace("-", "_") in _OF_PYTHON:
        problems.append(f"its text is in {shown!r}, which is for no mail: it was read as UTF-8")
        return _storable(data.decode(errors="replace"))
    try:
        return _storable(data.decode(charset))
    except LookupError:
        problems.append(f"its text is in {shown!r}, which nobody knows: it was read as UTF-8")
        return data.decode(errors="replace")
    except ValueError:
        problems.append(f"its text is not in {shown!r}, as it says: what could not be read is marked")
    try:
        return _storable(data.decode(charset, errors="replace"))
    except ValueError:  # such as of a name with a zero in it
        return data.decode(errors="replace")


def _data(part: Message, problems: list[str]) -> bytes:
    """Return the bytes of a part; a mail within it as it came."""
    if part.get_content_type() == "message/rfc822":
        inner: Any = part.get_payload()
        return inner[0].as_bytes() if isinstance(inner, list) and inner else str(inner).encode(errors="replace")
    data: Any = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        problems.append("a part of it holds nothing that could be read")
        return b""
    return data


def _name(part: Message) -> str:
    """Return the name of an attached file, without any folder."""
    try:
        given = part.get_filename()
    except (ValueError, LookupError, IndexError):
        return "unreadable name"
    if not given:
        return ""
    plain = _decoded(str(given)).replace("\\", "/").rpartition("/")[2].strip()
    return "".join(each if each.isprintable() else "_" for each in plain)[:LONGEST_NAME] or "unnamed"


def _ending(kind: str) -> str:
    return _ENDINGS.get(kind, "")


def _header(message: Message, name: str) -> str:
    return _decoded(str(message.get(name, "")))


def _decoded(raw: str) -> str:
    """Return a header's text, in whatever encodings its pieces are; what no sender writes by hand is cut off.

    To take one apart takes a time that grows with the square of its length.
    """
    raw = raw[:LONGEST_HEADER]
    try:
        pieces = decode_header(raw)
    except (HeaderParseError, ValueError):
        return _storable(raw)
    found = []
    for piece, charset in pieces:
        if isinstance(piece, str):
            found.append(piece)
            continue
        try:
            found.append(piece.decode(charset or "utf-8", errors="replace"))
        except (LookupError, ValueError):
            found.append(piece.decode(errors="replace"))
    return _storable(" ".join("".join(found).split()))


def _storable(text: str) -> str:
    return text.encode(errors="replace").decode()


def _addresses(message: Message, name: str) -> list[tuple[str, str]]:
    try:
        given = [str(each)[:LONGEST_ADDRESSES] for each in message.get_all(name, [])[:MOST_HEADERS]]
        return [(_decoded(shown), _storable(address)) for shown, address in getaddresses(given) if address]
    except (ValueError, IndexError, TypeError, RecursionError):
        return []


def _sent(message: Message) -> str | None:
    try:
        sent = parsedate_to_datetime(str(message["Date"]))
        return (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _message_id(message: Message) -> str | None:
    """Return the Message-ID without its brackets; None: it has none that says anything."""
    found = _storable("".join(str(message.get("Message-ID", "")).split())).strip("<>")
    if not found:
        return None
    return found if len(found) <= LONGEST_ID else f"sha256:{hashlib.sha256(found.encode()).hexdigest()}"


def _digest(raw: bytes, message: Message) -> str:
    """Return a hash of who wrote what when: servers put more headers on top of each copy."""
    told = hashlib.sha256()
    for name in ("From", "Date", "Subject"):
        told.update(f"{name}:{message.get(name, '')}\n".encode(errors="replace"))
    _, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    told.update(body.rstrip(b"\n"))
    return told.hexdigest()


def _defect(part: Message, defect: Exception) -> str:
    return f"{part.get_content_type()}: {type(defect).__name__}"
