"""The options of a choice: each with a label that no other has, and what is sent for it."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from handrail.console.forms.fields import FieldOption
from handrail.console.forms.labels import LONGEST, cut, one_line, text_of
from handrail.console.forms.schemas import Scalar, Schema, scalar
from handrail.console.words import say
from handrail_ground.text import harmless


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


def _labels(texts: Sequence[str]) -> list[str]:
    """Return the texts cut to labels; those that would look alike are numbered."""
    labels = [cut(each) for each in texts]
    often = Counter(labels)
    seen: Counter[str] = Counter()
    for at, label in enumerate(labels):
        if often[label] > 1:
            seen[label] += 1
            labels[at] = f"{label} ({seen[label]})"
    return labels


def _told_apart(texts: list[str], exact: Callable[[int], str]) -> list[str]:
    """Return the texts, those that look alike as JSON: with quotes around text, so that spaces at its end are seen."""
    seen = [one_line(each) for each in texts]
    often = Counter(seen)
    return [exact(at) if often[seen[at]] > 1 else text for at, text in enumerate(texts)]


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
