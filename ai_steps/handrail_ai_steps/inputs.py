"""What a step is called with: values shown to models as text, and stored as typed JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from handrail_ai_steps.errors import InvalidInput
from handrail_ground.optional import LaterModule
from handrail_ground.values import NotJson
from handrail_ground.values import as_json as as_json_data

if TYPE_CHECKING:
    from datetime import date, time
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    from _typeshed import DataclassInstance
    from pydantic import BaseModel

    from handrail_ai_steps.documents import document

    Input: TypeAlias = (
        str | int | float | bool | BaseModel | DataclassInstance | Enum | date | time | Decimal | UUID
        | Mapping[str, Any] | Sequence[Any] | None
    )  # fmt: skip
    """What a step may be called with: text, pydantic models, dataclasses and JSON values."""
else:
    document = LaterModule("handrail_ai_steps.documents.document")
    Input: TypeAlias = Any


def as_text(values: Sequence[Input], named: Mapping[str, Input]) -> str:
    """Return the values as the one text that models read and evidence points into.

    One value is shown as it is. Several are each put between tags that their own text cannot close.

    Raises:
        InvalidInput: there is no value, or one that cannot be shown.
    """
    if not named and len(values) == 1:
        return _shown(values[0])
    if not values and len(named) == 1:
        return _shown(next(iter(named.values())))
    if not values and not named:
        raise InvalidInput("an AI step needs something to judge: call it with a text or a value")
    sections = [(_name(value, index), value) for index, value in enumerate(values, 1)]
    return "\n".join(delimited(name, _shown(value)) for name, value in [*sections, *named.items()])


def as_json(values: Sequence[Input], named: Mapping[str, Input]) -> str:
    """Return the values as the JSON that a record keeps.

    Raises:
        InvalidInput: one of them is no JSON value.
    """
    return _written({"values": [plain(value) for value in values], "named": {k: plain(v) for k, v in named.items()}})


def whole_characters(text: str) -> str:
    """Return a text that can be sent and stored: half of a character (a lone surrogate) becomes the sign for one."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def delimited(name: str, text: str) -> str:
    """Return the text between tags of this name, numbered until the text cannot close them."""
    tag, number = name, 2
    while f"</{tag}" in text:
        tag, number = f"{name}-{number}", number + 1
    return f"<{tag}>\n{text}\n</{tag}>"


def plain(value: Input) -> Any:
    """Return a value as plain JSON data.

    Raises:
        InvalidInput: it is no JSON value.
    """
    try:
        return as_json_data(value)
    except NotJson as error:
        raise InvalidInput(
            f"a step cannot be called with a {error.kind} ({error.reason}); "
            "give text, a pydantic model, a dataclass or JSON values"
        ) from error


def _shown(value: Input) -> str:
    """Return a value as people read it: text as it is, fields one a line."""
    if isinstance(value, document.Document):
        return value.text
    data = plain(value)
    if isinstance(data, dict):
        return "\n".join(f"{name}: {_compact(below)}" for name, below in data.items())
    return _compact(data)


def _compact(data: Any) -> str:
    # Text stays as it is, without JSON escapes, so that what a model copies from it can be found in it.
    return data if isinstance(data, str) else _written(data, ensure_ascii=False)


def _written(data: Any, *, ensure_ascii: bool = True) -> str:
    try:
        return json.dumps(data, ensure_ascii=ensure_ascii)
    except ValueError as error:  # a whole number with more digits than Python writes
        raise InvalidInput(
            f"a step cannot be called with a number that cannot be written down ({error}); give it as a text"
        ) from error


def _name(value: Input, index: int) -> str:
    kind = type(value)
    return (
        kind.__name__.lower()
        if hasattr(kind, "__dataclass_fields__") or hasattr(kind, "model_fields")
        else f"input-{index}"
    )
