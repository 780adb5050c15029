"""The JSON Schema of cases, as strict as reading is: by it editors complete and check cases while they are written."""

import json
from pathlib import Path
from typing import Any

from pydantic import PydanticInvalidForJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.cases.form import NATIVE, PROVENANCE
from handrail_evals.measure.cases.value_type import ValueType
from handrail_orchestrator.type_words import type_name

DIALECT = "https://json-schema.org/draft/2020-12/schema"

GENERIC = Path(__file__).parent / "cases.schema.json"
"""The schema of cases with any input and any expected value, as it is installed."""

CASE = "case"
"""What a schema of a file calls one case among its definitions."""


class _Strict(GenerateJsonSchema):
    """Closes a model that a strict schema closes; pydantic itself only looks at the model's own settings."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Return the JSON Schema of a model."""
        generated = super().model_schema(schema)
        if schema.get("config", {}).get("extra_fields_behavior") == "forbid" and not schema.get("root_model"):
            generated.setdefault("additionalProperties", False)
        return generated


def schemas_of(**types: Any) -> tuple[list[JsonSchemaValue], dict[str, JsonSchemaValue]]:
    """Return the JSON Schemas of types, given by the names of the parts they are for, and their common definitions.

    Raises:
        InvalidSetting: JSON Schema cannot describe one of them.
    """
    read: list[ValueType[Any]] = [ValueType(annotation, part) for part, annotation in types.items()]
    generator = _Strict()
    try:
        schemas, definitions = generator.generate_definitions([(each.part, "validation", each.schema) for each in read])
    except PydanticInvalidForJsonSchema as error:
        named = ", ".join(f"{part}={type_name(annotation)}" for part, annotation in types.items())
        raise InvalidSetting(f"JSON Schema cannot describe {named}: {error.message}") from error
    return [schemas[part, "validation"] for part in types], {str(name): schema for name, schema in definitions.items()}


def case_schema(*, input: object = str, expected: object = Any, allow_unlabelled: bool = False) -> dict[str, Any]:  # noqa: A002
    """Return the JSON Schema (2020-12) of one case: of a line of JSON Lines, or an item of a YAML list.

    The arguments are those of ``read_cases``: what one accepts the other does, except for what JSON Schema cannot say
    (names are unique, a whole number has no fraction, the checks of validators in Python).

    Raises:
        InvalidSetting: JSON Schema cannot describe one of the types.
    """
    case, definitions = _case(input, expected, allow_unlabelled=allow_unlabelled)
    return {"$schema": DIALECT, **case, **({"$defs": definitions} if definitions else {})}


def file_schema(*, input: object = str, expected: object = Any, allow_unlabelled: bool = False) -> dict[str, Any]:  # noqa: A002
    """Return the JSON Schema (2020-12) of a YAML file of cases.

    Raises:
        InvalidSetting: JSON Schema cannot describe one of the types.
    """
    case, definitions = _case(input, expected, allow_unlabelled=allow_unlabelled)
    name = CASE
    while name in definitions:  # a class of the user's may be called so
        name = f"{name}_"
    cases = {"items": {"$ref": f"#/$defs/{name}"}, "minItems": 1}
    return {
        "$schema": DIALECT,
        "title": "Cases",
        "description": "Examples to measure on: a list, or an object with the list under cases.",
        "type": ["array", "object"],
        **cases,
        "properties": {"$schema": {"type": "string"}, "cases": {"type": "array", **cases}},
        "required": ["cases"],
        "additionalProperties": False,
        "$defs": {**definitions, name: case},
    }


def write_schema(path: Path, *, input: object = str, expected: object = Any, allow_unlabelled: bool = False) -> None:  # noqa: A002
    """Write the JSON Schema of a YAML file of cases, for editors; one that was there is replaced.

    Raises:
        InvalidSetting: JSON Schema cannot describe one of the types.
        OSError: the file cannot be written.
    """
    schema = file_schema(input=input, expected=expected, allow_unlabelled=allow_unlabelled)
    path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def is_schema(path: Path) -> bool:
    """Return whether a file holds a JSON Schema, which may be written anew; cases may not.

    Raises:
        OSError: it cannot be read.
    """
    try:
        held = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(held, dict) and "$schema" in held


def _case(input_type: object, expected: object, *, allow_unlabelled: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of a case, and the definitions it refers to."""
    (input_schema, expected_schema), definitions = schemas_of(input=input_type, expected=expected)
    name = {
        "description": "What results call it: unique among the cases of a suite.",
        "anyOf": [{"type": "string", "pattern": r"\S"}, {"type": "integer"}],
    }
    is_label_needed = expected is not Any and not allow_unlabelled
    properties: dict[str, Any] = {
        **dict.fromkeys(NATIVE.name_keys, name),
        "input": described(input_schema, "What the target is called with."),
        "expected": described(expected_schema, "What should come of it; null is an answer, leaving it out is none."),
        "steps": {"description": "What a workflow's steps should come to, by name.", "type": "object"},
        "metadata": {
            "description": "What the case is like (language, customer): reports can be sliced by it.",
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
        },
        "cluster": {
            "description": "What it shares with other cases (document, sender), which makes them count for less.",
            "type": ["string", "integer", "null"],
        },
        "must_pass": {
            "description": "Whether a release may not go out while it fails, whatever the averages say.",
            "type": "boolean",
        },
        "blind": {
            "description": "Whether the label was given without a model's suggestion in view; null: nobody says.",
            "type": ["boolean", "null"],
        },
        PROVENANCE: {
            "description": "Where the label comes from, as `handrail review export` writes it; not read with the case."
        },
    }
    case = {
        "title": "Case",
        "type": "object",
        "properties": properties,
        "required": ["input", "expected"] if is_label_needed else ["input"],
        "oneOf": [{"required": [key]} for key in NATIVE.name_keys],
        "additionalProperties": False,
    }
    return case, definitions


def described(schema: Any, description: str) -> Any:
    """Return the schema of a part with what the part is, beside a reference as much as beside keywords."""
    return {"description": description, **schema}
