import enum
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator

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


class Term(BaseModel):
    due: date | None = None
    at: datetime | None = None
    within: timedelta | None = None
    days: list[int] = []
    rate: float | None = None
    free: bool | int | None = None
    ref: str | None = None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"due":0}', "due: a number is no date"),
        ('{"at":1700000000}', "at: a number is no time"),
        ('{"at":"2024"}', "1970-01-01 00:33:44+00:00 was written as a number"),
        ('{"at":"20240403"}', "was written as a number"),
        ('{"at":"\\u0031700000000.5"}', "was written as a number"),
        ('{"due":"86400"}', "1970-01-02 was written as a number"),
        ('{"within":90}', "within: a number is no duration"),
        ('{"days":[1,true]}', "days.1: true is no number"),
        ('{"rate":false}', "rate: false is no number"),
    ],
)
def test_a_time_from_a_number_or_a_number_from_a_truth_value_is_no_answer(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Output(Term).parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"due":"2024-04-03","ref":"20240403"}', Term(due=date(2024, 4, 3), ref="20240403")),
        ('{"due":"1970-01-01","days":[0,"2"]}', Term(due=date(1970, 1, 1), days=[0, 2])),
        ('{"at":"2024-04-03T10:30:00Z","rate":"1.5"}', Term(at=datetime(2024, 4, 3, 10, 30, tzinfo=UTC), rate=1.5)),
        ('{"within":"PT90S","free":true}', Term(within=timedelta(seconds=90), free=True)),
    ],
)
def test_what_is_written_as_it_is_meant_is_read(text: str, value: Term) -> None:
    assert Output(Term).parse(text) == value


def test_a_type_that_reads_days_from_digits_by_itself_goes_on_to() -> None:
    def day(given: object) -> object:
        return datetime.strptime(given, "%Y%m%d").replace(tzinfo=UTC).date() if isinstance(given, str) else given

    class Compact(BaseModel):
        due: Annotated[date, BeforeValidator(day)]

    assert Output(Compact).parse('{"due":"20240403"}') == Compact(due=date(2024, 4, 3))


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
