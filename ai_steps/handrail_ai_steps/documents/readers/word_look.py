"""How a run of letters looks in Word where the file says so: enough to know what nobody sees."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from handrail_ai_steps.documents.page import HiddenBy
from handrail_ai_steps.documents.readers.css_colour import alike, colour_of
from handrail_ai_steps.documents.readers.word_names import child, flag, local_name, value

if TYPE_CHECKING:
    from lxml import etree

TINY = 2
"""Half points: letters of a point or less."""
NARROW = 10
"""Of a hundred: letters that are squeezed so far are lines."""
LOW = 40
"""Twentieths of a point: nobody reads a line that is cut off at this height."""
FAR_AWAY = -10_000
"""Twentieths of a point to the left from which on a text is beyond the page."""
WHITE = "ffffff"

_HIGHLIGHTS = {"darkgray": "808080", "lightgray": "c0c0c0", "darkyellow": "808000", "darkred": "800000",
               "darkblue": "000080", "darkcyan": "008080", "darkgreen": "008000", "darkmagenta": "800080",
               "green": "00ff00"}  # fmt: skip
_DIGITS = re.compile(r"[0-9a-f]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLook:
    """How letters look after what the styles and the run say."""

    vanishes: bool = False
    size: int = 20
    """Half points."""
    width: int = 100
    colour: str | None = None
    """Six hexadecimal digits; None: it is chosen so that it can be read, or cannot be told."""
    ground: str | None = WHITE
    """What is behind; None: it cannot be told."""
    is_highlighted: bool = False

    def over(self, properties: "etree._Element | None") -> "WordLook":
        """Return the look after a run's, or a style's, properties."""
        if properties is None:
            return self
        vanishes = flag(properties, "vanish")
        colour, highlight = child(properties, "color"), child(properties, "highlight")
        look = replace(
            self,
            vanishes=self.vanishes if vanishes is None else vanishes,
            size=_number(properties, "sz", self.size),
            width=_number(properties, "w", self.width),
            colour=self.colour if colour is None else _colour(colour),
            ground=ground_over(self.ground, properties),
        )
        if highlight is None or value(highlight, "val") == "none":
            return look
        name = value(highlight, "val").lower()
        return replace(look, ground=_HIGHLIGHTS.get(name) or colour_of(name), is_highlighted=True)

    def hidden_by(self) -> HiddenBy | None:
        """Return why nobody sees such letters; None: they are seen."""
        if self.vanishes:
            return "marked"
        if self.size <= TINY or self.width <= NARROW:
            return "tiny"
        # A colour that is chosen by what is behind heeds shading, but no highlighter.
        colour = self.colour or ("000000" if self.is_highlighted else None)
        return "same_colour" if alike(colour, self.ground) else None


USUAL = WordLook()
"""How letters look of which nothing is said."""


class WordStyles:
    """What the styles of a file say of letters, and of what is behind them."""

    def __init__(self, root: "etree._Element | None") -> None:
        self._said: dict[str, etree._Element] = {}
        self._based: dict[str, str] = {}
        self._looks: dict[tuple[str, str | None], WordLook] = {}
        """Of paragraphs, since most have one of a few styles."""
        self._usual = ""
        """The style of paragraphs that name none."""
        self._defaults: etree._Element | None = None
        for style in root if root is not None else ():
            if local_name(style) == "docDefaults":
                holder = child(style, "rPrDefault")
                self._defaults = child(holder, "rPr") if holder is not None else None
            elif local_name(style) == "style":
                name = value(style, "styleId")
                self._said[name] = style
                parent = child(style, "basedOn")
                self._based[name] = value(parent, "val") if parent is not None else ""
                if value(style, "type") == "paragraph" and value(style, "default") in {"1", "true", "on"}:
                    self._usual = name

    def paragraph(self, name: str, ground: str | None) -> WordLook:
        """Return the look of a paragraph's letters; ``ground`` is behind it."""
        look = self._looks.get((name, ground))
        if look is None:
            look = WordLook(ground=ground).over(self._defaults)
            for style in self._chain(name or self._usual):
                look = replace(look, ground=ground_over(look.ground, child(style, "pPr"))).over(child(style, "rPr"))
            self._looks[name, ground] = look
        return look

    def letters(self, name: str, look: WordLook) -> WordLook:
        """Return the look after a style of letters."""
        for style in self._chain(name):
            look = look.over(child(style, "rPr"))
        return look

    def _chain(self, name: str) -> "list[etree._Element]":
        """Return a style behind those that it is based on."""
        chain: list[etree._Element] = []
        seen: set[str] = set()
        while name in self._said and name not in seen:
            seen.add(name)
            chain.insert(0, self._said[name])
            name = self._based[name]
        return chain


def ground_over(behind: str | None, properties: "etree._Element | None") -> str | None:
    """Return what is behind letters where ``properties`` may shade it."""
    shade = child(properties, "shd") if properties is not None else None
    if shade is None:
        return behind
    pattern = value(shade, "val")
    if pattern not in {"", "clear", "nil", "solid"}:
        return None
    filled = value(shade, "color" if pattern == "solid" else "fill").lower()
    if _DIGITS.fullmatch(filled):
        return filled
    return None if value(shade, "themeFill") or pattern == "solid" else behind


def paragraph_unseen(properties: "etree._Element | None") -> HiddenBy | None:
    """Return why nobody sees a paragraph that is placed like this; None: it is seen."""
    if properties is None:
        return None
    spacing, indent, frame = (child(properties, each) for each in ("spacing", "ind", "framePr"))
    if spacing is not None and value(spacing, "lineRule") == "exact" and _whole(value(spacing, "line"), LOW + 1) <= LOW:
        return "cropped"
    left = [] if indent is None else [value(indent, each) for each in ("left", "start")]
    left += [] if frame is None else [value(frame, "x")]
    return "off_page" if any(_whole(each, 0) <= FAR_AWAY for each in left) else None


def row_unseen(properties: "etree._Element | None") -> HiddenBy | None:
    """Return why nobody sees a row of a table; None: it is seen."""
    if properties is None:
        return None
    if flag(properties, "hidden"):
        return "marked"
    height = child(properties, "trHeight")
    low = height is not None and value(height, "hRule") == "exact" and _whole(value(height, "val"), LOW + 1) <= LOW
    return "cropped" if low else None


def _colour(element: "etree._Element") -> str | None:
    """Return the colour of letters; a theme's background is taken to be white."""
    theme = value(element, "themeColor")
    if theme in {"background1", "light1"} and not value(element, "themeShade"):
        return WHITE
    said = value(element, "val").lower()
    return said if _DIGITS.fullmatch(said) else None


def _number(properties: "etree._Element", local: str, before: int) -> int:
    found = child(properties, local)
    return before if found is None else _whole(value(found, "val").removesuffix("%"), before)


def _whole(text: str, otherwise: int) -> int:
    """Return a whole number that Word wrote; ``otherwise`` where it is none."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else otherwise
