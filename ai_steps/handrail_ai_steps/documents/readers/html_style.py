"""How HTML looks where it says so itself: enough of its styles to know what nobody sees."""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from handrail_ai_steps.documents.page import HiddenBy
from handrail_ai_steps.documents.readers.css_colour import FAINT, alike, colour_of, see_through, share_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MOST_RULES = 2_000
"""Rules of style sheets that are looked at; mails have a few hundred."""

_LENGTH = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%|vw|vh|cm|mm|in)?")
_COMMENTS = re.compile(r"/\*.*?(\*/|\Z)", re.DOTALL)
_AT_RULES = re.compile(r"@[^{};]{0,500}(;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*(\}|\Z))")
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\([^0-9a-fA-F\n])")
_HELD = re.compile(r"@(media|supports|layer)\b([^{};]{0,500})\{((?:[^{}]*\{[^{}]*\})*)[^{}]*(?:\}|\Z)", re.IGNORECASE)
_WIDTH = re.compile(r"(min|max)-width\s*:\s*(\d+)\s*px")
_FONT_SIZE = re.compile(r"(?:^|\s)(\d*\.?\d+(?:px|pt|em|rem|%|vw|vh|cm|mm|in)|0)(?=/|\s)")
_NO_SIZE = re.compile(r"scale(?:3d|x|y)?\(\s*[+-]?0*\.?0*\s*[,)]|matrix\(\s*0\s*,\s*0\s*,\s*0\s*,\s*0\b")
_MOVED = re.compile(r"translate(?:3d|x|y)?\(([^)]{0,100})\)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_CLIPPED = re.compile(r"rect\(\s*(0|1)\w*[\s,]+(0|1)\w*[\s,]+(0|1)\w*[\s,]+(0|1)\w*\s*\)|inset\(\s*(50|100)%")

FAR_AWAY = 500.0
"""Pixels beyond the page's edge from which on nobody sees a text."""
SMALLEST = 1.0
"""Pixels, or points: no smaller letters are read."""
SCREEN = 1_000
"""Pixels: how wide the screen is that rules for a width are held against."""
_OFFSETS = (
    "text-indent", "left", "top", "right", "bottom", "inset", "inset-inline-start", "inset-block-start",
    "margin-left", "margin-top", "margin-inline-start", "margin-block-start",
)  # fmt: skip
NEVER_SHOWN = frozenset({"rp", "datalist", "annotation", "annotation-xml", "desc", "metadata", "title"})
"""Elements that stand for something else, or beside it: outside the head, titles are those of drawings."""

Declarations = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the text inside an element looks."""

    colour: str | None = "000000"
    """Six hexadecimal digits; None: it cannot be told."""
    ground: str | None = "ffffff"
    """What is behind it."""
    unseen: HiddenBy | None = None
    """Why its letters cannot be seen, whatever is behind them; an element inside may say otherwise."""
    by: HiddenBy | None = None
    """Why the element's own style hides it, with all that is in it."""

    def inside(self, attributes: Mapping[str, str | None], sheet: "Look | None") -> "Look":
        """Return the look inside an element, which has that of the sheets' rules for it and then its own style."""
        own = dict(_declarations(attributes.get("style") or ""))
        if attributes.get("bgcolor"):
            own.setdefault("background-color", attributes["bgcolor"] or "")
        if attributes.get("color"):
            own.setdefault("color", attributes["color"] or "")
        if attributes.get("background"):
            own.setdefault("background-image", "url()")
        look = replace(self, by=None)
        if sheet is not None:
            look = Look(
                colour=self.colour if sheet.colour == INHERITED else sheet.colour,
                ground=self.ground if sheet.ground == INHERITED else sheet.ground,
                unseen=sheet.unseen or self.unseen,
                by=sheet.by,
            )
        return look.styled(own)

    def styled(self, own: Declarations) -> "Look":
        """Return the look after these declarations."""
        said = own.get("-webkit-text-fill-color", own.get("color"))
        colour = self.colour if said is None else colour_of(said)
        ground = self.ground
        if "background" in own or "background-color" in own:
            behind = own.get("background-color") or own.get("background", "")
            ground = self.ground if see_through(behind) else colour_of(behind)
        if "url(" in own.get("background", "") + own.get("background-image", "") or "gradient" in str(own):
            ground = None
        hidden = hidden_by(own)
        shown = own.get("display", "none") != "none" and self.by is not None
        return Look(
            colour=colour, ground=ground, unseen=_letters(own, self.unseen), by=hidden or (None if shown else self.by)
        )


LOOKED_AT = frozenset(
    {"color", "-webkit-text-fill-color", "background", "background-color", "display", "font-size", "visibility"}
)

INHERITED = "inherited"
"""A colour that a sheet's rules say nothing of."""


def looks_of(tree: "LexborHTMLParser") -> dict[int, Look]:
    """Return what the style sheets in a document say of its elements, by the elements' ids, in the sheets' order."""
    looks: dict[int, Look] = {}
    count = 0
    for sheet in tree.css("style"):
        for selector, declarations in rules(sheet.text()):
            count += 1
            if count > MOST_RULES:
                return looks
            for node in _selected(tree, selector):
                before = looks.get(node, Look(colour=INHERITED, ground=INHERITED))
                looks[node] = before.styled(declarations)
    return looks


def rules(sheet: str) -> Iterator[tuple[str, Declarations]]:
    """Yield the rules of a style sheet that say how something looks; those for other media are left out."""
    bare = _COMMENTS.sub("", sheet.replace("<!--", "").replace("-->", ""))
    plain = _AT_RULES.sub("", _HELD.sub(_if_held, bare))
    for selector, body in _RULE.findall(plain):
        declarations = dict(_declarations(body))
        if declarations.keys() & LOOKED_AT or hidden_by(declarations):
            yield selector.strip(), declarations


def unseen(tag: str, attributes: Mapping[str, str | None], look: Look) -> HiddenBy | None:
    """Return why nobody sees an element's text; None: it is seen."""
    if kept_back(tag, attributes) or (tag == "input" and (attributes.get("type") or "").lower() == "hidden"):
        return "marked"
    if look.by or look.unseen:
        return look.by or look.unseen
    if tag not in {"-document", "html", "body"} and alike(look.colour, look.ground):
        return "same_colour"
    return None


def kept_back(tag: str, attributes: Mapping[str, str | None]) -> bool:
    """Return whether no program shows an element, or what is inside it, however it is styled."""
    shut = tag == "dialog" and "open" not in attributes
    return shut or tag in NEVER_SHOWN or "hidden" in attributes or "popover" in attributes


def hidden_by(own: Declarations) -> HiddenBy | None:
    """Return why these declarations hide an element; None: they do not."""
    if _switched_off(own) or _faded(own) or _cut_off(own):
        return "marked"
    moved = re.split(r"[\s,]+", " ".join(_MOVED.findall(_moves(own))))
    moved += [own[each] for each in _OFFSETS if each in own]
    return "off_page" if any(_number(each) <= -FAR_AWAY for each in moved if _LENGTH.match(each)) else None


def _switched_off(own: Declarations) -> bool:
    none = own.get("display") == "none" or own.get("mso-hide") == "all" or own.get("content-visibility") == "hidden"
    return none or own.get("-webkit-text-security", "none") != "none"


def _faded(own: Declarations) -> bool:
    shares = share_of(own.get("opacity", "1")), share_of(own.get("filter", "").partition("opacity(")[2])
    return min(shares) < FAINT


def _cut_off(own: Declarations) -> bool:
    """Return whether nothing of an element is left over."""
    if _NO_SIZE.search(_moves(own)) or _CLIPPED.search(own.get("clip", "") + own.get("clip-path", "")):
        return True
    sides = ("height", "max-height", "width", "max-width")
    small = any(_number(own[each]) <= SMALLEST for each in sides if _measured(own, each))
    return small and own.get("overflow") in {"hidden", "clip"}


def sealed(tag: str, attributes: Mapping[str, str | None], look: Look) -> bool:
    """Return whether nothing inside an element can be seen, whatever it says of itself."""
    return kept_back(tag, attributes) or look.by is not None


def _letters(own: Declarations, before: HiddenBy | None) -> HiddenBy | None:
    """Return why letters cannot be seen after these declarations, where ``before`` is why they could not before."""
    if "visibility" in own:
        if own["visibility"] in {"hidden", "collapse"}:
            return "marked"
        before = None if before == "marked" else before
    if _measured(own, "font-size"):
        relative = _relative(own["font-size"])
        if _number(own["font-size"]) <= (0 if relative else SMALLEST):
            return "tiny"
        before = None if before == "tiny" and not relative else before
    if see_through(own.get("-webkit-text-fill-color", own.get("color", ""))):
        return "same_colour"
    return None if before == "same_colour" and "color" in own else before


def _declarations(text: str) -> Iterator[tuple[str, str]]:
    for each in _ESCAPE.sub(_escaped, _COMMENTS.sub("", text)).split(";"):
        name, colon, said = each.partition(":")
        if colon:
            value = said.replace("!important", "").strip().lower()
            yield name.strip().lower(), value
            if name.strip().lower() == "font" and (size := _FONT_SIZE.search(value)):
                yield "font-size", size[1]


def _escaped(match: re.Match[str]) -> str:
    """Return the character that an escape stands for."""
    if match[1] is None:
        return match[2]
    code = int(match[1], 16)
    return chr(code) if 0 < code < sys.maxunicode else ""


def _if_held(match: re.Match[str]) -> str:
    """Return the rules inside a condition where a screen as people have it fulfils it, else nothing."""
    kind, condition, inside = match[1].lower(), match[2].lower(), match[3]
    if kind == "layer":
        return inside
    if re.search(r"\bnot\b|\bprint\b|\bspeech\b", condition):
        return ""
    if kind == "supports":
        return inside
    asked = re.sub(_WIDTH, "", condition)
    widths = all(
        (int(pixels) <= SCREEN if edge == "min" else int(pixels) >= SCREEN)
        for edge, pixels in _WIDTH.findall(condition)
    )
    return inside if widths and not re.sub(r"\b(only|screen|all|and)\b|[()\s,]", "", asked) else ""


def _moves(own: Declarations) -> str:
    """Return how an element is moved and sized, in one way of writing."""
    single = [f"{each}({own[each]})" for each in ("scale", "translate") if each in own]
    return " ".join([own.get("transform", ""), *single])


def _selected(tree: "LexborHTMLParser", selector: str) -> Iterator[int]:
    with suppress(Exception):  # a selector that the library does not know chooses nothing
        yield from (node.mem_id for node in tree.css(selector))


def _measured(own: Declarations, name: str) -> bool:
    return _LENGTH.match(own.get(name, "")) is not None


def _number(text: str) -> float:
    match = _LENGTH.match(text)
    return float(match[1]) if match else 1.0


def _relative(text: str) -> bool:
    match = _LENGTH.match(text)
    return match is not None and match[2] in {"em", "rem", "%", "vw", "vh", "in", "cm", "mm"}
