"""Values as the text of a box, and the text that a browser sends back for it."""

import json
import re
from typing import Final

from handrail.console.forms.habits import TypingHabits
from handrail.console.forms.missing import MISSING
from handrail.console.forms.numerals import as_written, read_numeral
from handrail.console.forms.schemas import Scalar
from handrail_ground.text import escape, harmless

NUMBERS: Final[frozenset[Scalar]] = frozenset({"integer", "number", "decimal"})
"""What is written with a decimal mark."""

_NOT_CARRIED = re.compile("[\x00\ud800-\udfff]")
"""What no page can hold: it would come back as another character, or not at all."""


def drawn(value: object, reads: Scalar, habits: TypingHabits) -> str:
    """Return a value as the text of its box, as it is read back from who writes so; empty where there is none."""
    if reads == "json":
        if value is MISSING:
            return ""
        text = json.dumps(value, ensure_ascii=False, indent=2)
        return harmless(text, _json_escape)
    if value is MISSING or value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = _NOT_CARRIED.sub(lambda match: escape(match[0]), text)
    return meant(text, habits) if reads in NUMBERS else text


def meant(text: str, habits: TypingHabits) -> str:
    """Return a number as it must be written for this person to mean it: 1.234 is 1,234 for whom 1.234 is a thousand."""
    if habits.decimal != "," or read_numeral(text, habits) == as_written(text):
        return text
    with_comma = text.replace(".", ",")
    return with_comma if read_numeral(with_comma, habits) == as_written(text) else text


def is_same_text(one: str, other: str) -> bool:
    """Return whether two texts are the same but for how a browser writes the ends of lines."""
    return _lines(one) == _lines(other)


def sent_text(text: str) -> str:
    """Return a text as it was typed: browsers write every end of a line as two characters."""
    return _lines(text)


def is_ambiguous(text: str, reads: Scalar, habits: TypingHabits) -> bool:
    """Return whether a drawn number would be read as another one, or not at all, if it were typed."""
    return reads in NUMBERS and habits.decimal is None and bool(text) and read_numeral(text, habits) != as_written(text)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _json_escape(character: str) -> str:
    codes = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{codes[at]:02x}{codes[at + 1]:02x}" for at in range(0, len(codes), 2))
