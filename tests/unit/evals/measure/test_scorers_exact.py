"""What counts as the expected value, and what only looks like it."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel

from handrail_evals.errors import MissingExpected
from handrail_evals.measure.case import Case
from handrail_evals.measure.scorer import Answered, Score
from handrail_evals.measure.scorers.exact import exact
from handrail_evals.measure.target import Observation
from handrail_guards.values.day import Date
from handrail_guards.values.money import Money


class Team(Enum):
    BILLING = "billing"
    FRAUD = "fraud"


class Level(IntEnum):
    ONE = 1


class Line(BaseModel):
    name: str
    price: Decimal


class Bill(BaseModel):
    model_config = ConfigDict(validate_by_name=True)

    lines: list[Line]
    day: date | None = None
    number: str = Field(default="", alias="billNumber")


class Tags(RootModel[list[str]]):
    pass


class Point(NamedTuple):
    x: int
    y: int


@dataclass(frozen=True)
class Address:
    city: str


class Opaque:
    pass


BILL = Bill.model_validate(
    {"lines": [{"name": "tea", "price": Decimal("2.50")}], "day": date(2024, 5, 1), "number": "7"}
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=12,
)


def answered(output: Any, expected: Any) -> Answered[str, Any, Any]:
    return Answered(Case("one", "input", expected), Observation(output))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (Team.BILLING, "billing"),
        (Level.ONE, 1),
        (1, 1.0),
        (Decimal("0.1"), 0.1),
        (0.1, Decimal("0.1")),
        (Decimal("2.50"), "2.50"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1, 9, tzinfo=UTC), "2024-05-01T09:00:00Z"),
        (Address("Leeds"), {"city": "Leeds"}),
        (Point(1, 2), {"x": 1, "y": 2}),
        (Tags(["a"]), ["a"]),
        (("a", "b"), ["a", "b"]),
        ({"b", "a", "c"}, ["c", "a", "b"]),
        ({1: "a"}, {"1": "a"}),
        (BILL, {"lines": [{"name": "tea", "price": "2.50"}], "day": "2024-05-01", "number": "7"}),
        (BILL, BILL.model_dump()),
        (BILL, BILL.model_dump(mode="json", by_alias=True)),
        (None, None),
        (math.inf, math.inf),
        (Money.read("1.234,50 €"), "EUR 1,234.5"),
        (Money("5"), 5),
        (Date.read("4. März 2024"), "2024-03-04"),
        (Date.read("4. März 2024"), date(2024, 3, 4)),
        (Date.read("03/04/2024"), "3.4.2024"),
        ({"total": Money("5", "EUR")}, {"total": "5.00 €"}),
    ],
)
def test_a_value_equals_what_it_is_stored_as(output: object, expected: object) -> None:
    assert exact()(answered(output, expected)) is True
    assert exact()(answered(expected, output)) is True


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (1, True),
        (0, False),
        ("1", 1),
        ("True", True),
        (None, ""),
        (None, []),
        (None, False),
        (Team.BILLING, Team.FRAUD),
        (math.nan, math.nan),
        ([1], [True]),
        ({"a": 1}, {"a": True}),
        ({"a": None}, {}),
        (["a", "b"], ["b", "a"]),
        ({"a", "b"}, ["a", "b", "b"]),
        ({"a", "b"}, ["a", "c"]),
        (Decimal("0.1"), 0.2),
        (Opaque(), Opaque()),
        (BILL, {"lines": [], "day": None, "billNumber": "7"}),
        (Address("Leeds"), "Leeds"),
        ("a", ["a"]),
        (Money("5", "EUR"), "5 USD"),
        (Money("5", "EUR"), "five"),
        (Money("-5"), 5),
        (Date.read("03/04/2024"), "2024-04-03"),
        (Date.read("2024-03-04"), 5),
    ],
)
def test_what_only_looks_like_the_expected_value_is_wrong(output: object, expected: object) -> None:
    scorer = exact()

    assert scorer.compare(output, expected) == scorer.compare(expected, output) == 0.0


def test_a_wrong_answer_that_reads_the_same_says_which_types_differ() -> None:
    score = exact()(answered("1", 1))

    assert score == Score(0.0, reason="'1' is a str, not a int")
    assert exact()(answered("fraud", "billing")) is False


@given(json_values)
def test_json_data_equal_their_copy(value: object) -> None:
    assert exact().compare(value, json.loads(json.dumps(value))) == 1.0


@given(json_values, json_values)
def test_equality_is_symmetric_and_as_strict_as_json(one: object, other: object) -> None:
    forth, back = exact().compare(one, other), exact().compare(other, one)

    assert forth == back
    if json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True):
        assert forth == 1.0
    if forth:
        assert one == other


def test_an_unlabelled_case_is_an_error_and_not_a_zero() -> None:
    with pytest.raises(MissingExpected, match="one"):
        exact()(Answered(Case("one", "input"), Observation("x")))


def test_a_scorer_can_have_another_name_and_keeps_its_version() -> None:
    assert (exact(name="route").name, exact(name="route").version) == ("route", exact().version)
