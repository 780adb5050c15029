"""What is shown for keys and values: on one line, harmless, and not too long."""

import json
import re
import unicodedata

from handrail.console.forms.schemas import Schema
from handrail.console.words import say
from handrail_ground.text import KEPT, UNSEEN, escape, harmless

LONGEST = 200
"""Characters of a label; what is longer is cut, and stands in full beside it."""


def label_of(schema: Schema, key: str | int | None) -> str:
    """Return a field's title, or its key in words."""
    title = schema.get("title")
    if isinstance(title, str) and title.strip():
        return cut(title)
    words = re.sub(r"[_\s]+", " ", str(key)).strip() if key is not None else say("forms.answer")
    return cut(words[:1].upper() + words[1:]) if words else say("forms.unnamed")


def help_of(schema: Schema) -> str:
    """Return what a schema says about a field."""
    told = schema.get("description")
    return harmless(told.strip()) if isinstance(told, str) else ""


def text_of(value: object) -> str:
    """Return a value as one reads it: text as it is, yes and no, anything else as JSON."""
    if isinstance(value, bool):
        return say("forms.yes") if value else say("forms.no")
    if value is None:
        return say("forms.none")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def cut(text: str) -> str:
    """Return a text as a label: on one line, harmless, and not too long."""
    shown = one_line(text) or say("forms.empty")
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def one_line(text: str) -> str:
    """Return a text on one line, harmless, without what cannot be seen of its spaces."""
    return " ".join(harmless(text).split())


def unseen_in(text: str) -> tuple[str, ...]:
    """Return the codes of the characters of a text that nobody sees."""
    if text.isascii() and text.isprintable():
        return ()
    return tuple(dict.fromkeys(escape(each) for each in text if each not in KEPT and is_unseen(each)))


def is_unseen(character: str) -> bool:
    """Return whether nobody sees a character."""
    return unicodedata.category(character) in UNSEEN
