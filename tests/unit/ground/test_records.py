"""Records as JSON texts and back, strictly: what does not fit the types is refused with its place."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ground.records import Misfit, Records

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@dataclass(frozen=True, slots=True)
class Share:
    part: float
    of: int = 1

    def __post_init__(self) -> None:
        if self.of < 1:
            raise ValueError(f"of is {self.of}; give 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    format: Literal["table/1"]
    name: str
    shares: tuple[Share, ...] = ()
    pair: tuple[str, bool]
    by_name: Mapping[str, Share | None]
    size: float | int | None = None


TABLES = Records(Table)
SHARES = st.builds(Share, NUMBERS, st.integers(1, 9))
ANY_TABLE = st.builds(
    Table,
    format=st.just("table/1"),
    name=st.text(),
    shares=st.lists(SHARES).map(tuple),
    pair=st.tuples(st.text(), st.booleans()),
    by_name=st.dictionaries(st.text(), st.none() | SHARES),
    size=st.none() | st.integers(-(2**53), 2**53) | NUMBERS,
)


@given(ANY_TABLE)
def test_a_record_is_the_same_after_json(table: Table) -> None:
    assert TABLES.from_json(TABLES.to_json(table)) == table
    assert TABLES.from_json(json.dumps(asdict(table))) == table


@given(ANY_TABLE)
def test_a_text_is_one_line(table: Table) -> None:
    assert "\n" not in TABLES.to_json(table)


GOOD: dict[str, Any] = {"format": "table/1", "name": "a", "pair": ["b", True], "by_name": {"c": {"part": 1, "of": 2}}}


def test_what_has_a_default_may_be_left_out_and_a_whole_number_fits_a_float() -> None:
    table = TABLES.from_json(json.dumps(GOOD))

    assert table == Table(format="table/1", name="a", pair=("b", True), by_name={"c": Share(1.0, 2)})
    assert type(table.by_name["c"].part) is float  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "table/2"}, "format: Input should be 'table/1', found 'table/2'"),
        ({"name": 1}, "name: Input should be a valid string, found 1"),
        ({"more": 1}, "more: Unexpected"),
        ({"pair": ["b"]}, "pair.1: Field required"),
        ({"pair": ["b", 1]}, "pair.1: Input should be a valid boolean, found 1"),
        ({"shares": "a"}, "shares: Input should be a valid array"),
        ({"shares": [{"part": "1"}]}, "shares.0.part: Input should be a valid number, found '1'"),
        ({"shares": [{"part": 1, "of": 1.5}]}, "shares.0.of: "),
        ({"shares": [{"part": 1, "of": 0}]}, "shares.0: Value error, of is 0; give 1 or more"),
        ({"shares": [{"part": float("nan")}]}, "shares.0.part: Input should be a finite number"),
        ({"shares": [{"part": float("inf")}]}, "shares.0.part: Input should be a finite number"),
        ({"by_name": []}, "by_name: Input should be"),
        ({"by_name": {"c": {}}}, "by_name.c.part: Field required"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Misfit) as refused:
        TABLES.from_json(json.dumps({**GOOD, **change}))

    assert str(refused.value).startswith(says)


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "1, 2", "{}, {}", "[" * 100_000, '{"format": NaN}'])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(Misfit):
        TABLES.from_json(text)
