"""Bytes as text: by the encoding that is declared, or by what the bytes say themselves; what is lost is told."""

import codecs
import re
import unicodedata
from dataclasses import dataclass

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""UTF-32 before UTF-16: its little-endian mark begins with the other's."""

WIDER = {
    "ascii": ("utf-8",),
    "iso8859-1": ("cp1252",),
    "shift_jis": ("shift_jis", "cp932"),
    "euc_kr": ("cp949",),
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "big5": ("big5", "cp950", "big5hkscs"),
    "iso2022_jp": ("iso2022_jp", "iso2022_jp_ext"),
}
"""What programs write under these names: the encodings to try, as web browsers do, which hold all of the named one."""

ALIASES = {
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-8-i": "iso8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "x-gbk": "gbk",
    "x-sjis": "cp932",
}
"""Names of encodings that programs write and Python does not know."""

LOST = "\ufffd"
"""What stands for bytes that could not be read."""

IN_WORDS = frozenset("’\u00b4·\u00ad")
"""Signs that stand between letters."""

WESTERN_SIGNS = frozenset(each for each in bytes(range(128, 256)).decode("cp1252", "ignore") if not each.isalpha())
"""What Windows-1252 has beside letters: quotation marks, dashes, currencies, fractions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Bytes as text."""

    text: str
    encoding: str
    loss: str = ""
    """What is not certain about the text; empty: it says what the bytes say."""


def decoded(data: bytes, declared: str | None = None) -> Decoded:
    r"""Return bytes as text, whose lines end with ``\\n``.

    A mark at their beginning decides, then the declared encoding if they follow it, then UTF-8, then Windows-1252 if
    that makes words of them. What follows none of these keeps a sign for each byte that could not be read, and a loss.
    """
    found = _by_mark(data) or _by_name(data, declared) or _by_content(data, declared)
    return Decoded(text=unified(found.text), encoding=found.encoding, loss=found.loss)


def unified(text: str) -> str:
    r"""Return text whose lines end with ``\\n``, without what no record can hold: lone surrogates and NUL."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode("utf-8", "replace").decode("utf-8") if _SURROGATES.search(text) else text


_SURROGATES = re.compile("[\ud800-\udfff]")


def known(encoding: str | None) -> str | None:
    """Return Python's name of an encoding of text, or None: it knows none of this name."""
    name = (encoding or "").strip().strip("\"'").lower()
    try:
        found = codecs.lookup(ALIASES.get(name, name))
        "".encode(found.name)  # rot13, hex and others are encodings of something else than text
    except (LookupError, ValueError, TypeError):
        return None
    return found.name


def _by_mark(data: bytes) -> Decoded | None:
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _strict(data, encoding) or _replaced(
                data, encoding, f"some bytes are not {encoding}, as the first say"
            )
    return None


def _by_name(data: bytes, declared: str | None) -> Decoded | None:
    name = known(declared)
    if name is None:
        return None
    for encoding in WIDER.get(name, (name,)):
        found = _strict(data, encoding)
        if found is not None and not _controls(found.text):
            return found
    return None


def _by_content(data: bytes, declared: str | None) -> Decoded:
    """Return what the bytes say themselves: the declared encoding is none, unknown, or not theirs."""
    found = _without_mark(data) or _strict(data, "utf-8")
    if found is not None:
        return found
    name = known(declared)
    if name is not None and name != "ascii":
        return _replaced(data, name, f"some of it is not {declared}, which it says it is")
    western = _strict(data, "cp1252")
    if western is not None and (declared is None or name is not None) and _words(western.text):
        return western
    reason = f"its encoding {declared!r} is unknown" if declared else "it does not say its encoding, and is not UTF-8"
    if western is None:
        return _replaced(data, "utf-8", reason)
    return Decoded(text=western.text, encoding="cp1252", loss=f"{reason}: read as Windows-1252, which is a guess")


def _without_mark(data: bytes) -> Decoded | None:
    """Return UTF-16 without its mark: every other byte is 0."""
    sample = data[:4096]
    if len(sample) < 4 or sample.count(0) < len(sample) * 0.3:
        return None
    little = sample[1::2].count(0) >= sample[::2].count(0)
    return _strict(data[: len(data) // 2 * 2], "utf-16-le" if little else "utf-16-be")


def _strict(data: bytes, encoding: str) -> Decoded | None:
    try:
        return Decoded(text=data.decode(encoding), encoding=encoding)
    except (UnicodeError, LookupError):
        return None


def _replaced(data: bytes, encoding: str, reason: str) -> Decoded:
    text = data.decode(encoding, "replace")
    return Decoded(text=text, encoding=encoding, loss=f"{reason}: {text.count(LOST)} characters could not be read")


def _controls(text: str) -> bool:
    """Return whether the text has control characters that no encoding of text means to have: it is another one."""
    return any("\x80" <= character <= "\x9f" and character != "\x85" for character in text)


def _words(text: str) -> bool:
    """Return whether what is not ASCII stands as Western letters in words, or as signs beside them."""
    for at, character in enumerate(text):
        if character.isascii():
            continue
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if unicodedata.category(character).startswith("L"):
            if not (before + after).isascii() and not (before + after).isalpha():
                return False
        elif character not in WESTERN_SIGNS or (before.isalpha() and after.isalpha() and character not in IN_WORDS):
            return False
    runs = re.findall(r"[^\x00-\x7f]{3,}", text)
    return not any(run.strip("".join(WESTERN_SIGNS)) for run in runs)
