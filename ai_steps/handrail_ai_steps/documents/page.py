"""A page as it is displayed: its text in reading order, its lines with their places, and what is not shown on it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

TextSource: TypeAlias = Literal["layer", "ocr", "plain", "none"]
"""Where a page's text is from: the file's text layer, reading its picture, a format that is text, or nowhere."""

HiddenBy: TypeAlias = Literal[
    "render_mode",
    "same_colour",
    "covered",
    "cropped",
    "off_page",
    "tiny",
    "transparent",
    "marked",
    "deleted",
    "comment",
    "unchecked",
]
"""Why text of the file is not to be seen on the page.

``marked``: the format says so, by a style, an attribute, a hidden sheet or row; ``deleted``: a tracked change takes it
away; ``comment``: it is beside the text; ``unchecked``: it could not be found out.
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page as it is displayed, its rotation and crop applied.

    Lengths are in points (1/72 inch) from the page's upper left corner, for pictures in pixels; ``left <= right`` and
    ``top <= bottom``.
    """

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a page's text: where it begins and ends in it, in code points, and where it stands."""

    start: int
    end: int
    box: Box | None = None
    """None: the format has no places, or they were not asked for."""
    score: float | None = None
    """How sure the reading of a picture is of it, from 0 to 1; None: it was not read from a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenText:
    """Text that the file has and the page does not show; it is no part of the page's text."""

    text: str
    by: HiddenBy
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page; a format without pages has one."""

    number: int
    """1 or more, in the order of the file."""
    text: str
    """In reading order, columns one after the other, lines separated by ``\\n``; wide gaps inside a line are a tab."""
    lines: tuple[TextLine, ...] = ()
    width: float = 0.0
    """As displayed, in the unit of its boxes; 0: the format has no places."""
    height: float = 0.0
    source: TextSource = "plain"
    turned: int = 0
    """By how many degrees clockwise its picture was turned to stand upright; its boxes are those of the upright one."""
    hidden: tuple[HiddenText, ...] = ()
