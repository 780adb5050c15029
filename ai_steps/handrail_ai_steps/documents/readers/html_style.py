"""How HTML looks where it says so itself: enough of its styles to know what nobody sees."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from handrail_ai_steps.documents.page import HiddenBy

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MOST_RULES = 2_000
"""Rules of style sheets that are looked at; mails have a few hundred."""

_COLOURS = {"white": "ffffff", "black": "000000", "snow": "fffafa", "ivory": "fffff0", "red": "ff0000"}
_LENGTH = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%|vw|vh|cm|mm|in)?")
_COMMENTS = re.compile(r"/\*.*?(\*/|\Z)", re.DOTALL)
_AT_RULES = re.compile(r"@[^{};]*(;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*(\}|\Z))")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_CLIPPED = re.compile(r"rect\(\s*(0|1)\w*[\s,]+(0|1)\w*[\s,]+(0|1)\w*[\s,]+(0|1)\w*\s*\)|inset\(\s*(50|100)%")

FAR_AWAY = 500.0
"""Pixels beyond the page's edge from which on nobody sees a text."""
SMALLEST = 1.0
"""Pixels, or points: no smaller letters are read."""

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
        colour = _colour(own["color"]) if "color" in own else self.colour
        ground = self.ground
        if "background" in own or "background-color" in own:
            said = own.get("background-color") or own.get("background", "")
            ground = self.ground if "transparent" in said else _colour(said)
        if "url(" in own.get("background", "") + own.get("background-image", "") or "gradient" in str(own):
            ground = None
        hidden = hidden_by(own)
        shown = own.get("display", "none") != "none" and self.by is not None
        return Look(
            colour=colour, ground=ground, unseen=_letters(own, self.unseen), by=hidden or (None if shown else self.by)
        )


LOOKED_AT = frozenset({"color", "background", "background-color", "display", "font-size", "visibility"})

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
    plain = _AT_RULES.sub("", _COMMENTS.sub("", sheet.replace("<!--", "").replace("-->", "")))
    for selector, body in _RULE.findall(plain):
        declarations = dict(_declarations(body))
        if declarations.keys() & LOOKED_AT or hidden_by(declarations):
            yield selector.strip(), declarations


def unseen(tag: str, attributes: Mapping[str, str | None], look: Look) -> HiddenBy | None:
    """Return why nobody sees an element's text; None: it is seen."""
    if "hidden" in attributes or (tag == "input" and (attributes.get("type") or "").lower() == "hidden"):
        return "marked"
    if look.by or look.unseen:
        return look.by or look.unseen
    if tag not in {"-document", "html", "body"} and look.colour is not None and look.colour == look.ground:
        return "same_colour"
    return None


def hidden_by(own: Declarations) -> HiddenBy | None:
    """Return why these declarations hide an element; None: they do not."""
    if own.get("display") == "none" or own.get("mso-hide") == "all":
        return "marked"
    if _number(own.get("opacity", "1")) == 0 or _CLIPPED.search(own.get("clip", "") + own.get("clip-path", "")):
        return "marked"
    if own.get("overflow") == "hidden" and any(
        _number(own[each]) <= SMALLEST
        for each in ("height", "max-height", "width", "max-width")
        if _measured(own, each)
    ):
        return "marked"
    offsets = ("text-indent", "left", "top", "margin-left", "margin-top", "right", "bottom")
    if any(_number(own[each]) <= -FAR_AWAY for each in offsets if _measured(own, each)):
        return "off_page"
    return None


def sealed(attributes: Mapping[str, str | None], look: Look) -> bool:
    """Return whether nothing inside an element can be seen, whatever it says of itself."""
    return "hidden" in attributes or look.by is not None


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
    if own.get("color") == "transparent":
        return "same_colour"
    return None if before == "same_colour" and "color" in own else before


def _declarations(text: str) -> Iterator[tuple[str, str]]:
    for each in text.split(";"):
        name, colon, value = each.partition(":")
        if colon:
            yield name.strip().lower(), value.replace("!important", "").strip().lower()


def _selected(tree: "LexborHTMLParser", selector: str) -> Iterator[int]:
    with suppress(Exception):  # a selector that the library does not know chooses nothing
        yield from (node.mem_id for node in tree.css(selector))


def _colour(text: str) -> str | None:
    """Return a colour as six hexadecimal digits; None: it is none that can be told."""
    for word in re.findall(r"#[0-9a-f]+|rgba?\([^)]*\)|[a-z]+", text.lower()):
        if word in _COLOURS:
            return _COLOURS[word]
        if word.startswith("#"):
            digits = word[1:]
            if len(digits) in {3, 4}:
                digits = "".join(digit * 2 for digit in digits)
            return digits[:6] if len(digits) in {6, 8} else None
        if word.startswith("rgb"):
            numbers = [int(float(each)) for each in re.findall(r"\d+(?:\.\d+)?", word)][:3]
            return "".join(f"{min(each, 255):02x}" for each in numbers) if len(numbers) == len("rgb") else None
    return text.lower() if re.fullmatch(r"[0-9a-fA-F]{6}", text) else None


def _measured(own: Declarations, name: str) -> bool:
    return _LENGTH.match(own.get(name, "")) is not None


def _number(text: str) -> float:
    match = _LENGTH.match(text)
    return float(match[1]) if match else 1.0


def _relative(text: str) -> bool:
    match = _LENGTH.match(text)
    return match is not None and match[2] in {"em", "rem", "%", "vw", "vh", "in", "cm", "mm"}
