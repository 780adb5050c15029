"""The published schema and the reader agree about what a case is."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from handrail_evals.errors import InvalidCaseFile, InvalidSetting
from handrail_evals.measure.cases.read import read_cases
from handrail_evals.measure.cases.schema import GENERIC, case_schema, file_schema, write_schema

Team = Literal["cards", "loans"]


@dataclass
class Sender:
    name: str
    trusted: bool = False


class Note(TypedDict, total=False):
    text: str


class Ticket(BaseModel):
    sender: Sender
    text: str
    priority: int | None = None
    notes: list[Note] = []


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    text: str


def is_read(path: Path, data: Any, **options: Any) -> bool:
    try:
        read_cases(path_with(path, data), **options)
    except InvalidCaseFile:
        return False
    return True


def path_with(path: Path, data: Any) -> Path:
    """Write one line of JSON Lines, or a YAML file, which JSON is."""
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def halved(number: float) -> bool:
    """Return whether a number has a fraction: 1.0 is a whole number to JSON Schema, and none to pydantic."""
    return number != int(number)


texts = st.sampled_from(["", " ", "a", "cards", "7", "no", "x\ny"])
scalars = st.none() | st.booleans() | st.integers(-3, 300) | st.floats(-3, 3).filter(halved) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2), max_leaves=4
)
senders = st.fixed_dictionaries({"name": texts}, optional={"trusted": st.booleans()})
notes = st.lists(st.fixed_dictionaries({}, optional={"text": texts}), max_size=2)
tickets = st.fixed_dictionaries(
    {"sender": senders, "text": texts}, optional={"priority": st.none() | st.integers(), "notes": notes}
)


@st.composite
def spoilt(draw: st.DrawFn, data: st.SearchStrategy[dict[str, Any]], *keys: str) -> dict[str, Any]:
    """Make objects that are as they should be; that lack one key; or that have any value in one, maybe one too many."""
    right = draw(data)
    match draw(st.integers(0, 4)):
        case 0:
            left_out = draw(st.sampled_from(keys))
            return {key: value for key, value in right.items() if key != left_out}
        case 1:
            return {**right, draw(st.sampled_from(keys)): draw(values)}
        case _:
            return right


nearly_tickets = spoilt(tickets, "sender", "text", "priority", "notes", "other") | st.fixed_dictionaries(
    {"sender": spoilt(senders, "name", "trusted", "other"), "text": texts},
    optional={"notes": st.lists(spoilt(st.fixed_dictionaries({"text": texts}), "text", "other"), max_size=1)},
)


def case_data(inputs: st.SearchStrategy[Any], expected: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Make objects that are cases, or nearly."""
    named = st.sampled_from([{"name": "a"}, {"id": "a"}, {"name": 7}])
    rest = st.fixed_dictionaries(
        {"input": inputs, "expected": expected},
        optional={
            "steps": st.dictionaries(texts, values, max_size=2),
            "metadata": st.dictionaries(texts, scalars, max_size=2),
            "cluster": st.none() | texts | st.integers(),
            "must_pass": st.booleans(),
        },
    )
    whole = st.builds(lambda name, parts: {**name, **parts}, named, rest)
    return spoilt(whole, "name", "id", "input", "expected", "steps", "metadata", "cluster", "must_pass", "other")


@given(case_data(values, values))
def test_the_generic_schema_accepts_what_is_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("generic") / "cases.jsonl"

    assert Draft202012Validator(case_schema(input=Any)).is_valid(data) == is_read(path, data, input=Any)


@given(case_data(nearly_tickets, st.sampled_from(["cards", "loans", "cards", "loans", "card", None])))
def test_a_typed_schema_accepts_what_is_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("typed") / "cases.jsonl"
    validator = Draft202012Validator(case_schema(input=Ticket, expected=Team))

    assert validator.is_valid(data) == is_read(path, data, input=Ticket, expected=Team)


@given(
    st.lists(case_data(texts, texts), max_size=1)
    | st.fixed_dictionaries({}, optional={"cases": st.lists(case_data(texts, texts), max_size=1), "$schema": texts})
    | st.fixed_dictionaries({"cases": values}, optional={"more": values})
    | values
)
def test_the_schema_of_a_file_accepts_what_is_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    path = tmp_path_factory.mktemp("file") / "cases.yaml"

    assert Draft202012Validator(file_schema()).is_valid(data) == is_read(path, data)


@pytest.mark.parametrize("make", [case_schema, file_schema])
@pytest.mark.parametrize(("input_type", "expected"), [(str, Any), (Any, Any), (Ticket, Team), (list[Ticket], Loose)])
def test_a_schema_is_itself_valid(make: Callable[..., dict[str, Any]], input_type: Any, expected: Any) -> None:
    schema = make(input=input_type, expected=expected)

    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_labels_are_required_where_reading_requires_them() -> None:
    assert "expected" in case_schema(expected=Team)["required"]
    assert "expected" not in case_schema(expected=Team, allow_unlabelled=True)["required"]
    assert "expected" not in case_schema()["required"]


def test_a_class_that_allows_unknown_keys_allows_them_in_the_schema() -> None:
    validator = Draft202012Validator(case_schema(input=Loose))

    assert validator.is_valid({"name": "a", "input": {"text": "x", "more": 1}})


def test_a_class_named_like_a_definition_of_ours_keeps_its_name() -> None:
    class case(BaseModel):  # noqa: N801
        text: str

    schema = file_schema(input=case)

    assert Draft202012Validator(schema).is_valid([{"name": "a", "input": {"text": "x"}}])
    assert not Draft202012Validator(schema).is_valid([{"name": "a", "input": {"txt": "x"}}])


def test_the_installed_schema_is_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "cases.schema.json"

    write_schema(path, input=Any)

    assert GENERIC.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_a_type_without_a_schema_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="JSON Schema cannot describe input="):
        case_schema(input=Callable[[int], int])
