"""What is taken for one of some choices that JSON tells apart from it: to Python, true is 1 and false is 0.

Pydantic looks up what a ``Literal`` or an ``Enum`` may be by equality, however strictly it reads.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from handrail_ai_steps.strict_json import JsonObject

_KINDS: Mapping[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (int, float),
    "integer": (int, float),
    "number": (int, float),
    "string": (str,),
    "array": (list, tuple),
    "object": (Mapping,),
}


def has_truths_and_numbers(schema: object) -> bool:
    """Return whether some choice of a JSON Schema is true, false, 0 or 1."""
    if isinstance(schema, list | tuple):
        return any(map(has_truths_and_numbers, schema))
    if not isinstance(schema, Mapping):
        return False
    return any(each in {0, 1} for each in _choices(schema) if isinstance(each, int | float)) or any(
        map(has_truths_and_numbers, schema.values())
    )


def mistaken_choice(schema: JsonObject, data: object) -> str:
    """Return what of plain JSON data would be taken for a choice that it is not, in words; empty: nothing."""
    return next(_mistaken(schema, data, schema.get("$defs", {}), ""), "")


def _mistaken(schema: Any, data: object, definitions: JsonObject, path: str) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        return
    if "$ref" in schema:
        schema = definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
    if isinstance(data, bool | int | float) and _is_other(list(_choices(schema)), data):
        said = str(data).lower() if isinstance(data, bool) else f"the number {data}"
        yield f"{path or 'the answer'}: {said} is none of the choices"
    branches = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    found = [list(_mistaken(each, data, definitions, path)) for each in branches if _may_be(each, data, definitions)]
    if found and all(found):
        yield found[0][0]
    for each in schema.get("allOf", ()):
        yield from _mistaken(each, data, definitions, path)
    for key, part, below in _parts(schema, data):
        yield from _mistaken(part, below, definitions, f"{path}.{key}" if path else key)


def _parts(schema: JsonObject, data: object) -> Iterator[tuple[str, Any, object]]:
    """Yield what is inside of an object or a list, with its schema."""
    if isinstance(data, Mapping):
        named, others = schema.get("properties", {}), schema.get("additionalProperties")
        for key, below in data.items():
            yield str(key), named.get(key, others), below
    elif isinstance(data, list | tuple):
        first = schema.get("prefixItems", ())
        for index, below in enumerate(data):
            yield str(index), first[index] if index < len(first) else schema.get("items"), below


def _choices(schema: JsonObject) -> Iterator[object]:
    yield from schema.get("enum", ())
    if "const" in schema:
        yield schema["const"]


def _is_other(choices: list[object], data: float) -> bool:
    """Return whether a truth value or a number equals a choice, and none of its own kind."""
    equal = [each for each in choices if each == data]
    return bool(equal) and all(isinstance(each, bool) != isinstance(data, bool) for each in equal)


def _may_be(schema: Any, data: object, definitions: JsonObject) -> bool:
    """Return whether data has the JSON type of a schema, as far as that says one; true may be a number here."""
    if isinstance(schema, Mapping) and "$ref" in schema:
        schema = definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        return True
    return isinstance(data, _KINDS[kind])
