"""Values as JSON data and back: what JSON cannot say is refused, never guessed at."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_serializer

from handrail_ground.values import DEEPEST, InvalidJson, NotJson, as_json, depth, from_json, json_line

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
)


class Team(Enum):
    CARDS = "cards"


@dataclass(frozen=True)
class Ticket:
    text: str
    day: date
    team: Team


class Invoice(BaseModel):
    total: float = Field(alias="Total")


class Rude(BaseModel):
    name: str

    @field_serializer("name")
    def told(self, name: str) -> str:
        raise SystemExit(name)


def interrupted() -> Iterator[int]:
    yield 1
    raise KeyboardInterrupt


@pytest.mark.dear
@given(JSON)
def test_json_data_stay_as_they_are(data: Any) -> None:
    assert as_json(data) == data


@pytest.mark.dear
@given(JSON)
def test_what_was_written_is_read_again(data: Any) -> None:
    assert from_json(json.dumps(data), deepest=None) == data


def test_models_dataclasses_and_enums_become_what_json_has() -> None:
    ticket = Ticket("late", date(2026, 1, 31), Team.CARDS)

    assert as_json([ticket]) == [{"text": "late", "day": "2026-01-31", "team": "cards"}]
    assert as_json(Invoice(Total=1.5)) == {"Total": 1.5}


def test_numbers_that_json_has_not_are_left() -> None:
    assert as_json({"a": [float("inf")]}) == {"a": [float("inf")]}


def around() -> list[Any]:
    circle: list[Any] = []
    circle.append(circle)
    return circle


@pytest.mark.parametrize("value", [object(), {"a": object()}, around(), Rude(name="x")])
def test_a_value_without_a_json_form_is_refused_with_its_type(value: Any) -> None:
    with pytest.raises(NotJson) as refused:
        as_json(value)

    assert refused.value.kind == type(value).__name__
    assert refused.value.reason


def test_an_order_to_stop_passes() -> None:
    with pytest.raises(KeyboardInterrupt):
        as_json(interrupted())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "it is not JSON: .* at column 2"),
        ("", "it is not JSON"),
        ("NaN", "NaN is no JSON number"),
        ("[-Infinity]", "-Infinity is no JSON number"),
        ("1e999", "a number is too large"),
        ("1e-999", "a number is too close to zero"),
        ("9" * 5000, "a number has too many digits"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', 'the key "c" is there twice'),
        (b'"\xff"', r"byte 2 is not UTF-8 \(0xff\)"),
        ("[" * 101 + "]" * 101, "deeper than 100 levels"),
        ("[" * 100_000, "deeper than 100 levels"),
    ],
)
def test_what_nobody_can_rely_on_is_refused(text: str | bytes, problem: str) -> None:
    with pytest.raises(InvalidJson, match=problem):
        from_json(text)


def test_brackets_inside_of_texts_nest_nothing() -> None:
    assert from_json(json.dumps("[" * 1000)) == "[" * 1000
    assert from_json("[" * DEEPEST + "]" * DEEPEST) is not None


def test_depth_counts_levels() -> None:
    assert depth(1) == 0
    assert depth([]) == 1
    assert depth({"a": [1, {"b": []}]}) == 4


def test_what_is_printed_as_json_is_json_whatever_numbers_are_in_it() -> None:
    data = {"a": [math.nan, {"b": math.inf}], "c": (-math.inf, 0.5)}

    assert from_json(json_line(data)) == {"a": ["NaN", {"b": "Infinity"}], "c": ["-Infinity", 0.5]}


@pytest.mark.dear
@given(JSON)
def test_finite_data_is_printed_as_it_is(data: Any) -> None:
    assert json_line(data) == json.dumps(data)
    assert json_line(data, ascii_only=False) == json.dumps(data, ensure_ascii=False)
