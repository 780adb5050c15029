"""Text from outside made harmless: nothing in it may hide, move the cursor or turn the reading order around."""

import re
import unicodedata
from collections.abc import Callable

KEPT = frozenset("\n\t\u200c\u200d")
"""Line feeds, tabs, and the joiners that Persian, Indic scripts and emoji are written with: none of them hides or turns
anything."""
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode's categories of what nobody sees: controls, formats, what has no meaning (yet), and line separators."""

FORMULA = re.compile(r"[=+\-@\t\r\n]")
"""What a spreadsheet begins to reckon at, when a cell begins with it."""


def escape(character: str) -> str:
    r"""Return a character as its code, such as ``\x1b`` or ``\u202e``."""
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def harmless(text: str, written: Callable[[str], str] = escape) -> str:
    """Return the text with every character that nobody sees written out, by default as its code."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each in KEPT or unicodedata.category(each) not in UNSEEN else written(each) for each in text)
