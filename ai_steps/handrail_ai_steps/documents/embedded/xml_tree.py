"""XML as a plain tree, read without entities, DTD or network, within limits."""

import codecs
import re
from dataclasses import dataclass, field
from typing import Any

from handrail_ai_steps.documents.invoice import NoInvoice
from handrail_ground.optional import OptionalLibrary

etree: Any = OptionalLibrary("lxml.etree", extra="documents")

MOST_BYTES = 20_000_000
"""Files that are put into an invoice as base64 make it large; they are read over."""
MOST_ELEMENTS = 300_000
DEEPEST = 60
LONGEST_TEXT = 100_000
"""Of one element; what is longer is a file in the invoice, and left out."""

_CHUNK = 65_536
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]{0,200}\?>")
_ENCODING = re.compile(r"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BESIDE = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)


@dataclass(slots=True)
class Node:
    """One element."""

    space: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: "list[Node]" = field(default_factory=list)


class _Refused(Exception):
    """Stops the parser; carries why."""

    def __init__(self, said: NoInvoice) -> None:
        super().__init__(said.reason)
        self.said = said


def read_tree(data: bytes | str) -> Node | NoInvoice:
    """Return the root of an XML text, or why it is not read."""
    if len(data) > MOST_BYTES:
        return NoInvoice("too_heavy", f"it has {len(data):,} bytes, and {MOST_BYTES:,} are read at most")
    text = data if isinstance(data, str) else _decoded(data)
    if isinstance(text, NoInvoice):
        return text
    text = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1)  # it speaks of bytes that are text by now
    start = _prolog_end(text)
    if not text.startswith("<", start):
        return NoInvoice("not_xml", "it is no XML: its first character is no <")
    if text[start : start + 9].upper() == "<!DOCTYPE":
        return NoInvoice("hostile", "it begins with a DTD, which no invoice needs and which may define entities")
    return _parsed(text[start:])


def _decoded(data: bytes) -> str | NoInvoice:
    """Return the text of the bytes by their mark, their declaration, or UTF-8."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _in(encoding, data[len(mark) :])
    if len(data) > 1 and 0 in data[:2] and data[:2] != b"\0\0":  # an ASCII character in two bytes
        return _in("utf-16-le" if data[1] == 0 else "utf-16-be", data)
    head = data[:300].decode("ascii", "replace")
    declared = _ENCODING.search(head) if _DECLARATION.match(head) else None
    return _in(declared[1] if declared else "utf-8", data)


def _in(encoding: str, data: bytes) -> str | NoInvoice:
    try:
        return data.decode(encoding)
    except LookupError:
        return NoInvoice("broken", f"it says that it is written in {encoding}, which is no known encoding")
    except UnicodeError as error:
        if data[:200].lstrip()[:1] != b"<" and encoding == "utf-8":
            return NoInvoice("not_xml", "it is no text")
        where = f"at byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        return NoInvoice("broken", f"its bytes are not {encoding}, which it is to be read as, {where}".rstrip(" ,"))


def _prolog_end(text: str) -> int:
    """Return where the comments and instructions in front of the root, or of a DTD, end."""
    at = 0
    while found := _BESIDE.match(text, at):
        at = found.end()
    return at


def _parsed(text: str) -> Node | NoInvoice:
    parser = etree.XMLParser(
        target=_Builder(),
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=len(text)
        > 9_000_000,  # libxml2 takes no text node above 10 MB otherwise; the limits here hold anyway
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for at in range(0, len(text), _CHUNK):
            parser.feed(text[at : at + _CHUNK].encode("utf-8", "replace"))
        root: Node | None = parser.close()
    except _Refused as refused:
        return refused.said
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            return NoInvoice("too_heavy", "it takes more memory than there is room for")
        return NoInvoice("broken", f"it is no well-formed XML: {error.msg}")
    return root if root is not None else NoInvoice("broken", "it has no element")


class _Builder:
    """Builds the tree while the text is read, and stops where it is more than an invoice."""

    def __init__(self) -> None:
        self._open: list[Node] = []
        self._texts: list[list[str]] = []
        self._sizes: list[int] = []
        self._count = 0
        self._root: Node | None = None

    def start(self, tag: str, attributes: Any) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise _Refused(NoInvoice("too_heavy", f"it has more than {MOST_ELEMENTS:,} elements"))
        if len(self._open) >= DEEPEST:
            raise _Refused(NoInvoice("too_heavy", f"its elements are more than {DEEPEST} deep"))
        space, _, name = tag.rpartition("}")
        node = Node(space.removeprefix("{"), name, {str(key): str(value) for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(node)
        elif self._root is None:
            self._root = node
        self._open.append(node)
        self._texts.append([])
        self._sizes.append(0)

    def data(self, text: str) -> None:
        if self._open and self._sizes[-1] <= LONGEST_TEXT:
            self._texts[-1].append(text)
            self._sizes[-1] += len(text)

    def end(self, tag: str) -> None:
        del tag
        node, pieces, size = self._open.pop(), self._texts.pop(), self._sizes.pop()
        node.text = "" if size > LONGEST_TEXT else "".join(pieces).strip()

    def doctype(self, *_: object) -> None:
        raise _Refused(NoInvoice("hostile", "it has a DTD, which no invoice needs and which may define entities"))

    def close(self) -> Node | None:
        return self._root
