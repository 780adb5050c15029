"""Schemas made strict: hypothesis over real pydantic models, and the keywords that servers do not take."""

import json
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from handrail_ai_steps.models.openai.schema import FORMATS, wire_schema


class Color(Enum):
    RED = "red"


class Leaf(BaseModel):
    name: str = "x"
    color: Color | None = None


TYPES = [int, str, bool, float, date, Color, Literal["a", "b"], Leaf, list[Leaf], Leaf | None, tuple[int, int]]


def made(*types: Any) -> type[BaseModel]:
    """Return a model with a field f0, f1, ... of each type."""
    fields: dict[str, Any] = {f"f{index}": (each, ...) for index, each in enumerate(types)}
    return create_model("Made", **fields)


MODELS = st.lists(st.sampled_from(TYPES), min_size=1, max_size=5).map(lambda types: made(*types))


def objects(schema: Any) -> list[dict[str, Any]]:
    """Return every object schema inside a schema."""
    found = []
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict) and "type" in schema:
            found.append(schema)
        for each in schema.values():
            found += objects(each)
    elif isinstance(schema, list):
        for each in schema:
            found += objects(each)
    return found


@given(MODELS)
def test_every_object_is_closed_and_requires_all(model: type[BaseModel]) -> None:
    wire = wire_schema(model.model_json_schema())
    assert wire.strict
    for each in objects(wire.schema):
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])
    jsonschema.Draft202012Validator.check_schema(wire.schema)
    text = json.dumps(wire.schema)
    assert not {key for key in ("default", "oneOf", "allOf", "prefixItems", "discriminator") if f'"{key}"' in text}


@given(MODELS, st.data())
def test_what_the_wire_allows_the_model_reads(model: type[BaseModel], data: st.DataObject) -> None:
    wire = wire_schema(model.model_json_schema())
    values = {name: data.draw(_value(TYPES, field.annotation)) for name, field in model.model_fields.items()}
    plain = json.loads(model(**values).model_dump_json())
    jsonschema.validate(plain, wire.schema)


def _value(types: list[Any], wanted: Any) -> st.SearchStrategy[Any]:
    by_type: list[Any] = [1, "x", True, 0.5, date(2026, 1, 2), Color.RED, "a", Leaf(), [Leaf()], None, (1, 2)]
    return st.just(by_type[types.index(wanted)])


def test_the_given_schema_is_left_as_it_is() -> None:
    schema = Leaf.model_json_schema()
    before = json.dumps(schema)
    wire_schema(schema)
    assert json.dumps(schema) == before


@pytest.mark.parametrize(
    ("annotation", "removed"),
    [
        (Annotated[str, Field(min_length=2)], "minLength"),
        (Annotated[str, Field(json_schema_extra={"pattern": "^(?!a)"})], "pattern"),
        (Annotated[str, Field(json_schema_extra={"format": "iban"})], "format"),
        (set[int], "uniqueItems"),
        (tuple[int, int], "prefixItems"),
    ],
)
def test_keywords_that_strict_output_does_not_take_are_removed_and_remembered(annotation: Any, removed: str) -> None:
    wire = wire_schema(made(annotation).model_json_schema())
    assert removed in wire.removed
    assert f'"{removed}"' not in json.dumps(wire.schema)


def test_a_tuple_of_several_types_keeps_its_order_and_is_not_called_strict() -> None:
    wire = wire_schema(made(tuple[int, str]).model_json_schema())
    field = wire.schema["properties"]["f0"]
    assert field["prefixItems"] == [{"type": "integer"}, {"type": "string"}]
    assert "items" not in field
    assert not wire.strict


def test_a_reference_keeps_its_description_around_it() -> None:
    model = made(Annotated[Leaf, Field(description="the leaf")])
    field = wire_schema(model.model_json_schema()).schema["properties"]["f0"]
    assert field == {"description": "the leaf", "anyOf": [{"$ref": "#/$defs/Leaf"}]}


def test_alternatives_told_apart_by_a_field_become_any_of() -> None:
    class Cat(BaseModel):
        kind: Literal["cat"]

    class Dog(BaseModel):
        kind: Literal["dog"]

    model = made(Annotated[Cat | Dog, Field(discriminator="kind")])
    pet = wire_schema(model.model_json_schema()).schema["properties"]["f0"]
    assert [each["$ref"] for each in pet["anyOf"]] == ["#/$defs/Cat", "#/$defs/Dog"]


@pytest.mark.parametrize("annotation", [dict[str, int], Any, dict[str, Any], list[Any]])
def test_what_cannot_be_closed_is_not_called_strict(annotation: Any) -> None:
    model = made(annotation)
    assert not wire_schema(model.model_json_schema()).strict


@pytest.mark.parametrize(
    ("pattern", "sent"),
    [
        (r"^\d{5}$", "^[0-9]{5}$"),
        (r"^[\d.]+-\w$", "^[0-9.]+-[A-Za-z0-9_]$"),
        (r"^\\d\.[^]]$", r"^\\d\.[^]]$"),
        ("^[A-Z]{2}$", "^[A-Z]{2}$"),
    ],
)
def test_classes_of_characters_are_spelled_out_in_patterns(pattern: str, sent: str) -> None:
    assert wire_schema({"type": "string", "pattern": pattern}).schema["pattern"] == sent


def test_known_formats_stay() -> None:
    assert wire_schema({"type": "string", "format": "date"}).schema["format"] in FORMATS


def test_several_schemas_at_once_cannot_be_strict() -> None:
    wire = wire_schema({"allOf": [{"type": "object", "properties": {}}, {"type": "object", "properties": {}}]})
    assert not wire.strict
    assert wire_schema({"allOf": [{"type": "string"}], "description": "d"}).schema == {
        "type": "string",
        "description": "d",
    }
