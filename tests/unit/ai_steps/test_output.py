import enum
import json
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


class Step(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Claim(BaseModel):
    paid: bool = False
    open: bool | int | None = None
    count: int = 0
    rate: float = 0.0
    sum: Decimal = Decimal(0)
    note: str = ""
    level: Step = Step.LOW
    grade: Literal[0, 1, 2] | None = None
    agreed: Literal[True] | None = None
    by: dict[str, bool] = {}
    either: int | date = 0


MISREAD: list[tuple[dict[str, Any], str]] = [
    ({"paid": 1}, "paid: 1 is no truth value; write true or false"),
    ({"paid": 0.0}, "paid: 0.0 is no truth value"),
    ({"paid": "yes"}, 'paid: "yes" is no truth value'),
    ({"paid": "OFF"}, 'paid: "OFF" is no truth value'),
    ({"open": "1"}, '"1" is no truth value'),
    ({"by": {"ann": 1}}, "by.ann: 1 is no truth value"),
    ({"count": "12 "}, "count: the text is no number as JSON has it"),
    ({"count": "1_000"}, "count: the text is no number"),
    ({"count": "0012"}, "count: the text is no number"),
    ({"rate": "+1.5"}, "rate: the text is no number"),
    ({"sum": "1_000"}, 'the text "1_000" is no plain number'),
    ({"sum": " 12 ", "note": "12"}, 'the text " 12 " is no plain number'),
    ({"sum": "\uff11\uff12"}, "is no plain number"),
    ({"sum": ".5"}, 'the text ".5" is no plain number'),
    ({"count": True}, "count: true is no number"),
    ({"level": True}, "level: true is none of the choices"),
    ({"grade": False}, "grade: false is none of the choices"),
    ({"agreed": 1}, "agreed: the number 1 is none of the choices"),
]


@pytest.mark.parametrize(("data", "said"), MISREAD)
def test_what_says_something_else_is_no_answer_as_text_or_as_data(data: dict[str, Any], said: str) -> None:
    output = Output(Claim)
    with pytest.raises(ValueError, match=re.escape(said)):
        output.parse(json.dumps(data))
    with pytest.raises(ValueError, match=re.escape(said)):
        output.validate(data)


@pytest.mark.parametrize(
    ("data", "places"),
    [
        ({"count": "12", "rate": "-1.5e3", "paid": "True"}, "paid, count, rate"),
        ({"by": {"ann": "false"}, "level": "2"}, "level, by.ann"),
        ({"either": "2024-04-03"}, ""),
        ({"either": "2024-04-03T00:00:00"}, ""),
        ({"count": 12, "rate": 1, "paid": True, "open": 1, "grade": 1, "level": 2.0}, ""),
        ({"open": True, "grade": None, "agreed": True, "by": {"ann": False}}, ""),
    ],
)
def test_a_number_or_a_truth_value_that_is_written_as_a_text_is_read_and_noted(
    data: dict[str, Any], places: str
) -> None:
    output = Output(Claim)
    assert output.parse(json.dumps(data)) == output.validate(data)
    noted = (f"written as a text: {places}",) if places else ()
    assert output.oddities(json.dumps(data)) == output.oddities_of(data) == noted
    assert output.oddities_of(output.validate(data)) == ()


def test_a_text_that_is_read_as_a_member_of_an_enum_must_be_its_number() -> None:
    with pytest.raises(ValueError, match="level: the text is no number"):
        Output(Claim).parse('{"level": " 1"}')


@pytest.mark.parametrize("value", [1, 0.0, "yes", "1", None])
def test_what_is_no_truth_value_is_no_answer_to_yes_or_no(value: object) -> None:
    with pytest.raises(ValueError, match=r"true|boolean"):
        Output(bool).validate(value)


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
