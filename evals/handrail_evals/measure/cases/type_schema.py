"""The JSON Schemas of the types of cases, as strict as reading is."""

from typing import Any

from pydantic import PydanticInvalidForJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.cases.value_type import ValueType
from handrail_orchestrator.codec import type_name


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
