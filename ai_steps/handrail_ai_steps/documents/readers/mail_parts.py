"""The parts of a mail: bodies, attached files, pictures in a body, messages in it, whatever state they are in."""

import mimetypes
import re
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from email.errors import InvalidBase64CharactersDefect, InvalidBase64LengthDefect
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from io import BytesIO

from handrail_ai_steps.documents.document import DocumentNote, PartRole
from handrail_ai_steps.documents.readers.decoding import Decoded, decoded
from handrail_ai_steps.documents.readers.mail_head import file_name, safe_name, values
from handrail_ai_steps.documents.readers.piece import FoundPart, Piece

SMALL_PICTURE = 5_000
"""Bytes: smaller pictures in a body are its decoration."""

_AS_IT_WAS = default.clone(refold_source="none", cte_type="8bit")
_BOUNDARY = re.compile(rb"^--([^\r\n]{1,70}?)[ \t]*\r?$", re.MULTILINE)
_MENDED = b"=_mended-boundary-of-a-part"
_ENDINGS = {"text/plain": ".txt", "text/rfc822-headers": ".txt", "image/jpeg": ".jpg", "application/xml": ".xml"}
_WRAPPED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"})
"""What a whole mail is inside of, when it is encrypted or signed so that only mail programs can take it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPart:
    """A part of a mail that has no parts itself."""

    message: EmailMessage
    kind: str
    """Its content type."""
    role: PartRole
    data: bytes
    group: int = 0
    """The number of the group of alternatives that it is one of; 0: it is none."""
    repaired: str = ""
    """What was done so that it can be read."""
    problem: str = ""
    """Why it cannot be read."""

    def text(self) -> Decoded:
        """Return its bytes as text, in the encoding that it says."""
        return decoded(self.data, _charset(self.message))

    @property
    def content_id(self) -> str:
        """Return what a body refers to it by."""
        return next(values(self.message, "content-id"), "").strip("<> ")


def mail_parts(message: EmailMessage) -> Iterator[MailPart]:
    """Yield the parts of a mail in order, without recursion: nobody knows how deep they are nested."""
    waiting: list[tuple[EmailMessage, int, str]] = [(message, 0, "")]
    groups = 0
    while waiting:
        part, group, repaired = waiting.pop()
        kind = part.get_content_type()
        if part.get_content_maintype() == "message" and part is not message:
            yield _message(part, kind)
        elif part.is_multipart():
            if kind == "multipart/alternative" and not group:
                groups += 1
                group = groups
            children = [each for each in part.get_payload() if isinstance(each, EmailMessage)]
            waiting.extend((each, group, repaired) for each in reversed(children))
        elif part.get_content_maintype() == "multipart":
            mended = _with_boundary(part)
            if mended is None:
                yield _leaf(part, "text/plain", group, f"a part says {kind} and has no parts: it is read as text")
            else:
                waiting.append((mended, group, f"a part says {kind} without its boundary: the one it uses was found"))
        else:
            yield _leaf(part, kind, group, repaired)


def found_part(part: MailPart, number: int, *, referred: Collection[str]) -> Iterator[Piece]:
    """Yield a part as a file, and what is known to be wrong with it."""
    name = _name(part, number)
    role = part.role
    if part.kind.startswith("image/") and role == "attachment":
        inline = len(part.data) < SMALL_PICTURE and part.message.get_content_disposition() != "attachment"
        role = "inline" if inline or (part.content_id and part.content_id in referred) else role
    yield FoundPart(name=name, role=role, data=_readable(part), problem=part.problem)
    yield from damage(part, name)


def damage(part: MailPart, name: str) -> Iterator[DocumentNote]:
    """Yield a note where a part was damaged on its way, or is elsewhere."""
    if any(
        isinstance(each, (InvalidBase64CharactersDefect, InvalidBase64LengthDefect)) for each in part.message.defects
    ):
        yield DocumentNote(code="part_failed", message=f"{name} is damaged on its way (base64): some of it may lack")


def _leaf(part: EmailMessage, kind: str, group: int, repaired: str) -> MailPart:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    attached = part.get_content_disposition() == "attachment" or bool(file_name(part))
    role: PartRole = "body" if kind in {"text/plain", "text/html"} and not attached else "attachment"
    problem = ""
    if kind in _WRAPPED and "signed" in str(part.get("content-type", "")):
        problem = "the mail is inside its signature (S/MIME): forward it from a mail program, and send what comes out"
    elif kind in _WRAPPED:
        problem = "it is encrypted: decrypt it with a mail program, and send what comes out"
    return MailPart(message=part, kind=kind, role=role, data=data, group=group, repaired=repaired, problem=problem)


def _message(part: EmailMessage, kind: str) -> MailPart:
    """Return a part that is a message, or says something about one."""
    inner = part.get_payload()
    inside = [each for each in inner if isinstance(each, EmailMessage)] if isinstance(inner, list) else []
    if kind == "message/external-body":
        problem = "what it stands for is elsewhere, and nothing is fetched: ask for the file itself"
        return MailPart(message=part, kind=kind, role="attachment", data=b"", problem=problem)
    if kind == "message/delivery-status" or not inside:
        text = "\n".join(each.as_string() for each in inside) if inside else str(inner)
        return MailPart(message=part, kind="text/plain", role="attachment", data=text.encode("utf-8", "replace"))
    try:
        return MailPart(message=part, kind=kind, role="message", data=_bytes_of(part, inside[0]))
    except Exception as error:  # noqa: BLE001 -- one broken message leaves the others
        problem = f"the message is put together in a way that cannot be read ({type(error).__name__}): open it by hand"
        return MailPart(message=part, kind=kind, role="message", data=b"", problem=problem)


def _bytes_of(part: EmailMessage, inner: EmailMessage) -> bytes:
    """Return a message in a message as a file of its own; some programs encode it, which they must not."""
    if not inner.keys() and str(part.get("content-transfer-encoding", "")).strip().lower() in {
        "base64",
        "quoted-printable",
    }:
        inner["Content-Transfer-Encoding"] = str(part["content-transfer-encoding"]).strip()
        payload = inner.get_payload(decode=True)
        return payload if isinstance(payload, bytes) else b""
    written = BytesIO()
    BytesGenerator(written, mangle_from_=False, policy=_AS_IT_WAS).flatten(inner, unixfrom=False)
    return written.getvalue()


def _with_boundary(part: EmailMessage) -> EmailMessage | None:
    """Return a part with the boundary that it uses without saying so; None: it uses none."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else str(part.get_payload()).encode("utf-8", "surrogateescape")
    used = [each.group(1) for each in _BOUNDARY.finditer(data)]
    boundary = next((each for each in used if each + b"--" in used), None)
    if boundary is None:
        return None
    # Another one in its place: the library takes quotation marks and brackets off twice.
    renamed = re.sub(rb"^--" + re.escape(boundary) + rb"(?=(--)?[ \t]*\r?$)", b"--" + _MENDED, data, flags=re.MULTILINE)
    head = f'Content-Type: {part.get_content_type()}; boundary="'.encode() + _MENDED + b'"\n\n'
    mended = BytesParser(_class=EmailMessage, policy=default).parsebytes(head + renamed)
    return mended if mended.is_multipart() else None


def _readable(part: MailPart) -> bytes:
    """Return a part's bytes, a text in UTF-8 where only the mail says which encoding it has."""
    charset = _charset(part.message)
    if not part.kind.startswith("text/") or charset is None:
        return part.data
    said, seen = decoded(part.data, charset), decoded(part.data)
    return BOM_UTF8 + said.text.encode() if said.text != seen.text else part.data


def _charset(part: EmailMessage) -> str | None:
    try:
        return part.get_content_charset()
    except Exception:  # noqa: BLE001 -- a charset that cannot even be parsed is none
        return None


def _name(part: MailPart, number: int) -> str:
    """Return what a part is called, or what it is and which."""
    name = file_name(part.message)
    if name:
        return name
    if part.role == "message":
        inner = part.message.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        subject = next(values(first, "subject"), "") if isinstance(first, EmailMessage) else ""
        return f"{safe_name(subject)[:100] or f'message-{number}'}.eml"
    return f"part-{number}{_ENDINGS.get(part.kind) or mimetypes.guess_extension(part.kind) or '.bin'}"
