"""The values that an answer can have, where there is a list of them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any


def choices_of(schema: Mapping[str, Any], likely: Iterable[Any], texts: Iterable[str]) -> tuple[Any, ...]:
    """Return every value that fits a JSON Schema: the likeliest first, then as declared; empty if there is no list.

    ``texts`` are likely ones too, kept as text whatever their type.
    """
    by_key = {_key(each): each for each in _closed(schema, schema.get("$defs", {})) or []}
    first = [_key(each) for each in likely]
    for text in texts:
        first += [_key(text), *(key for key in by_key if key == text)]
    found = [key for key in dict.fromkeys(first) if key in by_key]
    return tuple(by_key[key] for key in (*found, *(key for key in by_key if key not in found)))


def _closed(schema: Mapping[str, Any], named: Mapping[str, Any], depth: int = 8) -> list[Any] | None:
    """Return every value that fits a schema, or None when there is no list of them."""
    if "$ref" in schema and depth:
        return _closed(named.get(str(schema["$ref"]).rsplit("/", 1)[-1], {}), named, depth - 1)
    if "enum" in schema:
        return list(schema["enum"])
    if "const" in schema:
        return [schema["const"]]
    if "anyOf" in schema and depth:
        members = [_closed(each, named, depth - 1) for each in schema["anyOf"]]
        return None if None in members else [value for member in members for value in member or ()]
    by_type: dict[str, list[Any]] = {"boolean": [True, False], "null": [None]}
    return by_type.get(str(schema.get("type")))


def _key(value: object) -> str:
    return json.dumps(value, sort_keys=True)
