"""The fields of JSON data, by names such as ``lines.0.total``: to show them one by one, and to change one."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any

from handrail_ground.values import InvalidJson, from_json
from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.review.answers import problems

Path = tuple[str | int, ...]


def name_of(path: Path) -> str:
    """Return a field's name as people write it."""
    return ".".join(map(str, path))


def leaves(data: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield the fields of an object that hold no others, in order; an empty list or object is one itself."""
    if isinstance(data, dict) and data:
        for key, below in data.items():
            yield from leaves(below, (*path, key))
    elif isinstance(data, list) and data:
        for index, below in enumerate(data):
            yield from leaves(below, (*path, index))
    else:
        yield path, data


def of_item(item: ReviewItem, data: object) -> dict[str, Path]:
    """Return every field that may be changed by name: those the data has, and those that its schema knows."""
    found: dict[str, Path] = {}
    for path, _ in leaves(data):
        for length in range(1, len(path) + 1):
            found[name_of(path[:length])] = path[:length]
    for key in _properties(item.schema):
        found.setdefault(str(key), (key,))
    return found


def has_fields(item: ReviewItem) -> bool:
    """Return whether an answer is an object."""
    return bool(_properties(item.schema))


def at(data: Any, path: Path) -> object:
    """Return a field; None where there is none."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def put(data: object, path: Path, value: object) -> object:
    """Return the data with another value in a field."""
    if not path:
        return value
    head, *rest = path
    if isinstance(data, list) and isinstance(head, int):
        return [put(below, tuple(rest), value) if index == head else below for index, below in enumerate(data)]
    held = data if isinstance(data, dict) else {}
    return {**held, head: put(held.get(head), tuple(rest), value)}


def with_typed(item: ReviewItem, data: object, path: Path, typed: str) -> object:
    """Return the data with what was typed in a field: as text if that fits there, as JSON if not.

    Raises:
        ReviewError: neither fits.
    """
    as_text = put(data, path, typed)
    failed = {where for where, _ in problems(item, data)}
    found = _inside(item, as_text, path, failed)
    if not found:
        return as_text
    with suppress(InvalidJson):
        as_json = put(data, path, from_json(typed))
        found = _inside(item, as_json, path, failed)
        if not found:
            return as_json
    raise ReviewError(f"{name_of(path)}: {found[0]}")


def _inside(item: ReviewItem, data: object, path: Path, failed: AbstractSet[Path]) -> list[str]:
    """Return what is wrong in a field, or around it where nothing was wrong before: none of several types fits now."""
    return [
        said
        for where, said in problems(item, data)
        if where[: len(path)] == path or (path[: len(where)] == where and where not in failed)
    ]


def _properties(schema: Mapping[str, Any]) -> list[str]:
    if "$ref" in schema:
        named = schema.get("$defs", {})
        schema = {"$defs": named, **named.get(str(schema["$ref"]).rsplit("/", 1)[-1], {})}
    found = list(schema.get("properties", {}))
    for each in schema.get("anyOf", schema.get("oneOf", ())):
        found += _properties({"$defs": schema.get("$defs", {}), **each})
    return list(dict.fromkeys(found))
