"""What is shown for keys, values and kinds: short, harmless, and never two that look alike."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from handrail.console.forms.fields import FieldOption
from handrail.console.forms.schemas import Scalar, Schema, scalar
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


def options_of(values: Sequence[Any], tokens: Iterable[str]) -> tuple[FieldOption, ...]:
    """Return options for values, each with a label that no other has."""
    texts = [text_of(each) for each in values]
    texts = _told_apart(texts, lambda at: json.dumps(values[at], ensure_ascii=False))
    return tuple(
        FieldOption(token=token, label=label, full=harmless(text) if len(text) > LONGEST else "", value=value)
        for token, label, text, value in zip(tokens, _labels(texts), texts, values, strict=True)
    )


def kinds_of(kinds: Sequence[Schema]) -> tuple[FieldOption, ...]:
    """Return options for the kinds that a value may be of."""
    texts = [_kind(each) for each in kinds]
    return tuple(FieldOption(token=str(number), label=label) for number, label in enumerate(_labels(texts)))


def cut(text: str) -> str:
    """Return a text as a label: on one line, harmless, and not too long."""
    shown = " ".join(harmless(text).split()) or say("forms.empty")
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def unseen_in(text: str) -> tuple[str, ...]:
    """Return the codes of the characters of a text that nobody sees."""
    if text.isascii() and text.isprintable():
        return ()
    return tuple(dict.fromkeys(escape(each) for each in text if each not in KEPT and is_unseen(each)))


def is_unseen(character: str) -> bool:
    """Return whether nobody sees a character."""
    return unicodedata.category(character) in UNSEEN


def _labels(texts: Sequence[str]) -> list[str]:
    """Return the texts cut to labels; those that would look alike are numbered."""
    labels = [cut(each) for each in texts]
    often = Counter(each.casefold() for each in labels)
    seen: Counter[str] = Counter()
    for at, label in enumerate(labels):
        if often[label.casefold()] > 1:
            seen[label.casefold()] += 1
            labels[at] = f"{label} ({seen[label.casefold()]})"
    return labels


def _told_apart(texts: list[str], exact: Callable[[int], str]) -> list[str]:
    """Return the texts, those that look alike as JSON: with quotes around text, so that spaces at its end are seen."""
    often = Counter(cut(each) for each in texts)
    return [exact(at) if often[cut(text)] > 1 else text for at, text in enumerate(texts)]


def _kind(schema: Schema) -> str:
    title = schema.get("title")
    if isinstance(title, str) and title.strip():
        return title
    if "enum" in schema or "const" in schema:
        return say("forms.kind.choice")
    match schema.get("type"):
        case "array":
            return say("forms.kind.list")
        case "object":
            return say("forms.kind.object")
        case "boolean":
            return say("forms.kind.boolean")
        case _:
            reads: Scalar = scalar(schema)
            return say(f"forms.kind.{reads}")
