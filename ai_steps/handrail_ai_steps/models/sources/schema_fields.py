"""The fields of a record by its JSON Schema, and values shaped as a field wants them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from handrail_ai_steps.strict_json import JsonObject

MONEY = "amount of money"
"""What the schema of the type ``Money`` says of itself."""
_DATES = frozenset({"date", "date-time"})
_THREE_PLACES = re.compile(r"-?\d{1,3}\.\d{3}")


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field of an object."""

    name: str
    """As the schema has it."""
    schema: JsonObject
    root: JsonObject
    required: bool

    @property
    def inner(self) -> "list[SchemaField]":
        """Return the fields of an object that it is; empty: it is none."""
        return fields_of(_one(self.schema, self.root, "object"), self.root)

    @property
    def items(self) -> "list[SchemaField]":
        """Return the fields of the objects that it lists; empty: it lists none."""
        listed = _one(self.schema, self.root, "array").get("items")
        return fields_of(_one(listed, self.root, "object"), self.root) if isinstance(listed, dict) else []

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return bool(_one(self.schema, self.root, "array"))

    @property
    def lists_texts(self) -> bool:
        """Whether it is a list of texts."""
        listed = _one(self.schema, self.root, "array").get("items")
        return isinstance(listed, dict) and "string" in _types(listed, self.root)

    @property
    def nullable(self) -> bool:
        """Whether it may be null."""
        return any(
            each.get("type") == "null" or (isinstance(each.get("type"), list) and "null" in each["type"])
            for each in _alternatives(self.schema, self.root)
        )

    @property
    def kinds(self) -> set[str]:
        """Return what it takes: JSON types, and ``date`` for a text that is one."""
        dates = {"date" for each in _alternatives(self.schema, self.root) if each.get("format") in _DATES}
        return _types(self.schema, self.root) | dates

    def shaped(self, value: Decimal | date | str, currency: str = "") -> Any:
        """Return a value as JSON that the field takes; None: it takes nothing of the kind."""
        types = _types(self.schema, self.root)
        if isinstance(value, Decimal):
            return self._number(value, types, currency)
        text = value.isoformat() if isinstance(value, date) else value
        return text if "string" in types or not types else None

    def _number(self, value: Decimal, types: set[str], currency: str) -> Any:
        if "string" in types:
            text = f"{value:f}"
            if MONEY in _described(self.schema, self.root):
                text = f"{text}0" if _THREE_PLACES.fullmatch(text) else text  # 1.234 might be more than a thousand
                return f"{text} {currency}".strip()
            return text
        if "number" in types or not types:
            return int(value) if value == value.to_integral_value() else float(value)
        if "integer" in types and value == value.to_integral_value():
            return int(value)
        return None


def fields_of(schema: JsonObject, root: JsonObject) -> list[SchemaField]:
    """Return the fields of an object's schema; empty: it is no object, or has no fields of its own."""
    schema = _resolved(schema, root)
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return []
    required = schema.get("required", [])
    return [SchemaField(name, below, root, name in required) for name, below in properties.items()]


def words_in(name: str) -> str:
    """Return a field's name as words with underscores between: ``invoiceNumber`` and ``Invoice-Number`` alike."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^\w]+|_+", "_", apart).strip("_").casefold()


def _one(schema: JsonObject, root: JsonObject, kind: str) -> JsonObject:
    """Return the alternative of a schema that is of a kind, or one that says nothing."""
    return next((each for each in _alternatives(schema, root) if each.get("type") == kind), {})


def _alternatives(schema: JsonObject, root: JsonObject) -> Iterator[JsonObject]:
    schema = _resolved(schema, root)
    several = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(several, list):
        for each in several:
            yield from _alternatives(each, root)
    else:
        yield schema


def _types(schema: JsonObject, root: JsonObject) -> set[str]:
    found: set[str] = set()
    for each in _alternatives(schema, root):
        kind = each.get("type")
        found |= set(kind) if isinstance(kind, list) else {kind} if isinstance(kind, str) else set()
        if "enum" in each and not kind:
            found.add("string")
        found |= {"string"} if isinstance(each.get("const"), str) else set()
    return found - {"null"}


def _described(schema: JsonObject, root: JsonObject) -> str:
    texts = (schema.get("description"), *(each.get("description") for each in _alternatives(schema, root)))
    return " ".join(each for each in texts if isinstance(each, str)).lower()


def _resolved(schema: JsonObject, root: JsonObject) -> JsonObject:
    for _ in range(20):  # a reference to a reference, and never round in a circle
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        schema = root.get("$defs", {}).get(reference.rpartition("/")[2], {})
    return {}
