"""What a JSON Schema says of one value, with references followed: enough to know which field it is filled in by."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import unquote

from handrail.console.forms.missing import MISSING

Schema: TypeAlias = Mapping[str, Any]

Scalar: TypeAlias = Literal["text", "integer", "number", "decimal", "date", "datetime", "time", "duration", "json"]
"""What a text is read as."""

_MOST_STEPS = 200
"""References and unions that are followed from one value; a schema that needs more goes in a circle."""
_TOLD: Final = {"type", "enum", "const"}
"""What a schema says of its values; without any of it, null is one."""
_BY_FORMAT: Final[Mapping[str, Scalar]] = {
    "date": "date",
    "date-time": "datetime",
    "time": "time",
    "duration": "duration",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What one value may be: one of a few kinds, and perhaps null."""

    kinds: tuple[Schema, ...]
    """The schema of each kind, without that of null."""
    nullable: bool
    discriminator: str | None = None
    """The key whose value tells which kind it is."""

    @property
    def closed(self) -> tuple[Any, ...] | None:
        """Return every value but null that it may have; None when there is no list of them."""
        found: list[Any] = []
        for each in self.kinds:
            if "enum" in each and isinstance(each["enum"], list):
                found += each["enum"]
            elif "const" in each:
                found.append(each["const"])
            elif each.get("type") == "boolean":
                found += [True, False]
            else:
                return None
        return tuple({key_of(each): each for each in found}.values()) if found else None


class Schemas:
    """The schema of an answer, and what its references name."""

    def __init__(self, root: Schema) -> None:
        """Start from the schema of the whole answer."""
        self.root = root
        self._known: dict[int, tuple[object, Schema, Offer]] = {}

    def understood(self, schema: object) -> tuple[Schema, Offer]:
        """Return a schema with its reference followed, and what it allows; each row of a list asks the same again."""
        known = self._known.get(id(schema))
        if known is None:
            resolved = self.resolved(schema)
            known = self._known[id(schema)] = (
                schema,
                resolved,
                self.offer(resolved),
            )  # held, so that its id stays its own
        return known[1], known[2]

    def resolved(self, schema: object) -> Schema:
        """Return a schema with its reference followed; what stands beside the reference goes first."""
        found: Any = schema
        for _ in range(_MOST_STEPS):
            if not isinstance(found, Mapping):
                return {}
            parts = found.get("allOf")
            if isinstance(parts, list) and len(parts) == 1 and isinstance(parts[0], Mapping):
                found = {**parts[0], **{key: each for key, each in found.items() if key != "allOf"}}
            elif isinstance(found.get("$ref"), str):
                named = self._named(found["$ref"])
                found = {**named, **{key: each for key, each in found.items() if key != "$ref"}}
            else:
                return found
        return {}

    def offer(self, schema: Schema) -> Offer:
        """Return what a resolved schema allows."""
        kinds = list(self._members(schema))
        others = tuple(each for each in kinds if each.get("type") != "null" and not _is_null(each))
        told = schema.get("discriminator")
        key = told.get("propertyName") if isinstance(told, Mapping) else None
        nullable = len(others) < len(kinds)
        others = tuple(_without_null(each) for each in others)
        nullable = nullable or any(None in _listed(each) or not each.keys() & _TOLD for each in kinds)
        return Offer(others, nullable, key if isinstance(key, str) else None)

    def _named(self, ref: str) -> Schema:
        found: Any = self.root
        if not ref.startswith("#"):
            return {}
        for step in ref[1:].split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _members(self, schema: Schema) -> Iterator[Schema]:
        """Yield the kinds of a schema, in the order in which they are named; unions inside of unions are opened."""
        waiting = [schema]
        for _ in range(_MOST_STEPS):
            if not waiting:
                return
            first, *waiting = waiting
            options, types = first.get("anyOf", first.get("oneOf")), first.get("type")
            if isinstance(options, list) and options:
                waiting = [*map(self.resolved, options), *waiting]
            elif isinstance(types, list) and "enum" not in first and "const" not in first:
                yield from ({**first, "type": each} for each in types)
            else:
                yield first
        yield {}  # of whatever is left, any JSON


def is_decimal(offer: Offer) -> bool:
    """Return whether this is how pydantic writes a decimal: a number, or the same as text."""
    if len(offer.kinds) != 2:
        return False
    number, text = offer.kinds
    return (
        number.get("type") == "number"
        and text.get("type") == "string"
        and not text.keys() - {"type", "pattern", "title", "description"}
        and "enum" not in number
    )


def is_number(offer: Offer) -> bool:
    """Return whether it is any number: ``int | float``."""
    return len(offer.kinds) == 2 and {each.get("type") for each in offer.kinds} == {"number", "integer"}


def scalar(kind: Schema) -> Scalar:
    """Return what the text of one kind of value is read as; JSON where nothing else is known."""
    match kind.get("type"):
        case "integer":
            return "integer"
        case "number":
            return "number"
        case "string":
            return _BY_FORMAT.get(str(kind.get("format")), "text")
        case _:
            return "json"


def default_of(schema: Schema) -> Any:
    """Return the default that a schema states, or ``MISSING``."""
    return schema.get("default", MISSING)


def key_of(value: object) -> str:
    """Return a text that is equal for values that are the same JSON."""
    return json.dumps(value, sort_keys=True)


def _listed(kind: Schema) -> tuple[Any, ...]:
    listed = kind.get("enum")
    return tuple(listed) if isinstance(listed, list) else ()


def _is_null(kind: Schema) -> bool:
    return ("const" in kind and kind["const"] is None) or _listed(kind) == (None,)


def _without_null(kind: Schema) -> Schema:
    listed = _listed(kind)
    return {**kind, "enum": [each for each in listed if each is not None]} if None in listed else kind
