"""JSON Schemas that say what the keys of an object are read as: in JSON each is a text, in Python it need not be."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

_BOUNDS: Mapping[str, str] = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}


class SchemaWithKeys(GenerateJsonSchema):
    """Generates the usual JSON Schema, with the form of keys that are no texts.

    Pydantic leaves it out, so that any text would pass for the number of ``dict[int, str]``, or writes what no text
    fits: the numbers of an ``IntEnum``. Bounds stand beside the format; a schema holds only numbers to them, a form
    holds the typed key to them too.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        """Begin a schema; the parameters are pydantic's."""
        super().__init__(*given, **named)
        self._defined: dict[str, Any] = {}

    def definitions_schema(self, schema: core_schema.DefinitionsSchema) -> JsonSchemaValue:
        """Generate the schema of a type with references, and keep what those stand for."""
        for each in schema["definitions"]:
            self._defined[str(each.get("ref"))] = each
        return super().definitions_schema(schema)

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Generate the schema of a mapping, with the form of its keys."""
        made = super().dict_schema(schema)
        keys = self._keys(schema.get("keys_schema"))
        return made if keys is None else {**made, "propertyNames": keys}

    def _keys(self, schema: Any) -> JsonSchemaValue | None:
        """Return the schema of keys that are no texts; None for texts, and for what has no form of its own."""
        if isinstance(schema, Mapping) and schema["type"] == "definition-ref":
            schema = self._defined.get(schema["schema_ref"])
        match schema:
            case {"type": "enum", "members": list(members)}:
                return _listed(each.value for each in members)
            case {"type": "literal", "expected": list(expected)}:
                return _listed(expected)
            case {"type": "bool"}:
                return _listed((True, False))
            case {"type": "int"}:
                return {"format": "integer", **_bounds(schema)}
            case {"type": "float" | "decimal"}:
                return {"format": "number", **_bounds(schema)}
            case _:
                return None


def _listed(values: Iterable[Any]) -> JsonSchemaValue | None:
    """Return the schema of whole numbers and truth values as keys; None for texts, which pydantic describes itself."""
    found = list(values)
    return {"enum": [json.dumps(each) for each in found]} if all(isinstance(each, int) for each in found) else None


def _bounds(schema: Mapping[str, Any]) -> JsonSchemaValue:
    """Return the bounds of a number, as JSON has them."""
    found = {name: schema[key] for key, name in _BOUNDS.items() if schema.get(key) is not None}
    return {name: bound if isinstance(bound, int | float) else float(bound) for name, bound in found.items()}
