"""The text of Word's XML: what stands on the page in one piece, what is hidden, deleted or beside it in another."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from handrail_ai_steps.documents.page import HiddenBy, HiddenText
from handrail_ai_steps.documents.readers.office_zip import RELATED, STRICTLY_RELATED, OfficeZip
from handrail_ai_steps.documents.readers.word_look import (
    USUAL,
    WHITE,
    WordLook,
    WordStyles,
    ground_over,
    paragraph_unseen,
    row_unseen,
)
from handrail_ai_steps.documents.readers.word_names import child, local_name, style_of, value

if TYPE_CHECKING:
    from lxml import etree

MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

DELETED = frozenset({"del", "moveFrom"})
NOT_TEXT = frozenset({"instrText", "delInstrText", "rPr", "pPr", "tblPr", "tcPr", "trPr", "sectPr", "sdtPr", "fldData"})
SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk through the XML is."""

    by: HiddenBy | None = None
    inserted: bool = False
    ground: str | None = WHITE
    """What is behind the text; None: it cannot be told."""
    look: WordLook = USUAL
    """How the paragraph's letters look."""


@dataclass(slots=True)
class Story:
    """The text of a file's parts, as it is told."""

    styles: WordStyles
    hidden: list[HiddenText] = field(default_factory=list)
    inserted: int = 0
    """Characters of insertions that nobody accepted."""
    pictures: int = 0
    _pieces: list[str] = field(default_factory=list)
    _unseen: list[tuple[HiddenBy, str]] = field(default_factory=list)

    def tell(self, root: "etree._Element", by: HiddenBy | None) -> None:
        """Add a part of the file, all of which is hidden for a reason, or none."""
        # An element is entered, its children are gone through, and what ends it is written: without recursion.
        waiting: list[tuple[etree._Element, _Place] | tuple[str, _Place]] = [(root, _Place(by=by))]
        while waiting:
            entry, place = waiting.pop()
            if isinstance(entry, str):
                self._say(entry, place)
                continue
            local = local_name(entry)
            if entry.tag == MATH_TEXT or local in {"t", "delText"}:
                self._say(entry.text or "", place)
            elif local in SIGNS:
                self._say(SIGNS[local], place)
            elif local == "sym":
                self._say(_symbol(value(entry, "char")), place)
            elif local not in NOT_TEXT:
                if local == "txbxContent":
                    self._say("\n", place)
                self.pictures += local in {"blip", "imagedata"}
                inside = self._inside(entry, local, place)
                end = {"p": "\n", "tc": "\t", "tr": "\n"}.get(local)
                if end is not None:
                    waiting.append((end, place))
                waiting.extend((each, inside) for each in reversed(_children(entry)))
        self._break()

    def text(self) -> str:
        """Return what stands on the page: cells parted by a tab, rows and paragraphs on lines of their own."""
        lines = [line.rstrip("\t ") for line in "".join(self._pieces).split("\n")]
        kept = [line for at, line in enumerate(lines) if line.strip() or (at and lines[at - 1].strip())]
        return "\n".join(kept).strip("\n")

    def _inside(self, element: "etree._Element", local: str, place: _Place) -> _Place:
        by, inserted, ground, look = place.by, place.inserted, place.ground, place.look
        if local in DELETED:
            by = by or "deleted"
        elif local in {"ins", "moveTo"}:
            inserted = True
        elif local == "document":  # the page may have a colour of its own
            ground = ground if child(element, "background") is None else None
        elif local == "p":
            by = by or paragraph_unseen(child(element, "pPr"))
            look = self.styles.paragraph(style_of(element, "pPr", "pStyle"), ground)
            look = replace(look, ground=ground_over(look.ground, child(element, "pPr")))
        elif local == "tr":
            by = by or row_unseen(child(element, "trPr"))
        elif local in {"tbl", "txbxContent"}:  # a table's style, or a shape, may fill what is behind
            ground = None
        elif local == "tc":
            ground = ground_over(ground, child(element, "tcPr"))
        elif local == "r":
            own = self.styles.letters(style_of(element, "rPr", "rStyle"), look).over(child(element, "rPr"))
            by = by or own.hidden_by()
        return _Place(by, inserted, ground, look)

    def _say(self, text: str, place: _Place) -> None:
        if place.by is None:
            # A paragraph ends inside a cell: the tab that ends the cell takes its end's place.
            if text == "\t" and self._pieces and self._pieces[-1] == "\n":
                self._pieces.pop()
            self._pieces.append(text)
            self.inserted += len(text) if place.inserted else 0
        elif self._unseen and self._unseen[-1][0] == place.by:
            self._unseen[-1] = (place.by, self._unseen[-1][1] + text)
        else:
            self._unseen.append((place.by, text))

    def _break(self) -> None:
        self._pieces.append("\n")
        self.hidden += [HiddenText(text=text.strip(), by=by) for by, text in self._unseen if text.strip()]
        self._unseen.clear()


def stories_of(zip_: OfficeZip, main: str) -> Iterator[tuple["etree._Element", HiddenBy | None]]:
    """Yield the parts that have text in the order of a page: headers, the text, its notes, footers; then comments."""
    root = zip_.tree(main)
    related = zip_.related(main)
    used = {
        each.get(f"{RELATED}id") or each.get(f"{STRICTLY_RELATED}id")
        for each in (root.iter() if root is not None else ())
        if local_name(each) in {"headerReference", "footerReference"}
    }
    by_kind: dict[str, list[str]] = {}
    for key, (kind, target) in related.items():
        if kind not in {"header", "footer"} or key in used:
            by_kind.setdefault(kind, []).append(target)
    for kind in ("header", "", "footnotes", "endnotes", "footer", "comments"):
        for target in sorted(by_kind.get(kind, [])) if kind else [main]:
            tree = zip_.tree(target)
            if tree is not None:
                yield tree, "comment" if kind == "comments" else None


def _children(element: "etree._Element") -> "list[etree._Element]":
    """Return the elements inside; of alternatives for older programs the first."""
    if element.tag == f"{ALTERNATIVES}AlternateContent":
        return list(element)[:1]
    return [each for each in element if isinstance(each.tag, str)]


def _symbol(code: str) -> str:
    try:
        return chr(int(code, 16))
    except ValueError:
        return ""
