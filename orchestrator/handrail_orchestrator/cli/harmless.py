"""Text from outside on a terminal: nothing in it may move the cursor, set a title or turn the reading order around."""

import unicodedata

_KEPT = frozenset("\n\t")


def harmless(text: str) -> str:
    r"""Return the text with control and direction characters written out, such as ``\x1b``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each if each in _KEPT or unicodedata.category(each) not in {"Cc", "Cf", "Co", "Cs"} else _written(each)
        for each in text
    )


def _written(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
