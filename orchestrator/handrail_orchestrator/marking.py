"""The marked form of JSON, for the values whose plain form would not say what they are.

``str | bytes`` writes both as text, a dictionary's keys can be tuples, and an offset is not a time zone. In the marked
form a member of a union is ``[its type, value]``, a dictionary with such keys is a list of pairs, and a moment is
``[moment, zone, fold]``. It is used only when the plain form did not come back equal: most records stay what people
expect. What reads it without the type is ``handrail_orchestrator.unmarking``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import SchemaValidator, ValidationError

from handrail_orchestrator.exactness import exact_test
from handrail_orchestrator.sameness import difference
from handrail_orchestrator.storable import EXACT_JSON, JSON_VALUE, CoreSchema, with_parts
from handrail_orchestrator.unmarking import KEY


def marked(schema: CoreSchema) -> CoreSchema | None:
    """Return the schema of ``{"$exact": value}``, or None when the marked form would be the same as the plain one."""
    definitions = schema["definitions"] if schema["type"] == "definitions" else []
    marking = _Marking(definitions)
    value = marking.of(schema["schema"] if definitions else schema)
    definitions = [marking.of(inner) for inner in definitions]
    fields = {KEY: {"type": "typed-dict-field", "schema": value, "required": True}}
    envelope: CoreSchema = {"type": "typed-dict", "fields": fields, "extra_behavior": "forbid", "config": EXACT_JSON}
    if not marking.marks:
        return None
    return {"type": "definitions", "schema": envelope, "definitions": definitions} if definitions else envelope


@dataclass(slots=True)
class _Marking:
    """Walks a schema and replaces what the plain form cannot tell apart."""

    definitions: list[CoreSchema]
    marks: int = field(default=0, init=False)
    """How many parts were replaced."""

    def of(self, schema: CoreSchema) -> CoreSchema:
        kind = schema["type"]
        # A type that writes itself also reads itself, and the parts inside speak only of Python values.
        if "serialization" in schema or str(schema.get("ref", "")).startswith(JSON_VALUE):
            return schema
        if kind in {"lax-or-strict", "json-or-python"}:
            return schema
        parts = with_parts(schema, self.of)
        if kind == "union":
            return self.union(schema, parts)
        if kind == "dict" and schema.get("keys_schema", {}).get("type") != "str":
            return self.pairs(parts)
        return self.moment(schema) if kind in {"datetime", "time"} else parts

    def union(self, schema: CoreSchema, parts: CoreSchema) -> CoreSchema:
        members = [choice if isinstance(choice, dict) else choice[0] for choice in schema["choices"]]
        inner = [choice if isinstance(choice, dict) else choice[0] for choice in parts["choices"]]
        names = self.names(members)
        pairs = zip(names, members, strict=True)
        choose = _Choice(tuple(_Member(name, member, self.definitions) for name, member in pairs))
        by_name = {name: _tuple({"type": "str"}, part) for name, part in zip(names, inner, strict=True)}
        return self.replaced(
            {"type": "tagged-union", "discriminator": _first, "choices": by_name},
            write=lambda value: (choose(value), value),
            read=_second,
            ref=schema.get("ref"),
        )

    def pairs(self, parts: CoreSchema) -> CoreSchema:
        pair = _tuple(parts["keys_schema"], parts.get("values_schema", {"type": "any"}))
        size: CoreSchema = {key: parts[key] for key in ("min_length", "max_length") if key in parts}
        return self.replaced(
            {"type": "list", "items_schema": pair, **size},
            write=lambda value: list(value.items()),
            read=dict,
            ref=parts.get("ref"),
        )

    def moment(self, schema: CoreSchema) -> CoreSchema:
        inner = {key: part for key, part in schema.items() if key != "ref"}
        return self.replaced(
            _tuple(inner, {"type": "nullable", "schema": {"type": "str"}}, {"type": "int"}),
            write=lambda value: (value, getattr(value.tzinfo, "key", None), value.fold),
            read=_moment,
            ref=schema.get("ref"),
        )

    def replaced(
        self, schema: CoreSchema, *, write: Callable[[Any], Any], read: Callable[[Any], Any], ref: str | None
    ) -> CoreSchema:
        self.marks += 1
        both: CoreSchema = {
            "type": "function-after",
            "function": {"type": "no-info", "function": read},
            "schema": schema,
            "serialization": {"type": "function-plain", "function": write, "return_schema": schema},
        }
        return {**both, "ref": ref} if ref else both

    def names(self, members: list[CoreSchema]) -> list[str]:
        """Return a name for each member that outlives a change of their order, where one can be had."""
        names = [self.name(member) for member in members]
        earlier = [names[:index].count(name) for index, name in enumerate(names)]
        return [f"{name}#{count}" if count else name for name, count in zip(names, earlier, strict=True)]

    def name(self, schema: CoreSchema) -> str:
        if schema["type"] == "definition-ref":
            found = [inner for inner in self.definitions if inner.get("ref") == schema["schema_ref"]]
            return self.name(found[0]) if found else "ref"
        if "cls" in schema:
            return str(schema["cls"].__name__)
        items = schema.get("items_schema") or schema.get("schema")
        inside = items if isinstance(items, list) else [items] if items else []
        return f"{schema['type']}[{', '.join(map(self.name, inside))}]" if inside else str(schema["type"])


@dataclass(frozen=True)
class _Member:
    """One member of a union."""

    name: str
    schema: CoreSchema
    definitions: list[CoreSchema]

    @cached_property
    def test(self) -> Callable[[Any], bool] | None:
        return exact_test({"type": "definitions", "schema": self.schema, "definitions": self.definitions})

    @cached_property
    def validator(self) -> SchemaValidator:
        schema: Any = {"type": "definitions", "schema": self.schema, "definitions": self.definitions}
        return SchemaValidator(schema, EXACT_JSON, _use_prebuilt=False)

    def certainly(self, value: object) -> bool:
        return self.test is not None and self.test(value)

    def possibly(self, value: object) -> bool:
        try:
            back = self.validator.validate_python(value, strict=True, by_alias=False, by_name=True)
        except ValidationError:
            return False
        return difference(value, back) is None


@dataclass(frozen=True, slots=True)
class _Choice:
    """Tells which member of a union a value belongs to."""

    members: tuple[_Member, ...]

    def __call__(self, value: object) -> str:
        for fits in (_Member.certainly, _Member.possibly):
            for member in self.members:
                if fits(member, value):
                    return member.name
        raise ValueError(f"{type(value).__qualname__} is none of {', '.join(member.name for member in self.members)}")


def _tuple(*items: CoreSchema) -> CoreSchema:
    return {"type": "tuple", "items_schema": list(items)}


def _first(value: Any) -> Any:
    return value[0]


def _second(value: Any) -> Any:
    return value[1]


def _moment(parts: tuple[datetime | time, str | None, int]) -> datetime | time:
    moment, zone, fold = parts
    return moment.replace(tzinfo=moment.tzinfo if zone is None else ZoneInfo(zone), fold=fold)
