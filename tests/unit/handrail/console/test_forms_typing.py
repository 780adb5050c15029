"""Numbers and days are read as people write them; what can be two things is a problem that names both."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.console.forms.fields import FieldMark, TextBox
from handrail.console.forms.form import AnswerReading, form_of
from handrail.console.forms.habits import TypingHabits
from handrail.console.forms.missing import MISSING

DECIMAL = {"anyOf": [{"type": "number"}, {"type": "string"}]}
NUMBER = {"type": "number"}
WHOLE = {"type": "integer"}
DAY = {"type": "string", "format": "date"}
MOMENT = {"type": "string", "format": "date-time"}
TIME = {"type": "string", "format": "time"}
DURATION = {"type": "string", "format": "duration"}
UNKNOWN = TypingHabits()


def typed(schema: dict[str, Any], text: str, habits: TypingHabits = UNKNOWN, value: object = MISSING) -> AnswerReading:
    """Return what comes of a text that is typed in the only box of a form."""
    return form_of(schema, value, habits=habits).read([("a", text)])


def said(reading: AnswerReading) -> str:
    (problem,) = reading.problems
    return problem.text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("207.50", "207.50"), ("207,50", "207.50"), ("1.234,56", "1234.56"), ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"), ("1\u202f234,56", "1234.56"), ("1'234.50", "1234.50"), ("1’234.50", "1234.50"),
        ("1,234,567", "1234567"), ("1.234.567", "1234567"), ("12,34,567.80", "1234567.80"), ("1234,567", "1234.567"),
        ("0,125", "0.125"), (",5", "0.5"), ("5,", "5"), ("-7,00", "-7.00"), ("−7", "-7"), ("+7", "7"), ("  7  ", "7"),
        ("007", "7"), ("0.10", "0.10"), ("1e3", "1E3"), ("١٢٣", "123"), ("1 234", "1234"),
        ("123456789012345678901234567890.123456789012345678901234567890",) * 2,
    ],
)  # fmt: skip
def test_an_amount_is_read_with_every_digit_it_has(text: str, read: str) -> None:
    reading = typed(DECIMAL, text)

    assert reading.value == read
    assert dict(reading.form.parts())["a"] == read, "it is shown as it was read"


NO_NUMBERS = ["many", "1.2.3", "1,2,3", "12,345,6", "1,23,4", "--5", "5 EUR", "25 %", "1e", "NaN", "Infinity", "1_000"]
NO_DIGITS = ["0x10", ".", ",", "-", "1..2", "1 23", "1,234 567", "9" * 2000, "1\u200b", "1/2"]


@pytest.mark.parametrize("text", NO_NUMBERS + NO_DIGITS)
def test_what_is_no_number_is_a_problem_and_stays_as_it_was_typed(text: str) -> None:
    for schema in (DECIMAL, NUMBER, WHOLE):
        reading = typed(schema, text)

        assert said(reading).startswith("This is no number")
        assert dict(reading.form.parts())["a"] == text


@pytest.mark.parametrize(("text", "one", "other"), [("1,234", "1234", "1.234"), ("-1.000", "-1.000", "-1000")])
@pytest.mark.parametrize("schema", [DECIMAL, NUMBER, WHOLE])
def test_a_number_that_can_be_two_names_both(schema: dict[str, Any], text: str, one: str, other: str) -> None:
    reading = typed(schema, text)

    assert f"{one} or {other}" in said(reading)
    assert not reading.fits


@pytest.mark.parametrize(
    ("decimal", "text", "read"),
    [(",", "1,234", "1.234"), (",", "1.234", "1234"), (".", "1,234", "1234"), (".", "1.234", "1.234"),
     (",", "207.50", "207.50"), (".", "207,50", "207.50")],
)  # fmt: skip
def test_who_writes_so_is_not_asked(decimal: Any, text: str, read: str) -> None:
    assert typed(DECIMAL, text, TypingHabits(decimal=decimal)).value == read


@pytest.mark.parametrize("habits", [TypingHabits(), TypingHabits(decimal=","), TypingHabits(decimal=".")])
@pytest.mark.parametrize("value", ["1.234", "-1.000", "1E+3", "0.001"])
def test_a_number_that_is_shown_is_read_as_it_was_meant(habits: TypingHabits, value: str) -> None:
    sent = form_of(DECIMAL, value, habits=habits).parts()

    assert form_of(DECIMAL, habits=habits).read(sent).value == value


@pytest.mark.parametrize("decimal", [",", "."])
@pytest.mark.parametrize("value", ["1.234", "-1.000", "12.345", "207.50", "1234.567"])
def test_a_number_is_shown_so_that_who_writes_so_means_it(decimal: Any, value: str) -> None:
    habits = TypingHabits(decimal=decimal)
    mark = FieldMark(alternatives=((value, None, ""),))

    root = form_of(DECIMAL, value, habits=habits, marks={"": mark}).root

    assert isinstance(root, TextBox)
    for text in (root.text or "", root.alternatives[0].fills):
        again = typed(DECIMAL, text, habits)
        assert again.value == value
        assert dict(again.form.parts()) == {"a": text}


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_an_amount_keeps_its_digits(value: Any) -> None:
    sent = form_of(DECIMAL, str(value)).parts()

    assert form_of(DECIMAL).read(sent).value == str(value)


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5), ("5.0", 5.0), ("1e300", 1e300), ("12345678901234567890", 12345678901234567890)]
)
def test_a_number_is_whole_if_it_is_written_so(text: str, value: float) -> None:
    found = typed(NUMBER, text).value

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["0.1234567890123456789012", "1e400", "1e-400", "12345678901234567890.5"])
def test_a_number_that_cannot_be_kept_as_it_was_typed_is_a_problem(text: str) -> None:
    assert "more digits than can be kept" in said(typed(NUMBER, text))


@pytest.mark.parametrize("text", ["5.5", "5,0", "1e3"])
def test_a_whole_number_has_no_decimals(text: str) -> None:
    assert said(typed(WHOLE, text)) == "A whole number belongs here."


@pytest.mark.parametrize(
    ("bound", "text", "problem"),
    [
        ({"minimum": 0.0}, "-0,01", "At least 0."), ({"exclusiveMinimum": 0}, "0", "More than 0."),
        ({"maximum": 5}, "5.01", "At most 5."), ({"exclusiveMaximum": 5}, "5", "Less than 5."),
        ({"multipleOf": 0.01}, "1.005", "A multiple of 0.01."),
    ],
)  # fmt: skip
def test_the_bounds_of_an_amount_hold_though_it_is_kept_as_text(bound: dict[str, Any], text: str, problem: str) -> None:
    for schema in ({"anyOf": [{**NUMBER, **bound}, {"type": "string"}]}, {**NUMBER, **bound}):
        assert said(typed(schema, text, TypingHabits(decimal="."))) == problem


BY_NAME = ["3 April 2024", "3. April 2024", "April 3, 2024", "3 avril 2024"]
BY_NUMBER = ["2024-04-03", "03.04.2024", "3.4.2024", "20240403", " 2024/04/03 "]


@pytest.mark.parametrize("text", BY_NAME + BY_NUMBER)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert typed(DAY, text).value == "2024-04-03"


@pytest.mark.parametrize("text", ["03/04/2024", "3/4/2024", "03-04-2024"])
def test_a_day_that_can_be_two_names_both(text: str) -> None:
    reading = typed(DAY, text)

    assert "4 March 2024 (2024-03-04) or 3 April 2024 (2024-04-03)" in said(reading)
    assert typed(DAY, text, TypingHabits(day_first=True)).value == "2024-04-03"
    assert typed(DAY, text, TypingHabits(day_first=False)).value == "2024-03-04"


@pytest.mark.parametrize("habits", [TypingHabits(day_first=True), TypingHabits(day_first=False), TypingHabits()])
def test_a_day_that_can_be_one_only_is_that(habits: TypingHabits) -> None:
    assert typed(DAY, "25/04/2024", habits).value == "2024-04-25"
    assert typed(DAY, "04/25/2024", habits).value == "2024-04-25"
    assert typed(DAY, "04/04/2024", habits).value == "2024-04-04"


def test_a_suggested_day_that_can_be_two_does_not_pass_untouched() -> None:
    form = form_of(DAY, "03/04/2024")

    assert "3 April 2024" in said(form.read(form.parts()))


def test_a_year_of_two_digits_is_asked_about() -> None:
    assert said(typed(DAY, "03.04.24")) == "Write the year in full, like 2024-04-30."


@pytest.mark.parametrize(
    "text", ["soon", "2024-02-30", "2024-13-01", "30.02.2024", "2024", "9" * 200, "2024-04-03 and 04"]
)
def test_what_is_no_day_is_a_problem(text: str) -> None:
    assert said(typed(DAY, text)).startswith("This is no day")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-04-03T10:42:00Z", "2024-04-03T10:42:00Z"), ("2024-04-03 10:42", "2024-04-03T10:42:00"),
        ("2024-04-03T10:42:00.123456+02:00",) * 2, ("3 April 2024 10:42", "2024-04-03T10:42:00"),
        ("03.04.2024, 10.42", "2024-04-03T10:42:00"), ("3 April 2024 at 4:05 pm", "2024-04-03T16:05:00"),
        ("3 April 2024 10:42 UTC", "2024-04-03T10:42:00Z"), ("03.04.2024 10:42 +0200", "2024-04-03T10:42:00+02:00"),
    ],
)  # fmt: skip
def test_a_moment_is_read_however_it_is_written(text: str, read: str) -> None:
    assert typed(MOMENT, text).value == read


def test_a_moment_that_has_a_zone_is_not_changed_to_one_without() -> None:
    had = "2024-04-03T10:42:00+02:00"

    assert "time zone" in said(typed(MOMENT, "2024-04-03 11:00", value=had))
    assert typed(MOMENT, "2024-04-03 11:00 +02:00", value=had).value == "2024-04-03T11:00:00+02:00"


@pytest.mark.parametrize("text", ["2024-04-03", "3 April 2024"])
def test_a_moment_needs_a_time_of_day(text: str) -> None:
    assert said(typed(MOMENT, text)).startswith("The time of day is missing")


def test_a_moment_on_a_day_that_can_be_two_names_both() -> None:
    assert "3 April 2024" in said(typed(MOMENT, "03/04/2024 10:42"))


TIMES = {"10:42": "10:42:00", "9:05": "09:05:00", "4.05 pm": "16:05:00", "12:00 am": "00:00:00", "10h42": "10:42:00"}


@pytest.mark.parametrize(("text", "read"), TIMES.items())
def test_a_time_of_day_is_read_however_it_is_written(text: str, read: str) -> None:
    assert typed(TIME, text).value == read


@pytest.mark.parametrize("text", ["25:00", "10:60", "13:00 pm", "noon", "24:00", "10:42:61"])
def test_what_is_no_time_of_day_is_a_problem(text: str) -> None:
    assert said(typed(TIME, text)).startswith("This is no time of day")


DURATIONS = {"PT1H30M": "PT1H30M", "1:30": "PT1H30M", "1:30:15": "PT1H30M15S", "P3DT1.5S": "P3DT1.5S"}


@pytest.mark.parametrize(("text", "read"), DURATIONS.items())
def test_a_duration_is_read(text: str, read: str) -> None:
    assert typed(DURATION, text).value == read


@pytest.mark.parametrize("text", ["P", "PT", "1.5 hours", "1:75"])
def test_what_is_no_duration_is_a_problem(text: str) -> None:
    assert said(typed(DURATION, text)).startswith("This is no duration")


@pytest.mark.parametrize(
    ("schema", "empty"),
    [
        ({"type": "string"}, ""),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, None),
        ({"anyOf": [*DECIMAL["anyOf"], {"type": "null"}]}, None),
    ],
)
def test_an_empty_box_is_null_where_that_is_allowed_and_empty_text_where_that_is(schema: Any, empty: object) -> None:
    assert typed(schema, "").value == empty


@pytest.mark.parametrize("schema", [{"type": "string", "minLength": 1}, WHOLE, NUMBER, DECIMAL, DAY, MOMENT, TIME])
def test_an_empty_box_is_a_problem_where_something_is_needed(schema: dict[str, Any]) -> None:
    assert said(typed(schema, "")) == "This is needed."
    assert not typed(schema, " ").fits or schema.get("type") == "string"


@pytest.mark.parametrize("text", [" a ", "a\nb", "\ta", "\u202eabc", "a\u200db"])
def test_a_text_is_kept_as_it_was_typed(text: str) -> None:
    assert typed({"type": "string"}, text).value == text


@pytest.mark.parametrize(
    ("schema", "text", "problem"),
    [
        ({"maxLength": 3}, "four", "At most 3 characters; these are 4."),
        ({"minLength": 3}, "it", "At least 3 characters; these are 2."),
        ({"format": "uuid"}, "1234", "This is not of the form uuid."),
        ({"format": "email"}, "ann", "This is not of the form email."),
        ({"pattern": "^[a-z]+$"}, "A1", "This does not fit the pattern ^[a-z]+$."),
    ],
)
def test_a_text_that_does_not_fit_says_why(schema: dict[str, Any], text: str, problem: str) -> None:
    assert said(typed({"type": "string", **schema}, text)) == problem


@pytest.mark.parametrize("form", ["binary", "of our own", "<b>", "uuid"])
def test_a_format_that_no_standard_knows_takes_any_text(form: str) -> None:
    assert typed({"type": "string", "format": form}, "93c1a2b4-0000-4000-8000-000000000000").fits


def test_json_is_read_and_a_number_in_it_keeps_its_digits() -> None:
    assert typed({}, '{"a": [1, null]}').value == {"a": [1, None]}
    assert typed({}, "null").value is None
    assert said(typed({}, "{'a'}")).startswith("This is no JSON")
    assert "more digits" in said(typed({}, "[0.12345678901234567890123]"))
    assert said(typed({}, "[" * 5000)).startswith("This is no JSON")
    assert said(typed({}, '{"a": 1, "a": 2}')).startswith("This is no JSON")
