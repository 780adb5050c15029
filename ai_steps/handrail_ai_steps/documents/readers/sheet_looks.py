"""How the cells of an Excel sheet look by their styles: enough to know what nobody sees."""

import re
from typing import TYPE_CHECKING

from handrail_ai_steps.documents.page import HiddenBy
from handrail_ai_steps.documents.readers.css_colour import alike
from handrail_ground.optional import needs

with needs("office"):
    from openpyxl.styles.colors import COLOR_INDEX

if TYPE_CHECKING:
    from lxml import etree

TINY = 1.0
"""Points: no smaller letters are read."""
NARROW = 0.3
"""Widths of a digit: a column that is no wider shows nothing."""
LOW = 2.0
"""Points: a row that is no higher shows nothing."""

_THEME = {0: "ffffff", 1: "000000"}
"""What nearly all themes have behind letters, and for them."""
_SYSTEM = {64: "000000", 65: "ffffff"}


def looks_of(styles: "etree._Element | None") -> list[HiddenBy | None]:
    """Return for each style of cells why nobody sees letters in it; None: they are seen."""
    fonts: list[HiddenBy | str | None] = []
    fills: list[str | None] = []
    looks: list[HiddenBy | None] = []
    for each in styles if styles is not None else ():
        match _local(each):
            case "fonts":
                fonts = [_letters(font) for font in each if _local(font) == "font"]
            case "fills":
                fills = [_ground(fill) for fill in each if _local(fill) == "fill"]
            case "cellXfs":
                looks = [_look(style, fonts, fills) for style in each if _local(style) == "xf"]
    return looks


def _look(style: "etree._Element", fonts: list[HiddenBy | str | None], fills: list[str | None]) -> HiddenBy | None:
    font, fill = whole(style.get("fontId")), whole(style.get("fillId"))
    letters = fonts[font] if font < len(fonts) else None
    if letters == "tiny":
        return "tiny"
    return "same_colour" if alike(letters, fills[fill] if fill < len(fills) else None) else None


def _letters(font: "etree._Element") -> HiddenBy | str | None:
    """Return the colour of a font, or that it is too small; None: it cannot be told."""
    parts = {_local(each): each for each in font}
    if "sz" in parts and 0 < measure(parts["sz"].get("val")) <= TINY:
        return "tiny"
    return _colour(parts["color"]) if "color" in parts else "000000"


def _ground(fill: "etree._Element") -> str | None:
    """Return what a fill puts behind letters; None: it cannot be told."""
    pattern = next((each for each in fill if _local(each) == "patternFill"), None)
    if pattern is None:
        return None
    kind = pattern.get("patternType") or "none"
    if kind == "none":
        return "ffffff"
    front = next((each for each in pattern if _local(each) == "fgColor"), None)
    return _colour(front) if kind == "solid" and front is not None else None


def _colour(element: "etree._Element") -> str | None:
    if measure(element.get("tint")):
        return None
    theme, index = element.get("theme"), element.get("indexed")
    if theme is not None:
        return _THEME.get(whole(theme))
    if index is not None:
        at = whole(index)
        return _SYSTEM.get(at) or (COLOR_INDEX[at][2:].lower() if at < len(COLOR_INDEX) else None)
    said = (element.get("rgb") or "").lower()
    return said[-6:] if re.fullmatch(r"(?:[0-9a-f]{2})?[0-9a-f]{6}", said) else None


def measure(text: str | None) -> float:
    """Return a measure; nought where there is none."""
    return float(text) if text and re.fullmatch(r"-?\d{1,9}(?:\.\d{1,20})?", text) else 0.0


def whole(text: str | None, *, otherwise: int = 0) -> int:
    """Return a whole number of nine digits at most; ``otherwise`` where there is none."""
    plain = (text or "").strip()
    return int(plain) if plain.isdecimal() and len(plain) < 10 else otherwise


def _local(element: "etree._Element") -> str:
    return str(element.tag).rpartition("}")[2]
