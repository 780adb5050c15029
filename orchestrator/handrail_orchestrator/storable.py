"""Which types can be stored: a walk over a pydantic core schema that refuses, or returns it fit for exact storage.

Refusing happens when a codec is built, so that a workflow that cannot be remembered never starts.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from pydantic_core.core_schema import CoreConfig

CoreSchema: TypeAlias = dict[str, Any]
"""A pydantic core schema, read as the plain data that it is."""

EXACT_JSON: CoreConfig = {
    "ser_json_bytes": "base64",
    "val_json_bytes": "base64",
    "ser_json_inf_nan": "strings",
    "ser_json_temporal": "iso8601",
}
"""The only settings under which bytes, NaN, the infinities and lengths of time survive; a model's own are replaced."""

NESTED = ("schema", "items_schema", "keys_schema", "values_schema", "steps", "fields", "choices", "definitions")
NESTED_ASIDE = ("lax_schema", "json_schema", "extras_schema", "extras_keys_schema")
"""Where a core schema holds others that JSON passes through (the branches for Python values are never stored)."""

JSON_VALUE = "pydantic.types.JsonValue:"
"""How the reference of pydantic's own type for any JSON starts."""

_UNTYPED = (
    "it is not typed there (Any, object, a bare dict or list, or a type variable without a value); "
    "name the type, or use pydantic.JsonValue for free JSON"
)
_NO_DATA = "is code, not data; pass what it was made from, or keep it out of inputs and results"
_SECRET = "holds a secret, and secrets do not belong in records; pass its name and read it inside the step"  # noqa: S105

REFUSED: dict[str, str] = {
    "any": _UNTYPED,
    "callable": f"a callable {_NO_DATA}",
    "is-subclass": f"a class {_NO_DATA}",
    "generator": "an iterator can be read only once; use list[...] or tuple[...]",
    "is-instance": "pydantic knows no schema for this class; use a dataclass, a pydantic model or a TypedDict",
    "arguments": f"a call's arguments are stored by handrail_orchestrator.codec.signature_codec; this type {_NO_DATA}",
    "call": f"a call {_NO_DATA}",
    "invalid": "pydantic could not make a schema for it",
}


class Refused(Exception):
    """A type that cannot be stored: the path of fields to it, and why with what to do instead."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"field {path!r}: {reason}" if path else reason)


def storable(schema: CoreSchema) -> CoreSchema:
    """Return a copy of the schema under which JSON loses as little as it can.

    Raises:
        Refused: some part of it can never be stored.
    """
    _refuse(schema, "")
    return _with_exact_json(schema)


def with_parts(schema: CoreSchema, change: Callable[[CoreSchema], CoreSchema]) -> CoreSchema:
    """Return a copy of the schema with ``change`` applied to each schema directly in it."""
    aside = ("strict_schema", "python_schema", "return_schema", "serialization")
    return {
        key: _changed(part, change) if key in {*NESTED, *NESTED_ASIDE, *aside} else part for key, part in schema.items()
    }


def _changed(part: object, change: Callable[[CoreSchema], CoreSchema]) -> Any:
    """Change what stands at one key: a schema, a list of schemas, or schemas by name or with a label."""
    if isinstance(part, dict):
        if isinstance(part.get("type"), str):
            return change(part)
        return {key: _changed(inner, change) for key, inner in part.items()}
    if isinstance(part, list | tuple):
        return type(part)(_changed(inner, change) for inner in part)
    return part


def _with_exact_json(schema: CoreSchema) -> CoreSchema:
    copy = with_parts(schema, _with_exact_json)
    if copy["type"] in {"model", "dataclass", "typed-dict"}:
        copy["config"] = {**copy.get("config", {}), **EXACT_JSON}
    if copy["type"] == "dict" and _is_whole_numbers(copy.get("keys_schema")):
        copy["keys_schema"] = {"type": "chain", "steps": [{"type": "int"}, copy["keys_schema"]]}
    return copy


def _is_whole_numbers(schema: object) -> bool:
    """Return whether these are listed whole numbers: as a key of JSON each is a text, and pydantic reads it so."""
    match schema:
        case {"type": "literal", "expected": list(expected)}:
            return all(type(each) is int for each in expected)
        case _:
            return False


def _refuse(schema: CoreSchema, path: str) -> None:
    kind = schema["type"]
    if str(schema.get("ref", "")).startswith(JSON_VALUE):
        return
    _refuse_disguises(schema, path)
    if kind in REFUSED:
        raise Refused(path, REFUSED[kind])
    for key in (*NESTED, *NESTED_ASIDE):
        if key in schema:
            _refuse_part(schema[key], path, union=kind == "union")


def _refuse_part(part: object, path: str, *, union: bool) -> None:
    if isinstance(part, dict) and isinstance(part.get("type"), str):
        # A third-party type's own class check, beside a branch that reads JSON, is for Python values only.
        if not (union and part["type"] == "is-instance"):
            _refuse(part, _below(path, part.get("name") if part["type"].endswith("-field") else None))
    elif isinstance(part, dict):
        for name, inner in part.items():
            _refuse_part(inner, _below(path, name if _is_field(inner) else None), union=union)
    elif isinstance(part, list | tuple):
        for inner in part:
            _refuse_part(inner, path, union=union)


def _is_field(part: object) -> bool:
    return isinstance(part, dict) and str(part.get("type")) in {"model-field", "typed-dict-field"}


def _below(path: str, name: str | None) -> str:
    return path if name is None else f"{path}.{name}" if path else name


def _refuse_disguises(schema: CoreSchema, path: str) -> None:
    """Refuse what pydantic can write but never read back, or could only read back by running code."""
    if schema.get("serialization_exclude"):
        raise Refused(path, "it is left out of JSON (exclude=True), so it would be lost; drop exclude, or the field")
    writer = _function(schema.get("serialization"))
    if getattr(writer, "__module__", "") == "pydantic.types" and "_secret" in getattr(writer, "__name__", ""):
        raise Refused(path, _SECRET)
    reader = _function(schema)
    if getattr(reader, "__name__", "") == "import_string":
        raise Refused(path, "reading it back would import whatever the record names; store a plain str instead")


def _function(schema: object) -> Any:
    found = schema.get("function") if isinstance(schema, dict) else None
    return found.get("function") if isinstance(found, dict) else found
