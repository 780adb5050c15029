"""Which values are known to come back equal without trying: a test made from a pydantic core schema.

Storing a value and reading it back to compare costs about three times the storing. For plain parts (text, numbers,
lists and dataclasses of them) it is enough to know that every part has exactly the annotated class. A test that says
no proves nothing: the codec then compares. The same goes for a schema that has no test.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeAlias
from uuid import UUID

from pydantic_core import TzInfo

from handrail_orchestrator.storable import CoreSchema

Test: TypeAlias = Callable[[Any], bool]

LARGEST = 10**4000
"""Python reads integers of at most 4,300 digits from text."""


@dataclass(frozen=True, slots=True)
class ExactForm:
    """How to tell that a value comes back equal."""

    test: Test
    """True only for values that come back equal."""
    forms: frozenset[str]
    """What the JSON of such a value can look like; a union is told apart by it."""


def exact_test(schema: CoreSchema) -> Test | None:
    """Return the test for values of this schema, or None when every value has to be tried."""
    definitions: dict[str, CoreSchema] = {}
    if schema["type"] == "definitions":
        definitions = {inner["ref"]: inner for inner in schema["definitions"]}
        schema = schema["schema"]
    found = _Tests(definitions, ()).of(schema)
    return found.test if found else None


_SCALARS: dict[str, ExactForm] = {
    "none": ExactForm(lambda v: v is None, frozenset({"null"})),
    "bool": ExactForm(lambda v: type(v) is bool, frozenset({"bool"})),
    "int": ExactForm(lambda v: type(v) is int and -LARGEST < v < LARGEST, frozenset({"int"})),
    # Subtracting drops NaN and the infinities, which are text in JSON, at the price of one operation.
    "float": ExactForm(lambda v: type(v) is float and v - v == 0.0, frozenset({"float"})),
    "str": ExactForm(lambda v: type(v) is str, frozenset({"text"})),
    "bytes": ExactForm(lambda v: type(v) is bytes, frozenset({"text"})),
    "date": ExactForm(lambda v: type(v) is date, frozenset({"text"})),
    "datetime": ExactForm(lambda v: type(v) is datetime and _plain_zone(v), frozenset({"text"})),
    "uuid": ExactForm(lambda v: type(v) is UUID, frozenset({"text"})),
    "decimal": ExactForm(lambda v: type(v) is Decimal and v.is_finite(), frozenset({"text"})),
}

_HARMLESS = {"type", "ref", "metadata", "config", "cls", "generic_origin"}
_HARMLESS_CONFIG = {
    *("title", "frozen", "from_attributes", "extra_fields_behavior", "revalidate_instances", "validate_default"),
    *("ser_json_bytes", "val_json_bytes", "ser_json_inf_nan", "ser_json_temporal", "serialize_by_alias"),
    *("validate_by_alias", "validate_by_name", "hide_input_in_errors", "cache_strings"),
}


def _plain_zone(value: datetime) -> bool:
    zone = value.tzinfo
    return not value.fold and (zone is None or zone is UTC or type(zone) is TzInfo)


@dataclass(frozen=True, slots=True)
class _Tests:
    """Makes tests; every schema with a key that is not known to be harmless has none."""

    definitions: dict[str, CoreSchema]
    inside: tuple[str, ...]
    """References on the way here: a type that contains itself has no test."""

    def of(self, schema: CoreSchema) -> ExactForm | None:
        kind = schema["type"]
        if kind in _SCALARS:
            return _SCALARS[kind] if _only(schema, "microseconds_precision") else None
        maker = _MAKERS.get(kind)
        return maker(self, schema) if maker else None

    def referenced(self, schema: CoreSchema) -> ExactForm | None:
        ref = schema["schema_ref"]
        if ref in self.inside or ref not in self.definitions or not _only(schema, "schema_ref"):
            return None
        return _Tests(self.definitions, (*self.inside, ref)).of(self.definitions[ref])

    def defaulted(self, schema: CoreSchema) -> ExactForm | None:
        fine = _only(schema, "schema", "default", "default_factory", "default_factory_takes_data", "copy_default")
        return self.of(schema["schema"]) if fine else None

    def nullable(self, schema: CoreSchema) -> ExactForm | None:
        inner = self.of(schema["schema"]) if _only(schema, "schema") else None
        if inner is None or "null" in inner.forms:
            return inner
        test = inner.test
        return ExactForm(lambda v: v is None or test(v), inner.forms | {"null"})

    def union(self, schema: CoreSchema) -> ExactForm | None:
        choices = [self.of(choice) if isinstance(choice, dict) else None for choice in schema["choices"]]
        if not _only(schema, "choices"):
            return None
        members = [choice for choice in choices if choice is not None]
        forms: frozenset[str] = frozenset().union(*(member.forms for member in members))
        if len(members) != len(choices) or len(forms) != sum(len(member.forms) for member in members):
            return None
        tests = tuple(member.test for member in members)
        return ExactForm(lambda v: any(test(v) for test in tests), forms)

    def literal(self, schema: CoreSchema) -> ExactForm | None:
        expected = schema["expected"]
        if not _only(schema, "expected") or not all(type(item) is str for item in expected):
            return None
        known = frozenset(expected)
        return ExactForm(lambda v: type(v) is str and v in known, frozenset({"text"}))

    def enum(self, schema: CoreSchema) -> ExactForm | None:
        cls = schema["cls"]
        if not _only(schema, "members", "sub_type") or not all(type(member.value) is str for member in cls):
            return None
        return ExactForm(lambda v: type(v) is cls, frozenset({"text"}))

    def collection(self, schema: CoreSchema) -> ExactForm | None:
        cls: Any = {"list": list, "set": set, "frozenset": frozenset}[schema["type"]]
        inner = self.of(schema["items_schema"]) if _only(schema, "items_schema") else None
        if inner is None:
            return None
        test = inner.test
        return ExactForm(lambda v: type(v) is cls and all(map(test, v)), frozenset({"array"}))

    def row(self, schema: CoreSchema) -> ExactForm | None:
        items = [self.of(item) for item in schema["items_schema"]]
        if not _only(schema, "items_schema", "variadic_item_index") or None in items:
            return None
        tests = tuple(item.test for item in items if item)
        size, only = len(tests), tests[0] if tests else None

        def test_fixed(value: object) -> bool:
            return type(value) is tuple and len(value) == size and all(map(_call, tests, value))

        if "variadic_item_index" not in schema:
            return ExactForm(test_fixed, frozenset({"array"}))
        if size != 1 or only is None:
            return None
        return ExactForm(lambda v: type(v) is tuple and all(map(only, v)), frozenset({"array"}))

    def mapping(self, schema: CoreSchema) -> ExactForm | None:
        if not _only(schema, "keys_schema", "values_schema", "strict") or schema["keys_schema"] != {"type": "str"}:
            return None
        values = self.of(schema["values_schema"])
        if values is None:
            return None
        test = values.test
        return ExactForm(
            lambda v: type(v) is dict and {*map(type, v)} <= _TEXT_ONLY and all(map(test, v.values())),
            frozenset({"object"}),
        )

    def model(self, schema: CoreSchema) -> ExactForm | None:
        inner = schema["schema"]
        plain = not any(schema.get(key) for key in ("custom_init", "root_model", "post_init"))
        known = _only(schema, "schema", "custom_init", "root_model", "post_init", "frozen")
        fine = inner["type"] == "model-fields" and _only(inner, "fields", "model_name", "computed_fields")
        if not (plain and known and fine and _config(schema)):
            return None
        tests = self.fields((name, field["schema"], field) for name, field in inner["fields"].items())
        cls = schema["cls"]
        if tests is None:
            return None
        size = len(tests)

        def test(value: object) -> bool:
            if type(value) is not cls or len(state := value.__dict__) != size:
                return False
            return all(name in state and check(state[name]) for name, check in tests)

        return ExactForm(test, frozenset({"object"}))

    def dataclass(self, schema: CoreSchema) -> ExactForm | None:
        inner = schema["schema"]
        known = _only(schema, "schema", "fields", "post_init", "frozen", "slots") and not schema.get("post_init")
        fine = inner["type"] == "dataclass-args" and _only(
            inner, "fields", "dataclass_name", "computed_fields", "collect_init_only"
        )
        if not (known and fine and _config(schema)):
            return None
        tests = self.fields((field["name"], field["schema"], field) for field in inner["fields"])
        if tests is None:
            return None
        cls = schema["cls"]
        checks = tuple((attrgetter(name), check) for name, check in tests)
        return ExactForm(
            lambda v: type(v) is cls and all(check(get(v)) for get, check in checks), frozenset({"object"})
        )

    def typed_dict(self, schema: CoreSchema) -> ExactForm | None:
        fields: dict[str, CoreSchema] = schema["fields"]
        known = _only(schema, "fields", "total", "extra_behavior", "computed_fields")
        found = self.fields((name, field["schema"], field) for name, field in fields.items())
        if found is None or not (known and _config(schema) and schema.get("extra_behavior") != "allow"):
            return None
        tests = dict(found)
        required = {name for name, field in fields.items() if field.get("required", schema.get("total", True))}
        all_required = len(required) == len(tests)

        def test(value: object) -> bool:
            if type(value) is not dict or not (all_required or value.keys() >= required):
                return False
            for name, item in value.items():  # a generator would cost as much again: all arguments come by here
                check = tests.get(name)
                if check is None or not check(item):
                    return False
            return not all_required or len(value) == len(tests)

        return ExactForm(test, frozenset({"object"}))

    def fields(self, parts: Iterator[tuple[str, CoreSchema, CoreSchema]]) -> tuple[tuple[str, Test], ...] | None:
        tests: list[tuple[str, Test]] = []
        for name, schema, field in parts:
            found = self.of(schema)
            if found is None or not _field(field):
                return None
            tests.append((name, found.test))
        return tuple(tests)


def _call(test: Test, value: object) -> bool:
    return test(value)


_TEXT_ONLY = {str}

_MAKERS: dict[str, Callable[[_Tests, CoreSchema], ExactForm | None]] = {
    "definition-ref": _Tests.referenced,
    "default": _Tests.defaulted,
    "nullable": _Tests.nullable,
    "union": _Tests.union,
    "literal": _Tests.literal,
    "enum": _Tests.enum,
    "list": _Tests.collection,
    "set": _Tests.collection,
    "frozenset": _Tests.collection,
    "tuple": _Tests.row,
    "dict": _Tests.mapping,
    "model": _Tests.model,
    "dataclass": _Tests.dataclass,
    "typed-dict": _Tests.typed_dict,
}


def _only(schema: CoreSchema, *known: str) -> bool:
    return schema.keys() <= _HARMLESS.union(known)


def _field(field: CoreSchema) -> bool:
    known = {"type", "name", "schema", "metadata", "kw_only", "init", "frozen", "required"}
    return field.keys() <= known | {"validation_alias", "serialization_alias"} and field.get("init", True) is True


def _config(schema: CoreSchema) -> bool:
    config = schema.get("config", {})
    return _HARMLESS_CONFIG.issuperset(config) and config.get("extra_fields_behavior") != "allow"
