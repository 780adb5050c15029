"""The leaves of a validated value by path, spelled so that equal ones read the same, and those nobody answered."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from handrail_ai_steps.strict_json import JsonObject
from handrail_guards.values.written import Written

LENGTH = "#"
"""The path part for how many items a list has, such as ``lines.#``: what was left out shows nowhere else."""


def leaves(value: object) -> dict[str, str]:
    """Return every leaf of a value by path (``lines.0.total``), spelled; lists also have their length.

    Fields are named as the answer's JSON names them. Numbers that are equal are spelled alike (5 and 5.0, 1.5 and
    1.50), so are instants, and sets whatever the order of their members.
    """
    return dict(_walk(value, ""))


def spelled(leaf: object) -> str:
    """Return a leaf as text, equal ones alike; a text is spelled as JSON, so that it is never taken for a number."""
    if isinstance(leaf, Enum):
        return spelled(leaf.value)
    if leaf is None or isinstance(leaf, bool | str):
        return json.dumps(leaf, ensure_ascii=False)
    if isinstance(leaf, int):
        return str(Decimal(leaf).normalize())
    if isinstance(leaf, float | Decimal):
        number = Decimal(repr(leaf)) if isinstance(leaf, float) else leaf
        return "0" if number == 0 else str(number.normalize())
    if isinstance(leaf, Written):
        leaf = leaf.normal
    if isinstance(leaf, datetime) and leaf.tzinfo is not None:
        leaf = leaf.astimezone(UTC)
    return f"{type(leaf).__name__} {leaf}"


def unsaid(value: object, said: Mapping[str, object]) -> Iterator[str]:
    """Yield the fields of a record, at any depth, that are neither under nor above any path of ``said``; all in Python.

    Only fields that the schema asks for count; one that a validator or a default filled in without an answer is unsaid.
    """
    covered = {".".join(parts[:end]) for parts in (path.split(".") for path in said) for end in range(len(parts) + 1)}
    yield from _unsaid(value, "", said, covered)


def map_paths(value: object, path: str = "") -> Iterator[str]:
    """Yield the paths of the mappings inside a value, itself included: objects that may have any keys."""
    if isinstance(value, Mapping):
        yield path
    for key, below in named_parts(value):
        yield from map_paths(below, _joined(path, key))


def record_paths(value: object, path: str = "") -> Iterator[str]:
    """Yield the paths of the records inside a value, itself included, that have a field which their schema asks for."""
    if _names(_kind(value)) and any(True for _ in named_parts(value, in_python=True)):
        yield path
    for key, below in named_parts(value):
        yield from record_paths(below, _joined(path, key))


def _unsaid(value: object, path: str, said: Mapping[str, object], covered: set[str]) -> Iterator[str]:
    if path in said:
        return
    if path and path not in covered:
        yield path
        return
    for key, below in named_parts(value, in_python=True):
        yield from _unsaid(below, f"{path}.{key}" if path else key, said, covered)


def _walk(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, set | frozenset):
        value = sorted(value, key=_whole)
    listed = isinstance(value, list | tuple)
    parts = list(named_parts(value))
    if listed:
        yield _joined(path, LENGTH), str(len(parts))
    elif not parts:
        yield path, "{}" if _is_container(value) else spelled(value)
    for key, below in parts:
        yield from _walk(below, _joined(path, key))


def _whole(value: object) -> list[tuple[str, str]]:
    return sorted(_walk(value, ""))


def _joined(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part


def _is_container(value: object) -> bool:
    return isinstance(value, Mapping) or bool(_names(_kind(value)))


def named_parts(value: Any, *, in_python: bool = False) -> Iterator[tuple[str, object]]:
    """Yield the parts of a value by the key that JSON gives them; of a leaf, none.

    With ``in_python``, those that the schema asks for, by the names that records have for them.
    """
    if isinstance(value, str | bytes):
        return
    if isinstance(value, Mapping):
        yield from ((str(key), below) for key, below in value.items())
    elif in_python and isinstance(value, tuple) and (names := getattr(value, "_fields", None)):
        yield from zip(names, value, strict=True)
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((str(index), below) for index, below in enumerate(value))
    elif getattr(type(value), "__pydantic_root_model__", False):
        yield from named_parts(value.root, in_python=in_python)
    else:
        asked = _asked(_kind(value)) if in_python else None
        for name, key in _names(_kind(value)).items():
            if asked is None or key in asked:
                yield name if in_python else key, getattr(value, name, None)
        yield from (getattr(value, "__pydantic_extra__", None) or {}).items()


def _kind(value: object) -> object:
    return type(value)


@lru_cache(maxsize=512)
def _names(kind: object) -> dict[str, str]:
    """Return the JSON key of every field of a model or dataclass by its attribute; empty for other types."""
    fields: Mapping[str, object] = getattr(kind, "__pydantic_fields__", None) or getattr(
        kind, "__dataclass_fields__", {}
    )
    return {name: _key(name, info) for name, info in fields.items()}


def _key(name: str, info: object) -> str:
    alias: object = getattr(info, "validation_alias", None)
    first = alias.choices[0] if hasattr(alias, "choices") else alias
    return first if isinstance(first, str) else getattr(info, "alias", None) or name


@lru_cache(maxsize=512)
def _asked(kind: Any) -> frozenset[str] | None:
    """Return the keys that a type's JSON Schema asks for; None where it has none of its own: then all count."""
    from handrail_ai_steps.adapter import Adapter, NoSchema  # noqa: PLC0415 -- pydantic takes longest of all to load

    if not _names(kind):
        return None
    try:
        return frozenset(_properties(Adapter(kind).schema))
    except NoSchema:
        return None


def _properties(schema: JsonObject) -> JsonObject:
    reference = schema.get("$ref")
    if isinstance(reference, str):  # a type that contains itself
        schema = schema.get("$defs", {}).get(reference.rpartition("/")[2], {})
    properties: JsonObject = schema.get("properties", {})
    return properties
