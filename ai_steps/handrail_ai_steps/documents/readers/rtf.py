"""Rich Text in mails of Outlook: unpacked, and as text, or as the HTML that it was made from."""

import re
from dataclasses import dataclass, field, replace
from struct import Struct

from handrail_ai_steps.documents.errors import BrokenDocument, TooHeavy
from handrail_ai_steps.documents.readers.decoding import Decoded, decoded

_HEAD = Struct("<IIII")
PACKED, PLAIN = 0x75465A4C, 0x414C454D
_KNOWN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the packed form takes for known at its beginning."""
_WINDOW = 4096
WINDOWS_UTF_8 = 65001

_TOKEN = re.compile(
    r"\\(?P<word>[a-z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<hex>[0-9a-f]{2})|\\(?P<sign>[^a-z])|(?P<brace>[{}])"
    r"|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\",
    re.IGNORECASE | re.DOTALL,
)
_LEFT_OUT = frozenset(
    {
        "fonttbl",
        "colortbl",
        "stylesheet",
        "info",
        "pict",
        "object",
        "header",
        "footer",
        "fldinst",
        "themedata",
        "datastore",
    }
)
_BREAKS = {"par": "\n", "line": "\n", "sect": "\n", "page": "\n", "row": "\n", "tab": "\t", "cell": "\t"}
_SIGNS = {
    "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RichText:
    """What Rich Text says."""

    text: Decoded
    html: bool = False
    """Whether the text is HTML, which the Rich Text was made from."""


def unpacked(data: bytes, most: int) -> bytes:
    """Return Rich Text that Outlook packed (MS-OXRTFCP).

    Raises:
        BrokenDocument: it is not packed so.
        TooHeavy: it says that it is longer than ``most`` bytes.
    """
    if len(data) < _HEAD.size:
        raise BrokenDocument("the packed Rich Text is too short")
    _, size, form, _ = _HEAD.unpack_from(data)
    if size > most:
        raise TooHeavy(f"its Rich Text has more than {most} bytes (ReadingLimits.bytes)")
    if form == PLAIN:
        return data[_HEAD.size : _HEAD.size + size]
    if form != PACKED:
        raise BrokenDocument("the packed Rich Text has another form than any that is known")
    return bytes(_windowed(data[_HEAD.size :], size))


def rich_text(data: bytes) -> RichText:
    """Return what Rich Text says."""
    source = data.decode("latin-1")
    reading = _Reading(from_html=r"\fromhtml1" in source[:4096])
    for token in _TOKEN.finditer(source):
        reading.take(token)
    reading.flush()
    text = "".join(reading.pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return RichText(text=replace(reading.lost, text=text), html=reading.from_html)


def _windowed(packed: bytes, size: int) -> bytearray:
    window = bytearray(_KNOWN + bytes(_WINDOW - len(_KNOWN)))
    written, out, at = len(_KNOWN), bytearray(), 0
    while at < len(packed) and len(out) < size:
        control, at = packed[at], at + 1
        for bit in range(8):
            if at >= len(packed) or len(out) >= size:
                break
            if not control >> bit & 1:
                taken = packed[at : at + 1]
                at += 1
            else:
                said = int.from_bytes(packed[at : at + 2], "big")
                at += 2
                start, length = said >> 4, (said & 15) + 2
                if start == written % _WINDOW:
                    return out
                for each in range(length):  # it may reach into what it is writing itself
                    byte = window[(start + each) % _WINDOW]
                    window[written % _WINDOW] = byte
                    written += 1
                    out.append(byte)
                continue
            window[written % _WINDOW] = taken[0]
            written += 1
            out += taken
    return out


@dataclass(slots=True)
class _Group:
    """What holds between two braces."""

    left_out: bool = False
    doubled: bool = False
    """What only Rich Text needs beside that HTML."""
    skip: int = 1
    """Characters that stand in for each Unicode one."""


@dataclass(slots=True)
class _Reading:
    """Rich Text on its way to text."""

    from_html: bool
    pieces: list[str] = field(default_factory=list)
    lost: Decoded = field(default_factory=lambda: Decoded(text="", encoding="cp1252"))
    _stack: list[_Group] = field(default_factory=lambda: [_Group()])
    _bytes: bytearray = field(default_factory=bytearray)
    _encoding: str = "cp1252"
    _to_skip: int = 0
    _starred: bool = False

    def take(self, token: re.Match[str]) -> None:
        """Take the next piece of the source."""
        if token["brace"] == "{":
            self.flush()
            self._stack.append(replace(self._stack[-1]))
        elif token["brace"] == "}":
            self.flush()
            if len(self._stack) > 1:
                self._stack.pop()
        elif token["word"]:
            self._word(token["word"].lower(), int(token["number"]) if token["number"] else None)
        elif token["hex"]:
            self._add(bytes.fromhex(token["hex"]))
        elif token["sign"] == "*":
            self._starred = True
            return
        elif token["sign"]:
            self._add({"~": b"\xa0", "_": b"-", "-": b""}.get(token["sign"], token["sign"].encode("latin-1")))
        elif token["text"]:
            self._add(token["text"].encode("latin-1"))
        self._starred = False

    def flush(self) -> None:
        """Write the bytes that wait for the rest of their character."""
        if self._bytes:
            found = decoded(bytes(self._bytes), self._encoding)
            self.lost = found if found.loss else self.lost
            self.pieces.append(found.text)
            self._bytes.clear()

    def _word(self, word: str, number: int | None) -> None:
        group = self._stack[-1]
        if word == "htmltag":
            group.left_out = not self.from_html
        elif word == "htmlrtf":
            group.doubled = number != 0 and self.from_html
        elif self._starred or word in _LEFT_OUT:
            group.left_out = True
        elif word in _BREAKS:
            self._say("\r\n" if self.from_html and _BREAKS[word] == "\n" else _BREAKS[word])
        elif word in _SIGNS:
            self._say(_SIGNS[word])
        elif number is not None:
            self._numbered(word, number, group)

    def _numbered(self, word: str, number: int, group: _Group) -> None:
        if word == "ansicpg":
            self._encoding = "utf-8" if number == WINDOWS_UTF_8 else f"cp{number}"
        elif word == "uc":
            group.skip = number
        elif word == "u":
            self._say(chr(number % 65536))
            self._to_skip = group.skip

    def _say(self, text: str) -> None:
        if self._shown():
            self.flush()
            self.pieces.append(text)

    def _add(self, data: bytes) -> None:
        skipped = min(self._to_skip, len(data))
        self._to_skip -= skipped
        if self._shown():
            self._bytes += data[skipped:]

    def _shown(self) -> bool:
        group = self._stack[-1]
        return not group.left_out and not group.doubled
