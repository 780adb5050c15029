"""A form is read back as the value that it was drawn from, and whatever is sent, there is an answer to it."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handrail.console.forms.fields import TextBox, walk
from handrail.console.forms.form import AnswerReading, form_of
from handrail.console.forms.missing import MISSING
from tests.unit.handrail.console.answers_of_any_type import Answer, answers

CHECKS = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)


def exactly(value: Any) -> str:
    """Return a text that is equal for values that are the same to the last digit."""
    return json.dumps(value, sort_keys=True)


def as_a_browser(parts: list[tuple[str, str]]) -> list[tuple[str, object]]:
    """Return parts as a browser sends them: each end of a line is two characters."""
    return [(name, text.replace("\n", "\r\n")) for name, text in parts]


@pytest.mark.slow
@CHECKS
@given(answers())
def test_a_form_that_nobody_touched_is_read_as_the_value_that_it_shows(answer: Answer) -> None:
    form = form_of(answer.schema, answer.data)

    reading = form.read(as_a_browser(form.parts()))

    assert reading.problems == ()
    assert exactly(reading.value) == exactly(answer.data)


@pytest.mark.slow
@CHECKS
@given(answers(may_lack=False))
def test_a_value_that_is_typed_into_an_empty_form_is_read_to_the_last_digit(answer: Answer) -> None:
    typed = as_a_browser(form_of(answer.schema, answer.data).parts())

    reading = form_of(answer.schema).read(typed)

    assert reading.problems == ()
    assert exactly(reading.value) == exactly(answer.data)


TEXTS = st.sampled_from(
    ["", " ", "1,234", "1.234,56", "03/04/2024", "3 April 2024", "{", "[[1]]", "null", "<b>", "9" * 5000]
)
NUMBERS = st.sampled_from([0, 1, 10**9, 10**12, -1])


@st.composite
def tampered(draw: Any, parts: list[tuple[str, str]]) -> list[tuple[str, object]]:
    """Draw parts with some lost, changed, repeated, renamed or added."""
    sent: list[tuple[str, object]] = []
    for name, text in parts:
        match draw(st.sampled_from(["keep"] * 6 + ["lose", "change", "repeat", "rename"])):
            case "keep":
                sent.append((name, text))
            case "change":
                sent.append((name, draw(TEXTS | st.text(max_size=5))))
            case "repeat":
                sent += [(name, text), (name, draw(TEXTS))]
            case "rename":
                sent.append((f"{name}.{draw(NUMBERS)}", text))
            case _:
                pass
    names = [name for name, _ in parts] or ["a"]
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(names))
        verb = draw(st.sampled_from(["add", "remove", "up", "down", "show", "drop"]))
        mark = draw(st.sampled_from(["row", "is", "of", "key", "as", "sent", "json"]))
        sent.append(draw(st.sampled_from([
            ("_op", f"{name.partition('~')[0]}.{verb}"), (f"{name}~{mark}", str(draw(NUMBERS))),
            (name, b"a file"), ("a." * 500, "deep"), ("__proto__", "x"), ("csrf", "of the page"),
        ])))  # fmt: skip
    return sent


@pytest.mark.slow
@CHECKS
@given(st.data(), answers())
def test_whatever_is_sent_is_an_answer_or_a_problem_at_a_field_of_the_form(data: st.DataObject, answer: Answer) -> None:
    form = form_of(answer.schema, answer.data if data.draw(st.booleans()) else MISSING)
    sent = data.draw(tampered(form_of(answer.schema, answer.data).parts()))

    reading = form.read(sent)

    names = {each.name for each in walk(reading.form.root)}
    assert {each.name for each in reading.problems} <= names
    assert reading.redraw or reading.fits is (reading.problems == ())
    assert_what_was_typed_is_kept(reading, sent)


def assert_what_was_typed_is_kept(reading: AnswerReading, sent: list[tuple[str, object]]) -> None:
    first = {name: text for name, text in reversed(sent) if isinstance(text, str)}
    for each in walk(reading.form.root):
        if isinstance(each, TextBox) and each.problem and each.name in first:
            assert each.text == first[each.name].replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.slow
@CHECKS
@given(st.data(), answers())
def test_what_was_read_is_read_again_from_the_form_that_shows_it(data: st.DataObject, answer: Answer) -> None:
    form = form_of(answer.schema)
    sent = data.draw(tampered(form_of(answer.schema, answer.data).parts()))
    first = form.read(sent)
    if first.redraw or not first.fits:
        return

    again = form.read(as_a_browser(first.form.parts()))

    assert again.problems == ()
    assert exactly(again.value) == exactly(first.value)
