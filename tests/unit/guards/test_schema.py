import json
import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail_guards.check import Check
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.schema.json_schema import Draft, json_schema
from handrail_guards.schema.pydantic_type import pydantic_type
from handrail_guards.verdict import Verdict

SUITE = Path(__file__).parents[3].parent / "shared" / "data" / "json-schema"
REMOTES = "http://localhost:1234/"


def verdicts(guard: Check, value: Any) -> tuple[Verdict, ...]:
    said = guard.check(value, GuardContext())
    return said if isinstance(said, tuple) else (said,)


def passes(guard: Check, value: Any) -> bool:
    return all(verdict.passed for verdict in verdicts(guard, value))


def wrong_verdicts(folder: str, tests: str, draft: Draft, *, formats: bool = False) -> list[tuple[str, str, str]]:
    if not SUITE.is_dir():
        pytest.skip("the official JSON Schema suite is not beside the project")
    remotes = SUITE / "remotes"
    documents = {
        REMOTES + path.relative_to(remotes).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in remotes.rglob("*.json")
    }
    return [
        (path.name, group["description"], test["description"])
        for path in sorted((SUITE / "tests" / folder).glob(tests))
        for group in json.loads(path.read_text(encoding="utf-8"))
        for guard in [json_schema(group["schema"], draft=draft, documents=documents, formats=formats)]
        for test in group["tests"]
        if passes(guard, test["data"]) != test["valid"]
    ]


DRAFTS = pytest.mark.parametrize(("folder", "draft"), [("draft2020-12", "2020-12"), ("draft7", "7")])


@DRAFTS
def test_every_required_test_of_the_official_suite_passes(folder: str, draft: Draft) -> None:
    assert wrong_verdicts(folder, "*.json", draft) == []


@DRAFTS
def test_every_test_of_ecmascript_patterns_passes(folder: str, draft: Draft) -> None:
    assert wrong_verdicts(folder, "optional/*-regex.json", draft) == []


@DRAFTS
def test_every_test_of_formats_passes(folder: str, draft: Draft) -> None:
    assert wrong_verdicts(folder, "optional/format/*.json", draft, formats=True) == []


def test_errors_are_told_by_field() -> None:
    schema = {"properties": {"lines": {"items": {"type": "string"}}}, "required": ["total"]}
    told = {verdict.field: verdict.reason for verdict in verdicts(json_schema(schema), {"lines": ["a", 5]})}
    assert told == {None: '"total" is a required property', "lines.1": '5 is not of type "string"'}


def test_models_and_dataclasses_are_checked_as_their_json() -> None:
    class Bill(BaseModel):
        day: date

    @dataclass
    class Plain:
        day: date

    guard = json_schema({"properties": {"day": {"type": "string", "const": "2024-01-02"}}})
    assert passes(guard, Bill(day=date(2024, 1, 2)))
    assert passes(guard, Plain(date(2024, 1, 2)))
    assert passes(guard, {"day": date(2024, 1, 2)})
    assert not passes(guard, Bill(day=date(2024, 1, 3)))


def test_a_reference_is_never_fetched() -> None:
    with pytest.raises(InvalidGuard, match="nothing is fetched"):
        json_schema({"items": {"$ref": "https://example.com/other.json"}})
    known = {"https://example.com/other.json": {"type": "integer"}}
    guard = json_schema({"items": {"$ref": "https://example.com/other.json"}}, documents=known)
    assert passes(guard, [1])
    assert not passes(guard, ["1"])


def test_a_reference_to_a_missing_definition_is_refused() -> None:
    with pytest.raises(InvalidGuard, match="leads nowhere"):
        json_schema({"$ref": "#/$defs/missing"})


def test_formats_are_asserted_only_when_asked() -> None:
    schema = {"format": "ipv4"}
    assert passes(json_schema(schema), "999.1.1.1")
    assert not passes(json_schema(schema, formats=True), "999.1.1.1")


def test_the_draft_is_read_from_the_schema() -> None:
    draft7 = {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]}
    assert not passes(json_schema(draft7), [1])
    assert passes(json_schema({"prefixItems": [{"type": "string"}]}), ["a"])


NESTED: dict[str, Any] = {}
for _ in range(1000):
    NESTED = {"not": NESTED}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "strin"}, "not a JSON Schema, at type"),
        ({"pattern": "("}, 'at pattern: "\\(" is not a "regex"'),
        ({"pattern": r"(?<q>.)\k<q>"}, 'is not a "regex"'),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "Unknown meta-schema"),
        (NESTED, "cannot be compiled"),
    ],
)
def test_a_schema_that_cannot_work_is_refused_when_the_guard_is_built(schema: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidGuard, match=told):
        json_schema(schema)


def test_an_unknown_draft_is_refused() -> None:
    with pytest.raises(InvalidGuard, match="give '2020-12' or '7'"):
        json_schema({}, draft="3")  # type: ignore[arg-type]  # what a caller without a type checker gives


def test_a_metaschema_that_requires_an_unknown_vocabulary_is_refused() -> None:
    meta = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/meta",
        "$vocabulary": {"https://example.com/vocab": True},
    }
    with pytest.raises(InvalidGuard, match="vocabulary"):
        json_schema({"$schema": "https://example.com/meta"}, documents={"https://example.com/meta": meta})


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"^\d+$", "12", True),
        (r"^\d+$", "12\n", False),
        (r"^\d$", "٣", False),
        (r"^\w$", "é", False),
        (r"^[\d\p{Lu}]+$", "3É", True),
        (r"^\P{L}$", "a", False),
        (r"^[\D]$", "5", False),
        (r"^\cA$", "\x01", True),
        (r"^\u{1F600}$", "😀", True),
        (r"^(?<year>\d{4})$", "2024", True),
        (r"^[$[]$", "[", True),
        (r"\bab\b", "x ab y", True),
        (r"^\p{Script=Greek}$", "λ", True),
    ],
)
def test_patterns_mean_what_they_mean_in_ecmascript(pattern: str, text: str, matches: bool) -> None:  # noqa: FBT001
    assert passes(json_schema({"pattern": pattern}), text) is matches
    named = json_schema({"patternProperties": {pattern: {}}, "additionalProperties": False})
    assert passes(named, {text: 1}) is matches


@pytest.mark.parametrize("pattern", ["^(a+)+$", r"^(a|aa)+\1$"])
def test_a_pattern_that_would_try_for_ever_fails(pattern: str) -> None:
    assert not passes(json_schema({"pattern": pattern}), "a" * 60 + "!")
    assert not passes(json_schema({"not": {"pattern": r"^(a|aa)+\1$"}}), "a" * 60 + "!")


@pytest.mark.parametrize("value", [math.inf, math.nan, {"a": -math.inf}, [math.nan], "\ud800", object(), [10**5000]])
def test_what_json_has_no_form_for_fails(value: Any) -> None:
    (verdict,) = verdicts(json_schema({"maximum": 1}), value)
    assert not verdict.passed
    assert "cannot be written as JSON" in verdict.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
)


@pytest.mark.dear
@given(JSON, JSON)
def test_a_constant_accepts_only_itself(one: Any, other: Any) -> None:
    guard = json_schema({"const": one})
    assert passes(guard, one)
    assert passes(guard, other) is (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


def test_a_pydantic_type_is_validated_again_and_not_taken_at_its_word() -> None:
    class Bill(BaseModel):
        total: int

    guard = pydantic_type(Bill)
    assert passes(guard, {"total": 5})
    (verdict,) = verdicts(guard, Bill.model_construct(total="x"))
    assert (verdict.passed, verdict.field) == (False, "total")


def test_a_type_pydantic_does_not_know_is_refused() -> None:
    class Unknown:
        pass

    with pytest.raises(InvalidGuard, match="no type"):
        pydantic_type(Unknown)


CIRCLES: list[dict[str, Any]] = [
    {"$ref": "#"},
    {"$dynamicRef": "#"},
    {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    {"allOf": [{"$ref": "#"}]},
    {"anyOf": [{"$ref": "#"}, {"type": "string"}]},
    {"if": {"type": "string"}, "then": {"$ref": "#"}},
    {"dependentSchemas": {"a": {"$ref": "#"}}},
    {"properties": {"x": {"$ref": "#/properties/x"}}},
    {"$id": "https://example.org/a", "$ref": "https://example.org/a"},
    {"items": {"$anchor": "line", "oneOf": [{"$ref": "#line"}, {"type": "null"}]}},
    {"$ref": "there.json", "$id": "https://example.org/here.json"},
]


@pytest.mark.parametrize("schema", CIRCLES, ids=lambda schema: json.dumps(schema)[:60])
def test_a_schema_that_leads_back_to_itself_is_refused(schema: dict[str, Any]) -> None:
    there = {"https://example.org/there.json": {"anyOf": [{"$ref": "here.json"}, {"type": "null"}]}}

    with pytest.raises(InvalidGuard, match=r"\$ref '.*' leads back to itself.*properties or items"):
        json_schema(schema, documents=there)


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        (
            {"type": "object", "properties": {"below": {"$ref": "#"}, "n": {"type": "integer"}}},
            {"below": {"n": 1}},
            {"below": {"n": "1"}},
        ),
        (
            {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}},
            [[], [[]]],
            [[1]],
        ),
        (
            {"allOf": [{"$ref": "#/$defs/n"}, {"$ref": "#/$defs/n"}], "$defs": {"n": {"type": "integer"}}},
            1,
            "1",
        ),
        ({"const": {"$ref": "#"}}, {"$ref": "#"}, {}),
        ({"properties": {"$ref": {"type": "string"}}}, {"$ref": "#"}, {"$ref": 1}),
    ],
)
def test_a_schema_of_nested_values_is_taken(schema: dict[str, Any], right: Any, wrong: Any) -> None:
    assert passes(json_schema(schema), right)
    assert not passes(json_schema(schema), wrong)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def holding_itself() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (nested(400), "nested too deep"),
        (nested(100_000), "nested too deep"),
        (holding_itself(), "holds itself"),
        ({"a": "\ud800"}, "lone surrogate"),
        ([10**6000], "too many digits"),
        ([-math.inf], "no NaN and no infinity"),
        ({"a": math.nan}, "no NaN and no infinity"),
        (object(), "object"),
    ],
    ids=["deep", "deepest", "circle", "surrogate", "digits", "infinity", "NaN", "object"],
)
def test_a_value_without_json_fails_for_its_own_reason(value: Any, told: str) -> None:
    [verdict] = verdicts(json_schema(True), value)

    assert not verdict.passed
    assert told in verdict.reason
    assert ("NaN" in verdict.reason) == ("NaN" in told)
