"""The kind of a file by its content: what it says of itself in its first bytes, whatever its name says."""

import json
import re
from codecs import BOM_UTF8
from pathlib import PurePath
from typing import get_args

from handrail_ai_steps.documents.document import DocumentKind
from handrail_ai_steps.documents.errors import BrokenDocument, EmptyDocument, EncryptedDocument, WrongKind

_LOOKED_AT = 65_536
"""Bytes at the beginning that tell what a text is; files of several layers are searched to their end."""

_PICTURES = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|II\+\0|MM\0\+|RIFF....WEBP|BM.{4}\0{4}", re.DOTALL
)
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of Outlook, and of Office before 2007, begin."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_TNEF = b"\x78\x9f\x3e\x22"
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (rb"{\\rtf", "a Rich Text file: save it as .docx or PDF"),
    (rb"\x1f\x8b", "a gzip archive: unpack it"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it"),
    (rb"Rar!\x1a\x07", "a RAR archive: unpack it"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file: save it as PDF"),
    (rb".{4}ftyp(heic|heix|mif1|avif)", "a HEIC or AVIF picture: save it as JPEG"),
    (rb"\x7fELF|MZ|\xcf\xfa\xed\xfe", "a program"),
)
_CMS = rb"\x30[\x80-\x84][\0-\xff]{0,4}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
"""How encrypted and signed data begins, as mail programs write it (CMS, PKCS #7), up to the number that says which."""
_ENCRYPTED = re.compile(_CMS + rb"\x03")
_SIGNED = re.compile(_CMS + rb"\x02")
_CONTENT = re.compile(rb"(?<!\x30\x0b)\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0")
"""The signed data is in the signature, and not beside it."""
_BOMS = ((BOM_UTF8, "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_HTML = re.compile(
    r"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|table|div|p|span|h[1-6])\b", re.IGNORECASE | re.DOTALL
)
_XML_HEAD = re.compile(
    r"\s*(<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>\[]*(\[.*?\]\s*)?>\s*)*<(?P<root>[\w:.-]+)", re.DOTALL
)
_NAMESPACE = re.compile(r"\s[^<]*\bxmlns\s*=")
_MAIL_HEADER = re.compile(
    r"(from|to|cc|subject|date|received|return-path|mime-version|message-id|delivered-to|sender|reply-to|"
    r"content-type|x-[\w-]+|dkim-signature|thread-topic|content-transfer-encoding):",
    re.IGNORECASE,
)
_ANY_HEADER = re.compile(r"[!-9;-~]+:")
_MARKDOWN = re.compile(r"^(#{1,6} \S|```|\|[ :]*-{3,}|\[[^\]\n]+\]\([^)\n]+\)|[-*] \[[ x]\] )", re.MULTILINE)
_CONTROLS = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")

_ENDINGS: dict[DocumentKind, tuple[str, ...]] = {
    "pdf": ("pdf",),
    "image": ("png", "jpg", "jpeg", "jpe", "jfif", "gif", "tif", "tiff", "webp", "bmp", "dib"),
    "mail": ("eml", "mht", "mhtml", "mbox"),
    "outlook": ("msg",),
    "winmail": ("dat", "tnef"),
    "docx": ("docx", "docm", "dotx"),
    "xlsx": ("xlsx", "xlsm", "xltx"),
    "html": ("html", "htm", "xhtml"),
    "markdown": ("md", "markdown"),
    "text": ("txt", "text", "md", "markdown", "csv", "tsv", "log", "json", "jsonl"),
    "ocr_lines": ("json", "jsonl"),
    "xml": ("xml", "xhtml"),
}
"""What the names of such files end with."""
_KIND_OF_ENDING = {ending: kind for kind in reversed(get_args(DocumentKind)) for ending in _ENDINGS[kind]}


def kind_of(data: bytes, name: str = "") -> DocumentKind:
    """Return what a file is by its content; its name only tells a Markdown text from a plain one.

    Raises:
        EmptyDocument: there is nothing in it.
        EncryptedDocument: it is an Office file with a password, or a mail that is encrypted, or inside its signature.
        WrongKind: it is of none of the kinds.
    """
    if not data:
        raise EmptyDocument("the file is empty (0 bytes): ask for it again")
    return _binary(data) or _textual(data, name)


def misnamed(kind: DocumentKind, name: str) -> DocumentKind | None:
    """Return the kind that a file's name says, if that is another than the one that its content says."""
    ending = PurePath(name).suffix[1:].lower()
    said = _KIND_OF_ENDING.get(ending)
    return None if said is None or ending in _ENDINGS[kind] else said


def _binary(data: bytes) -> DocumentKind | None:
    if data.lstrip(BOM_UTF8 + b"\0\t\n\f\r ")[:5] == b"%PDF-":
        return "pdf"
    if _PICTURES.match(data):
        return "image"
    if data.startswith(_TNEF):
        return "winmail"
    if data.startswith(_ZIP):
        return _in_zip(data)
    if data.startswith(_COMPOUND):
        return _in_compound(data)
    _refuse_wrapped(data)
    for beginning, what in _FOREIGN:
        if re.match(beginning, data, re.DOTALL):
            raise WrongKind(f"the file is {what}")
    return None


def _refuse_wrapped(data: bytes) -> None:
    if _ENCRYPTED.match(data):
        raise EncryptedDocument("it is encrypted: decrypt it with a mail program, and send what comes out")
    if _SIGNED.match(data) and _CONTENT.search(data, 0, 4096):
        raise EncryptedDocument("it is inside its signature (S/MIME): forward it from a mail program, and send that")


def _in_zip(data: bytes) -> DocumentKind:
    if b"word/document" in data:
        return "docx"
    if b"xl/workbook" in data:
        return "xlsx"
    if b"[Content_Types].xml" in data or b"word/" in data or b"xl/" in data:
        raise BrokenDocument(
            "the file is a damaged or other Office file (no Word text, no Excel sheets): ask for it again"
        )
    raise WrongKind("the file is a ZIP archive: unpack it, and open the files in it")


def _in_compound(data: bytes) -> DocumentKind:
    if "__properties_version1.0".encode("utf-16-le") in data or "__substg1.0_".encode("utf-16-le") in data:
        return "outlook"
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise EncryptedDocument("the Office file needs a password: ask for one without, or save it without")
    raise WrongKind("the file is of an old Office format: save it as .docx, .xlsx or PDF")


def _textual(data: bytes, name: str) -> DocumentKind:
    text = _beginning(data)
    if text is None:
        if b"%PDF-" in data[:1024]:
            return "pdf"
        raise WrongKind("the file is none of the kinds that are read here, and no text; send it as PDF")
    if _is_ocr_lines(text):
        return "ocr_lines"
    if _is_mail(text):
        return "mail"
    marked = _markup(text)
    if marked is None and b"%PDF-" in data[:1024]:
        return "pdf"
    return marked or ("markdown" if _is_markdown(text, name) else "text")


def _markup(text: str) -> DocumentKind | None:
    if _HTML.match(text):
        return "html"
    head = _XML_HEAD.match(text)
    if head is None:
        return None
    root = head["root"]
    start_tag, _, _ = text[head.end() :].partition(">")
    declared = text.lstrip().startswith(("<?xml", "<!DOCTYPE")) or _NAMESPACE.match(start_tag)
    if not (declared or ":" in root or f"</{root}>" in text):
        return None
    return "html" if root.lower() == "html" else "xml"


def _is_markdown(text: str, name: str) -> bool:
    return misnamed("html", name) == "markdown" or len(_MARKDOWN.findall(text)) >= 2


def _beginning(data: bytes) -> str | None:
    """Return how a text begins, read well enough to know what it is; None: it is no text."""
    beginning = data[:_LOOKED_AT]
    for mark, encoding in _BOMS:
        if beginning.startswith(mark):
            whole = beginning if encoding == "utf-8-sig" else beginning[: len(beginning) & ~1]
            return whole.decode(encoding, "replace").removeprefix("\ufeff")
    if len(_CONTROLS.findall(beginning)) * 50 > len(beginning):
        return None
    return beginning.decode("latin-1")


def _is_mail(text: str) -> bool:
    """Return whether it begins as mails do: with header lines, two of which only mails have."""
    known = 0
    for line in text.removeprefix("\n").split("\n")[:200]:
        if _MAIL_HEADER.match(line):
            known += 1
        elif not line.strip():
            break
        elif not (line[0] in " \t" or line.startswith("From ") or _ANY_HEADER.match(line)):
            return False
    return known >= 2


def _is_ocr_lines(text: str) -> bool:
    """Return whether it is JSON with lines, each of which has a text and a box."""
    if not text.lstrip().startswith("{") or '"lines"' not in text:
        return False
    first, _, _ = text.lstrip().partition("\n")
    return bool(re.search(r'"lines"\s*:\s*\[\s*(\]|\{)', text)) and ('"box"' in text or _has_no_lines(first))


def _has_no_lines(text: str) -> bool:
    try:
        return bool(json.loads(text).get("lines") == [])
    except (ValueError, AttributeError, RecursionError):
        return False
