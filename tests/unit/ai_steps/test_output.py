import enum
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.output import Output


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


class Line(BaseModel):
    name: str
    price: Decimal
    due: date | None = None


class Bill(BaseModel):
    lines: list[Line]
    tags: set[Literal["new", "old"]] = set()
    note: str = ""


@pytest.mark.parametrize(
    ("output_type", "labels"),
    [
        (Literal["a", "b"], ("a", "b")),
        (Literal[1, 2], ("1", "2")),
        (Literal["a", "b"] | None, ("a", "b", "none")),
        (Level, ("LOW", "HIGH")),
        (bool, ("true", "false")),
        (Bill, ()),
        (str, ()),
        (str | None, ()),
    ],
)
def test_labels_are_the_values_of_a_closed_set(output_type: Any, labels: tuple[str, ...]) -> None:
    assert Output(output_type).labels == labels


@pytest.mark.parametrize(
    ("output_type", "value"),
    [(Literal["a", "b"], "b"), (Literal[1, 2], 2), (Level, Level.HIGH), (bool, True), (Literal["a"] | None, None)],
)
def test_label_and_value_stand_for_each_other(output_type: Any, value: Any) -> None:
    output = Output(output_type)
    label = output.label_of(value)

    assert output.value_of(label) == value
    assert output.validate(label) == value
    assert output.validate(value) == value
    assert output.parse(label) == value


def test_true_is_not_the_label_one() -> None:
    with pytest.raises(ValueError, match="none of the values"):
        Output(Literal[1, 2]).label_of(True)


@pytest.mark.parametrize(
    ("labels", "read"),
    [
        (Literal["1", 1], "1"),
        (Literal["Access", "Access "], "Access"),
        (Literal["card", "ca\u200brd"], "card"),
        (Literal["caf\u00e9", "cafe\u0301"], "caf\u00e9"),
    ],
)
def test_two_labels_that_read_the_same_are_refused(labels: Any, read: str) -> None:
    """Neither a model nor a reviewer can tell which of them is meant."""
    with pytest.raises(InvalidTask, match=f"two values that read '{read}'"):
        Output(labels)
    Output(Literal["mA", "MA"])


def test_free_text_has_no_schema_and_is_only_text() -> None:
    output = Output(str)

    assert output.json_schema is None
    assert output.parse('{"a": 1}') == '{"a": 1}'
    with pytest.raises(ValueError, match="not text"):
        output.validate(3)


def test_what_does_not_fit_is_told_by_field_and_without_the_value() -> None:
    output = Output(Bill)

    with pytest.raises(ValueError, match=r"lines\.0\.price: ") as caught:
        output.parse('{"lines": [{"name": "secret-name", "price": "no number"}]}')

    assert "secret-name" not in str(caught.value)
    assert "no number" not in str(caught.value)


def test_broken_json_is_told_as_such() -> None:
    with pytest.raises(ValueError, match="Invalid JSON"):
        Output(Bill).parse('{"lines": [')


BILLS = st.builds(
    Bill,
    lines=st.lists(
        st.builds(
            Line,
            name=st.text(),
            price=st.decimals(allow_nan=False, allow_infinity=False, places=2),
            due=st.none() | st.dates(),
        ),
        max_size=3,
    ),
    tags=st.sets(st.sampled_from(["new", "old"])),
    note=st.text(),
)


@given(BILLS)
def test_record_survives_being_written_and_read(bill: Bill) -> None:
    output = Output(Bill)

    assert output.load(output.dump(bill)) == bill
    assert output.parse(output.show(bill)) == bill


@given(st.text())
def test_text_survives_being_written_and_read(text: str) -> None:
    output = Output(str)

    assert output.load(output.dump(text)) == text
    assert output.parse(output.show(text)) == text
