"""A message in Outlook's own form: its properties, each a stream of the file, as text."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, formataddr
from struct import Struct
from typing import TYPE_CHECKING

from handrail_ai_steps.documents.errors import DocumentError
from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.readers.decoding import LOST, Decoded, decoded, known, unified
from handrail_ai_steps.documents.readers.mail_body import BodyText
from handrail_ai_steps.documents.readers.mail_head import HEADERS, header_lines
from handrail_ai_steps.documents.readers.rtf import rich_text, unpacked

if TYPE_CHECKING:
    from oxmsg.storage import Storage

# MAPI's numbers of the properties that are read.
SUBJECT, BODY, RICH, HTML, TRANSPORT_HEAD, MESSAGE_ID = 0x0037, 0x1000, 0x1009, 0x1013, 0x007D, 0x1035
SENDER_NAME, SENDER_ADDRESS, SENDER_SMTP, SHOWN_TO, SHOWN_CC = 0x0C1A, 0x0C1F, 0x5D01, 0x0E04, 0x0E03
SENT, DELIVERED, CODE_PAGE, TEXT_CODE_PAGE = 0x0039, 0x0E06, 0x3FFD, 0x3FDE
DATA, METHOD, LONG_NAME, SHORT_NAME, SHOWN_NAME, CONTENT_ID, HIDDEN = (
    0x3701,
    0x3705,
    0x3707,
    0x3704,
    0x3001,
    0x3712,
    0x7FFE,
)
RECIPIENT_KIND, SMTP, ADDRESS = 0x0C15, 0x39FE, 0x3003

UTF_16, EIGHT_BIT, BINARY = 0x001F, 0x001E, 0x0102
"""MAPI's numbers of the types of properties that have streams."""
EMBEDDED_MESSAGE, OLE_OBJECT, IN_FILE = 5, 6, 1
"""How a file is attached."""
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
FIRST_YEAR = 1971
"""Mails are not older: a date that is not set is written as 1601."""

_FIXED = Struct("<HH4xQ")
_PROBLEMS = {
    OLE_OBJECT: "it is an object of another program inside the mail: ask for it as a file",
    EMBEDDED_MESSAGE: "it says that it is a message, and there is none: ask for it again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookFile:
    """A file in a message."""

    name: str
    data: bytes
    message: "OutlookMessage | None" = None
    """It is a message itself."""
    content_id: str = ""
    hidden: bool = False
    """A program shows it in the body, and not among the files."""
    problem: str = ""


class OutlookMessage:
    """A message; its strings are read in the encoding that it says."""

    def __init__(self, storage: "Storage", *, limits: ReadingLimits, embedded: bool = False) -> None:
        self._storage = _Properties(storage, offset=24 if embedded else 32)
        self._limits = limits
        self.loss = ""
        """What could not be read of it."""
        page = self._storage.number(TEXT_CODE_PAGE) or self._storage.number(CODE_PAGE)
        self._encoding = _encoding_of(page)

    def head(self) -> list[tuple[str, str]]:
        """Return its headers: those that it came with, or those that its properties say."""
        sent = self._text(TRANSPORT_HEAD)
        head: dict[str, list[str]] = {}
        if sent.strip():
            parsed = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(sent.encode(), headersonly=True)
            for name, value in header_lines(parsed)[0]:
                head.setdefault(name, []).append(value)
        for name, value in self._own_head():
            if value:
                head.setdefault(name, [value])
        lines = [(name, value) for name in HEADERS for value in head.get(name, [])]
        if any(LOST in value for _, value in lines):
            self.loss = self.loss or "characters of its headers could not be read"
        return lines

    def texts(self) -> Iterator[BodyText]:
        """Yield the alternatives of its body: plain, and HTML or what Rich Text says."""
        plain = self._decoded(BODY)
        if plain is not None:
            yield BodyText(decoded=plain, group=1)
        html = self._storage.stream(HTML, BINARY)
        rich = self._storage.stream(RICH, BINARY)
        if html is not None:
            yield BodyText(decoded=decoded(html, self._encoding), html=True, group=1)
        elif (said := self._decoded(HTML)) is not None:
            yield BodyText(decoded=said, html=True, group=1)
        elif rich and plain is None:
            try:
                read = rich_text(unpacked(rich, self._limits.bytes))
            except DocumentError as error:
                yield BodyText(decoded=Decoded(text="", encoding="", loss=str(error)))
            else:
                yield BodyText(decoded=read.text, html=read.html, group=1)

    def files(self) -> Iterator[OutlookFile]:
        """Yield the files in it."""
        for each in self._storage.storage.iter_attachment_storages():
            yield self._file(_Properties(each, offset=8))

    def _file(self, properties: "_Properties") -> OutlookFile:
        names = (self._string(properties, each) for each in (LONG_NAME, SHORT_NAME, SHOWN_NAME))
        method = properties.number(METHOD)
        inner = properties.folder(DATA)
        data = properties.stream(DATA, BINARY)
        name = next((each for each in names if each), "")
        if method == EMBEDDED_MESSAGE and inner is not None:
            message = OutlookMessage(inner, limits=self._limits, embedded=True)
            return OutlookFile(name=name, data=b"", message=message)
        problem = ""
        if data is None:
            problem = _PROBLEMS.get(
                method or 0, "it is only a link to a file that is elsewhere: ask for the file itself"
            )
        return OutlookFile(
            name=name,
            data=data or b"",
            content_id=self._string(properties, CONTENT_ID).strip("<> "),
            hidden=bool(properties.number(HIDDEN)),
            problem=problem,
        )

    def _own_head(self) -> Iterator[tuple[str, str]]:
        yield "subject", self._text(SUBJECT)
        address = self._text(SENDER_SMTP) or self._text(SENDER_ADDRESS)
        yield "from", _address(self._text(SENDER_NAME), address)
        to = [self._recipient(each) for each in self._storage.storage.iter_recipient_storages()]
        yield "to", ", ".join(each for kind, each in to if kind == 1) or self._text(SHOWN_TO)
        yield "cc", ", ".join(each for kind, each in to if kind == 2) or self._text(SHOWN_CC)
        yield "date", self._date(SENT) or self._date(DELIVERED)
        yield "message-id", self._text(MESSAGE_ID)

    def _recipient(self, storage: "Storage") -> tuple[int, str]:
        properties = _Properties(storage, offset=8)
        address = self._string(properties, SMTP) or self._string(properties, ADDRESS)
        kind = properties.number(RECIPIENT_KIND)
        return 1 if kind is None else kind, _address(self._string(properties, SHOWN_NAME), address)

    def _date(self, property_: int) -> str:
        ticks = self._storage.number(property_)
        try:
            moment = EPOCH + timedelta(microseconds=(ticks or 0) // 10)
        except OverflowError:
            return ""
        return format_datetime(moment) if moment.year >= FIRST_YEAR else ""

    def _text(self, property_: int) -> str:
        return self._string(self._storage, property_)

    def _decoded(self, property_: int) -> Decoded | None:
        return _decoded(self._storage, property_, self._encoding)

    def _string(self, properties: "_Properties", property_: int) -> str:
        found = _decoded(properties, property_, self._encoding)
        if found is None:
            return ""
        self.loss = self.loss or found.loss
        return unified(found.text).strip()


class _Properties:
    """The properties of a message, a recipient or a file."""

    def __init__(self, storage: "Storage", *, offset: int) -> None:
        self.storage = storage
        self._streams = {each.name.lower(): each.bytes_ for each in storage.streams}
        fixed = self._streams.get("__properties_version1.0", b"")[offset:]
        self._numbers: dict[int, int] = {}
        for _, number, value in _FIXED.iter_unpack(fixed[: len(fixed) // _FIXED.size * _FIXED.size]):
            self._numbers.setdefault(number, value)

    def stream(self, property_: int, kind: int) -> bytes | None:
        """Return the bytes of a property of any length."""
        return self._streams.get(f"__substg1.0_{property_:04x}{kind:04x}")

    def folder(self, property_: int) -> "Storage | None":
        """Return a property that is a folder of streams."""
        name = f"__substg1.0_{property_:04x}000d"
        return next((each for each in self.storage.storages if each.name.lower() == name), None)

    def number(self, property_: int) -> int | None:
        """Return a property that is a number."""
        return self._numbers.get(property_)


def _decoded(properties: _Properties, property_: int, encoding: str | None) -> Decoded | None:
    wide = properties.stream(property_, UTF_16)
    if wide is not None:
        text = wide.decode("utf-16-le", "replace")
        loss = f"property {property_:04x} has characters that could not be read" if LOST in text else ""
        return Decoded(text=unified(text), encoding="utf-16", loss=loss)
    narrow = properties.stream(property_, EIGHT_BIT)
    return None if narrow is None else decoded(narrow, encoding)


def _encoding_of(page: int | None) -> str | None:
    """Return what Python calls one of Windows' code pages."""
    page = page and page & 0xFFFF
    return next((found for each in (_PAGES.get(page or 0), f"cp{page}") if each and (found := known(each))), None)


_PAGES = {
    65001: "utf-8", 65000: "utf-7", 20127: "ascii", 20866: "koi8-r", 21866: "koi8-u", 936: "gbk", 54936: "gb18030",
    50220: "iso2022_jp", 50221: "iso2022_jp", 50222: "iso2022_jp", 51932: "euc_jp", 51949: "euc_kr", 20932: "euc_jp",
    **{28590 + each: f"iso8859-{each}" for each in (*range(1, 10), 13, 15)},
}  # fmt: skip


def _address(name: str, address: str) -> str:
    """Return an address with its name; the inner addresses of Exchange are none that anybody could write to."""
    address = "" if address.upper().startswith("/O=") else address
    if not address or name == address:
        return name or address
    return formataddr((name, address), charset="utf-8") if name.isascii() else f"{name} <{address}>"
