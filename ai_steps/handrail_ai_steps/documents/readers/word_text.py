"""The text of Word's XML: what stands on the page in one piece, what is hidden, deleted or beside it in another."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from handrail_ai_steps.documents.page import HiddenBy, HiddenText
from handrail_ai_steps.documents.readers.office_zip import RELATED, OfficeZip

if TYPE_CHECKING:
    from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

TINY = 2
"""Half points: letters of a point or less."""
DELETED = frozenset({"del", "moveFrom"})
NOT_TEXT = frozenset({"instrText", "delInstrText", "rPr", "pPr", "tblPr", "tcPr", "trPr", "sectPr", "sdtPr", "fldData"})
SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}


class Styles:
    """Which styles hide text."""

    def __init__(self, root: "etree._Element | None") -> None:
        hiding: dict[str, bool | None] = {}
        based: dict[str, str] = {}
        for style in root if root is not None else ():
            if _local(style) == "style":
                name = _value(style, "styleId")
                properties = _child(style, "rPr")
                hiding[name] = _flag(properties, "vanish") if properties is not None else None
                parent = _child(style, "basedOn")
                based[name] = _value(parent, "val") if parent is not None else ""
        self._hiding, self._based = hiding, based

    def hides(self, name: str) -> bool:
        """Return whether a style, or one that it is based on, hides text."""
        seen: set[str] = set()
        while name and name not in seen:
            seen.add(name)
            said = self._hiding.get(name)
            if said is not None:
                return said
            name = self._based.get(name, "")
        return False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk through the XML is."""

    by: HiddenBy | None = None
    inserted: bool = False
    hiding_style: bool = False
    shaded: bool = False
    """Something may be behind the text that is not white."""


@dataclass(slots=True)
class Story:
    """The text of a file's parts, as it is told."""

    styles: Styles
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
            local = _local(entry)
            if entry.tag == MATH_TEXT or local in {"t", "delText"}:
                self._say(entry.text or "", place)
            elif local in SIGNS:
                self._say(SIGNS[local], place)
            elif local == "sym":
                self._say(_symbol(_value(entry, "char")), place)
            elif local not in NOT_TEXT:
                if local == "txbxContent":
                    self._say("\n", place)
                self.pictures += local in {"blip", "imagedata"}
                inside = self._inside(entry, local, place)
                end = {"p": "\n", "tc": "\t", "tr": "\n"}.get(local)
                if end is not None:
                    waiting.append((end, place))
                waiting.extend((child, inside) for child in reversed(_children(entry)))
        self._break()

    def text(self) -> str:
        """Return what stands on the page: cells parted by a tab, rows and paragraphs on lines of their own."""
        lines = [line.rstrip("\t ") for line in "".join(self._pieces).split("\n")]
        kept = [line for at, line in enumerate(lines) if line.strip() or (at and lines[at - 1].strip())]
        return "\n".join(kept).strip("\n")

    def _inside(self, element: "etree._Element", local: str, place: _Place) -> _Place:
        by, inserted = place.by, place.inserted
        style, shaded = place.hiding_style, place.shaded
        if local in DELETED:
            by = by or "deleted"
        elif local in {"ins", "moveTo"}:
            inserted = True
        elif local == "p":
            style = self.styles.hides(_style(element, "pPr", "pStyle"))
            shaded = shaded or _shaded(_child(element, "pPr"))
        elif local in {"tbl", "tc", "txbxContent"}:  # a table's style, or a shape, may fill what is behind
            shaded = shaded or local != "tc" or _shaded(_child(element, "tcPr"))
        elif local == "r":
            by = by or self._run_hidden(element, style=style, shaded=shaded)
        return _Place(by, inserted, style, shaded)

    def _run_hidden(self, run: "etree._Element", *, style: bool, shaded: bool) -> HiddenBy | None:
        """Return why a run of letters cannot be seen, or None."""
        properties = _child(run, "rPr")
        said = _flag(properties, "vanish") if properties is not None else None
        if said is None:
            named = _style(run, "rPr", "rStyle")
            said = self.styles.hides(named) if named else style
        if said:
            return "marked"
        if properties is None:
            return None
        size, colour = _child(properties, "sz"), _child(properties, "color")
        if size is not None and _value(size, "val").isdigit() and int(_value(size, "val")) <= TINY:
            return "tiny"
        white = colour is not None and _value(colour, "val").lower() == "ffffff"
        return "same_colour" if white and not shaded and not _shaded(properties) else None

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
        each.get(f"{RELATED}id") or each.get("{http://purl.oclc.org/ooxml/officeDocument/relationships}id")
        for each in (root.iter() if root is not None else ())
        if _local(each) in {"headerReference", "footerReference"}
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


def _local(element: "etree._Element") -> str:
    """Return the name of one of Word's elements, or of a picture; others have text of their own kind, or none."""
    tag = element.tag if isinstance(element.tag, str) else ""
    namespace, _, local = tag.rpartition("}")
    return local if f"{namespace}}}" in {W, STRICT} or local in {"blip", "imagedata"} else f"?{local}"


def _child(element: "etree._Element", local: str) -> "etree._Element | None":
    return next((each for each in element if _local(each) == local), None)


def _value(element: "etree._Element", name: str) -> str:
    return element.get(f"{W}{name}") or element.get(f"{STRICT}{name}") or ""


def _flag(properties: "etree._Element", local: str) -> bool | None:
    """Return whether a property is on; None: nothing is said of it."""
    found = _child(properties, local)
    return None if found is None else _value(found, "val") not in {"0", "false", "off"}


def _style(element: "etree._Element", properties: str, local: str) -> str:
    found = _child(element, properties)
    style = _child(found, local) if found is not None else None
    return _value(style, "val") if style is not None else ""


def _shaded(properties: "etree._Element | None") -> bool:
    """Return whether something is behind the text."""
    if properties is None:
        return False
    shade = _child(properties, "shd")
    filled = shade is not None and _value(shade, "fill").lower() not in {"", "auto", "ffffff"}
    return filled or _child(properties, "highlight") is not None


def _symbol(code: str) -> str:
    try:
        return chr(int(code, 16))
    except ValueError:
        return ""
