"""HTML as a person sees it: text in order, tables with a tab between cells; scripts and what is hidden kept out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from handrail_ai_steps.documents.limits import ReadingLimits
from handrail_ai_steps.documents.page import HiddenBy, HiddenText
from handrail_ai_steps.documents.readers.decoding import decoded
from handrail_ai_steps.documents.readers.html_style import Look, looks_of, sealed, unseen
from handrail_ai_steps.documents.readers.piece import Piece
from handrail_ai_steps.documents.readers.plain import plain_pages
from handrail_ai_steps.documents.readers.text import lossy
from handrail_ground.optional import needs

with needs("office"):
    from selectolax.lexbor import LexborHTMLParser

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

NOT_TEXT = frozenset({"head", "style", "iframe", "object", "embed", "noembed", "noframes", "audio", "video", "canvas"})
"""Elements that have nothing to read."""
UNRUN = frozenset({"script", "template"})
PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "blockquote", "pre", "hr"})
BLOCKS = PARAGRAPHS | {
    "address", "article", "aside", "body", "caption", "center", "dd", "details", "div", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "header", "html", "legend", "li", "main", "nav", "option", "optgroup", "section",
    "select", "summary", "tbody", "tfoot", "thead", "tr",
}  # fmt: skip
CELLS = frozenset({"td", "th"})
KEEPS_SPACES = frozenset({"pre", "textarea", "listing", "xmp"})
SHOWN_INPUTS = frozenset(
    {"text", "email", "number", "date", "tel", "url", "search", "submit", "button", "reset", "time"}
)

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\n\r\f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenText:
    """What a person sees of HTML."""

    text: str
    hidden: tuple[HiddenText, ...] = ()
    pictures: tuple[str, ...] = ()
    """Where the pictures in it are from."""


def read(data: bytes, name: str, limits: ReadingLimits, *, places: bool) -> Iterator[Piece]:  # noqa: ARG001 -- every reader takes these
    """Yield the pages of an HTML file."""
    found = decoded(data, declared_charset(data))
    seen = seen_of(found.text)
    yield from plain_pages(seen.text, limits, hidden=seen.hidden)
    yield from lossy(found.loss)


def declared_charset(data: bytes) -> str | None:
    """Return the encoding that the file's head declares."""
    match = _CHARSET.search(data[:4096])
    return match[1].decode("ascii") if match else None


def seen_of(html: str) -> SeenText:
    """Return what a person sees of HTML."""
    tree = LexborHTMLParser(html)
    if tree.root is None:
        return SeenText(text="")
    walk = _Walk(looks=looks_of(tree))
    walk.through(tree.root)
    return SeenText(text=walk.shown.text(), hidden=tuple(walk.hidden), pictures=tuple(walk.pictures))


@dataclass(slots=True)
class _Lines:
    """Text that grows as a program that shows HTML sets it: spaces once, breaks between blocks."""

    pieces: list[str] = field(default_factory=list)
    breaks: int = 0
    """Line ends that are due before the next word; -1: a tab."""
    space: bool = False

    def word(self, text: str) -> None:
        if self.pieces:
            self.pieces.append("\n" * self.breaks if self.breaks > 0 else "\t" * -self.breaks)
            if self.space and not self.breaks:
                self.pieces.append(" ")
        self.breaks, self.space = 0, False
        self.pieces.append(text)

    def running(self, text: str) -> None:
        """Add text whose spaces count once."""
        words = _SPACES.sub(" ", text)
        if words.startswith(" "):
            self.space = True
        if words.strip(" "):
            self.word(words.strip(" "))
        self.space = self.space or words.endswith(" ")

    def kept(self, text: str) -> None:
        """Add text whose spaces stay."""
        if text.strip():
            self.word(text.strip("\n"))
        else:
            self.space = True

    def end_line(self, count: int = 1) -> None:
        self.breaks = max(self.breaks, count)

    def end_cell(self) -> None:
        """Let the next word stand behind a tab, one for each cell since the last, unless a line ends before."""
        if self.breaks <= 0:
            self.breaks -= 1

    def text(self) -> str:
        return "".join(self.pieces).strip("\n")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk is: the look there, whether spaces stay, and where its text goes."""

    look: Look
    spaces: bool
    by: HiddenBy | None
    """Why it is not seen; None: it is."""
    sealed: bool
    """Whether nothing inside can be seen either."""
    lines: _Lines


@dataclass(slots=True)
class _Walk:
    """A walk through the elements in order, without recursion: nobody knows how deep they are nested."""

    looks: dict[int, Look]
    shown: _Lines = field(default_factory=_Lines)
    hidden: list[HiddenText] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)

    def through(self, root: "LexborNode") -> None:
        waiting: list[tuple[LexborNode, _Place] | tuple[str, _Lines, HiddenBy | None]]
        waiting = [(root, _Place(Look(), spaces=False, by=None, sealed=False, lines=self.shown))]
        while waiting:
            match waiting.pop():
                case (str() as tag, lines, by):
                    self._close(tag, lines, by)
                case (node, place):
                    tag = node.tag or ""
                    if tag == "-text":
                        (place.lines.kept if place.spaces else place.lines.running)(node.text_content or "")
                    elif tag == "-comment":
                        self._comment(node)
                    elif tag not in NOT_TEXT and (not tag.startswith("-") or tag == "-document"):
                        inside = self._open(node, tag, place)
                        waiting.append((tag, inside.lines, inside.by if inside.by != place.by else None))
                        waiting.extend((child, inside) for child in reversed(list(_children(node))))

    def _open(self, node: "LexborNode", tag: str, outer: _Place) -> _Place:
        look = outer.look.inside(node.attributes, self.looks.get(node.mem_id))
        by = outer.by if outer.sealed else "marked" if tag in UNRUN else unseen(tag, node.attributes, look)
        lines = self.shown if by is None else outer.lines if by == outer.by else _Lines()
        if tag in PARAGRAPHS:
            lines.end_line(2)
        elif tag in BLOCKS:
            lines.end_line()
        elif tag == "br":
            lines.end_line(1 if lines.breaks <= 0 else 2)
        elif tag == "img":
            self.pictures.append(node.attributes.get("src") or "")
        elif tag == "template":  # its inside is a document of its own
            lines.running(re.sub(r"<[^>]*>", " ", node.html or ""))
        elif tag == "input" and (node.attributes.get("type") or "text").lower() in SHOWN_INPUTS | {"hidden"}:
            lines.running(node.attributes.get("value") or "")
        shut = outer.sealed or tag in UNRUN or sealed(tag, node.attributes, look)
        return _Place(look, spaces=outer.spaces or tag in KEEPS_SPACES, by=by, sealed=shut, lines=lines)

    def _close(self, tag: str, lines: _Lines, by: HiddenBy | None) -> None:
        if by is not None:
            if lines.text().strip():
                self.hidden.append(HiddenText(text=lines.text(), by=by))
        elif tag in CELLS:
            lines.end_cell()
        elif tag in PARAGRAPHS:
            lines.end_line(2)
        elif tag in BLOCKS:
            lines.end_line()

    def _comment(self, node: "LexborNode") -> None:
        text = (node.html or "").removeprefix("<!--").removesuffix("-->").strip()
        if text and not text.startswith(("[if", "<![endif")):  # what only Outlook shows, or does not
            self.hidden.append(HiddenText(text=text, by="marked"))


def _children(node: "LexborNode") -> "Iterator[LexborNode]":
    child = node.first_child
    while child is not None:
        yield child
        child = child.next
