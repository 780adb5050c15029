"""Lists, mappings and kinds are changed by buttons, without a script, and nothing that was typed is lost by it."""

from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import BaseModel, Field

from handrail.console.forms.fields import (
    ChoiceField,
    EvidenceSpot,
    FieldMark,
    GroupField,
    ListField,
    TextBox,
    VariantField,
    walk,
)
from handrail.console.forms.form import AnswerForm, AnswerReading, form_of
from handrail_orchestrator.codec import codec_for


class Line(BaseModel):
    text: str
    amount: Decimal


class Bill(BaseModel):
    number: str
    lines: list[Line]
    notes: dict[str, str] = {}


class Card(BaseModel):
    by: Literal["card"]
    digits: str
    amount: Decimal


class Transfer(BaseModel):
    by: Literal["transfer"]
    iban: str
    amount: Decimal


class Node(BaseModel):
    name: str
    left: "Node | None" = None
    below: list["Node"] = []


def schema_of(annotation: Any) -> dict[str, Any]:
    return codec_for(annotation, where="the answer").json_schema()


BILL = schema_of(Bill)
LINES = [{"text": "lamp", "amount": "118.00"}, {"text": "paper", "amount": "48.00"}, {"text": "tape", "amount": "3.10"}]
A_BILL = {"number": "817", "lines": LINES, "notes": {"due": "30 days"}}
PAYMENT = schema_of(Annotated[Card | Transfer, Field(discriminator="by")])


def pressed(form: AnswerForm, button: str, **changed: str) -> AnswerForm:
    """Return the form after a button was pressed, with some fields changed before."""
    sent = [(name, changed.get(name, text)) for name, text in form.parts()]
    reading = form.read([*sent, ("_op", button)])
    assert reading.redraw
    assert not reading.fits
    assert reading.problems == ()
    return reading.form


def read(form: AnswerForm) -> Any:
    reading = form.read(form.parts())
    assert reading.problems == ()
    return reading.value


def rows(form: AnswerForm, name: str = "a.lines") -> list[str]:
    return [
        row.key for each in walk(form.root) if isinstance(each, ListField) and each.name == name for row in each.rows
    ]


@pytest.mark.parametrize(
    ("button", "order"),
    [
        ("a.lines.0.remove", [1, 2]), ("a.lines.2.up", [0, 2, 1]), ("a.lines.0.down", [1, 0, 2]),
        ("a.lines.0.up", [0, 1, 2]), ("a.lines.2.down", [0, 1, 2]), ("a.lines.7.remove", [0, 1, 2]),
        ("a.number.remove", [0, 1, 2]), ("a.nothing.add", [0, 1, 2]),
    ],
)  # fmt: skip
def test_a_button_removes_or_moves_a_row(button: str, order: list[int]) -> None:
    form = pressed(form_of(BILL, A_BILL), button)

    assert read(form) == {**A_BILL, "lines": [LINES[at] for at in order]}


def test_a_row_is_added_at_the_end_and_waits_to_be_filled_in() -> None:
    form = pressed(form_of(BILL, A_BILL), "a.lines.add")

    assert rows(form) == ["0", "1", "2", "3"]
    reading = form.read(form.parts())
    assert [each.path for each in reading.problems] == [("lines", 3, "amount")]
    filled = [
        (name, {"a.lines.3.text": "ink", "a.lines.3.amount": "7,5"}.get(name, text)) for name, text in form.parts()
    ]
    assert form.read(filled).value == {**A_BILL, "lines": [*LINES, {"text": "ink", "amount": "7.5"}]}


def test_what_was_typed_wrongly_is_there_after_a_button() -> None:
    changes = {"a.lines.1.amount": "much", "a.number": "x"}
    form = pressed(form_of(BILL, A_BILL), "a.lines.0.remove", **changes)

    assert changes.items() <= dict(form.parts()).items()
    assert [each.name for each in form.read(form.parts()).problems] == ["a.lines.1.amount"]


def test_an_entry_of_a_mapping_has_a_key_of_its_own() -> None:
    form = pressed(form_of(BILL, A_BILL), "a.notes.add")
    typed = {"a.notes.1~key": "by", "a.notes.1": "ann"}

    sent = [(name, typed.get(name, text)) for name, text in form.parts()]
    assert form.read(sent).value == {**A_BILL, "notes": {"due": "30 days", "by": "ann"}}

    twice = [(name, {**typed, "a.notes.1~key": "due"}.get(name, text)) for name, text in form.parts()]
    (problem,) = form.read(twice).problems
    assert (problem.name, problem.text) == ("a.notes.1~key", "The key due is there twice.")


def test_marks_stay_with_their_rows() -> None:
    found = FieldMark(state="check", evidence=(EvidenceSpot(start=7, end=9),))
    form = pressed(form_of(BILL, A_BILL, marks={"lines.2.amount": found}), "a.lines.2.up")

    marked = [each.path for each in walk(form.root) if each.mark == found]

    assert marked == [("lines", 1, "amount")]


def test_an_edited_field_says_so_and_the_rest_does_not() -> None:
    form = form_of(BILL, A_BILL, marks={"number": FieldMark(state="check", confidence=0.5)})
    sent = [(name, "818" if name == "a.number" else text) for name, text in form.parts()]

    after = form.read(sent).form

    edited = {each.name: each.mark for each in walk(after.root) if each.mark.state == "edited"}
    assert edited == {"a.number": FieldMark(state="edited", confidence=0.5)}


def test_fields_stand_as_declared_or_as_their_evidence_does() -> None:
    at = {"lines": 50, "number": 90, "notes": 10}
    marks = {name: FieldMark(evidence=(EvidenceSpot(start=start, end=start + 1),)) for name, start in at.items()}

    declared = form_of(BILL, A_BILL, marks=marks).root
    found = form_of(BILL, A_BILL, marks=marks, by_evidence=True).root

    assert isinstance(declared, GroupField)
    assert isinstance(found, GroupField)
    assert [each.path[-1] for each in declared.fields] == ["number", "lines", "notes"]
    assert [each.path[-1] for each in found.fields] == ["notes", "lines", "number"]


def test_a_field_without_evidence_stays_behind_the_one_before_it() -> None:
    marks = {"lines": FieldMark(evidence=(EvidenceSpot(start=1, end=2),))}

    root = form_of(BILL, A_BILL, marks=marks, by_evidence=True).root

    assert isinstance(root, GroupField)
    assert [each.path[-1] for each in root.fields] == ["number", "lines", "notes"]


def test_another_kind_is_chosen_without_losing_what_was_typed_for_the_first() -> None:
    card = {"by": "card", "digits": "4242", "amount": "1.00"}
    form = form_of(PAYMENT, card)

    other = pressed(form, "a.show", **{"a~is": "1", "a.digits": "9999"})

    names = {each.name for each in walk(other.root)}
    assert {"a.iban", "a.amount"} <= names
    assert "a.digits" not in names
    assert ("a.digits", "9999") in other.carried
    back = pressed(other, "a.show", **{"a~is": "0"})
    assert read(back) == {**card, "digits": "9999"}


def test_another_kind_is_not_decided_with_before_its_fields_were_in_sight() -> None:
    form = form_of(PAYMENT, {"by": "card", "digits": "4242", "amount": "1.00"})
    sent = [(name, "1" if name == "a~is" else text) for name, text in form.parts()]

    reading = form.read(sent)

    assert [each.text for each in reading.problems] == ["Fill in the fields that belong to this choice."]
    typed = [(name, "SE1" if name == "a.iban" else text) for name, text in reading.form.parts()]
    assert form.read(typed).value == {"by": "transfer", "iban": "SE1", "amount": "1.00"}


def test_a_number_or_a_text_is_what_it_is_said_to_be() -> None:
    schema = schema_of(int | str)

    def kind(token: str) -> Any:
        return form_of(schema).read([("a~is", token), ("a", "5"), ("a~of", "0")]).value

    assert (kind("0"), kind("1")) == (5, "5")
    assert read(form_of(schema, "5")) == "5"
    assert read(form_of(schema, 5)) == 5


def test_a_recursive_type_is_drawn_as_deep_as_its_value() -> None:
    value = {
        "name": "a",
        "left": {"name": "b", "left": None, "below": []},
        "below": [{"name": "c", "left": None, "below": []}],
    }
    form = form_of(schema_of(Node), value)

    assert read(form) == value
    assert sum(isinstance(each, VariantField) for each in walk(form.root)) == 3
    deep: dict[str, Any] = {"name": "end", "left": None, "below": []}
    for _ in range(40):
        deep = {"name": "n", "left": deep, "below": []}
    assert read(form_of(schema_of(Node), deep)) == deep


@pytest.mark.dear
def test_a_list_that_is_too_long_for_rows_is_json() -> None:
    lines = [{"text": str(at), "amount": "1.50"} for at in range(3000)]
    form = form_of(BILL, {**A_BILL, "lines": lines})

    assert len(form.parts()) < 50
    assert read(form)["lines"] == lines
    boxes = [each for each in walk(form.root) if isinstance(each, TextBox) and each.reads == "json"]
    assert [each.path for each in boxes] == [("lines",)]
    wrong = [(name, "[{}]" if name == "a.lines~json" else text) for name, text in form.parts()]
    assert {each.name for each in form.read(wrong).problems} == {"a.lines~json"}


@pytest.mark.slow
def test_an_answer_that_is_too_large_for_fields_is_json() -> None:
    schema = {"type": "object", "properties": {f"field {at}": {"type": "integer"} for at in range(6000)}}
    value = {f"field {at}": at for at in range(6000)}
    form = form_of(schema, value)

    assert [name for name, _ in form.parts()] == ["a~json"]
    assert read(form) == value


@pytest.mark.dear
def test_no_form_is_drawn_that_is_too_large_to_be_sent() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "number"}}}
    value = {f"m{at}": {f"k{key}": 1.234 for key in range(60)} for at in range(40)}
    form = form_of(schema, value)

    assert len(form.parts()) < 5000
    assert read(form) == value


def test_several_of_a_list_are_chosen_at_once() -> None:
    schema = schema_of(set[Literal["red", "green", "blue"]])
    form = form_of(schema, ["blue", "red"])

    assert read(form) == ["blue", "red"], "as it was, if nothing changed"
    assert form.read([("a~sent", "1"), ("a", "1"), ("a", "2")]).value == ["green", "blue"]
    assert form.read([("a~sent", "1")]).value == []
    assert not form.read([]).fits


def test_entries_that_a_schema_does_not_name_are_not_lost() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    value = {"a": 1, "more": [1, {"b": None}], "": "x"}

    assert read(form_of(schema, value)) == value


class Editing(RuleBasedStateMachine):
    """A person who changes a list by its buttons, beside a plain list that is changed the same way."""

    def __init__(self) -> None:
        super().__init__()
        self.form = form_of(schema_of(list[str]), ["a", "b"])
        self.expected = ["a", "b"]

    def _press(self, button: str) -> None:
        self.form = pressed(self.form, button)

    def _row(self, at: int) -> tuple[str, int]:
        keys = rows(self.form, "a")
        return keys[at % len(keys)], at % len(keys)

    @rule(text=st.text("xyz", min_size=1, max_size=3))
    def add(self, text: str) -> None:
        self._press("a.add")
        name = f"a.{rows(self.form, 'a')[-1]}"
        reading = self.form.read([(part, text if part == name else had) for part, had in self.form.parts()])
        self.form = reading.form
        self.expected.append(text)

    @rule(at=st.integers(0, 9), verb=st.sampled_from(["remove", "up", "down"]))
    def change(self, at: int, verb: str) -> None:
        if not self.expected:
            return
        key, place = self._row(at)
        self._press(f"a.{key}.{verb}")
        text = self.expected.pop(place)
        if verb != "remove":
            to = place - 1 if verb == "up" else place + 1
            self.expected.insert(max(0, min(to, len(self.expected))), text)

    @invariant()
    def the_form_is_the_list(self) -> None:
        assert read(self.form) == self.expected


TestEditing = pytest.mark.dear(Editing.TestCase)
TestEditing.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)


@pytest.mark.dear
@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["add", "0.remove", "0.down", "1.up", "2.remove", "3.up"]), max_size=6))
def test_buttons_of_a_nested_list_leave_everything_else_as_it_is(buttons: list[str]) -> None:
    form = form_of(BILL, A_BILL)
    for button in buttons:
        form = pressed(form, f"a.lines.{button}")

    parts = dict(form.parts())

    assert (parts["a.number"], parts["a.notes.0~key"], parts["a.notes.0"]) == ("817", "due", "30 days")


def test_a_key_is_typed_as_what_it_is_read_as() -> None:
    form = pressed(form_of(schema_of(dict[int, str]), {"1": "x"}), "a.add")

    def typed(key: str) -> AnswerReading:
        return form.read([(name, {"a.1~key": key, "a.1": "y"}.get(name, text)) for name, text in form.parts()])

    assert typed("22").value == {"1": "x", "22": "y"}
    assert [(each.name, each.path) for each in typed("many").problems] == [("a.1~key", ("many",))]
    assert [each.text for each in typed("01").problems] == ["The key 1 is there twice."]
    assert dict(typed("many").form.parts())["a.1~key"] == "many"


def test_a_key_of_a_list_is_chosen() -> None:
    class Size(IntEnum):
        SMALL = 1
        LARGE = 2

    form = pressed(form_of(schema_of(dict[Size, str]), {"1": "x"}), "a.add")
    sent = [each for each in form.parts() if each[0] not in {"a.1~key", "a.1"}]

    def chosen(token: str) -> AnswerReading:
        return form.read([*sent, ("a.1~key", token), ("a.1", "y")])

    assert chosen("1").value == {"1": "x", "2": "y"}
    assert [each.text for each in chosen("0").problems] == ["The key 1 is there twice."]
    assert [each.name for each in form.read([*sent, ("a.1", "y")]).problems] == ["a.1~key"]
    (row, other) = next(each.rows for each in walk(form.root) if isinstance(each, ListField))
    assert isinstance(row.entry, ChoiceField)
    assert isinstance(other.entry, ChoiceField)


def test_a_key_keeps_to_its_bounds() -> None:
    form = form_of(schema_of(dict[Annotated[int, Field(ge=3)], str]), {"4": "x"})

    (problem,) = form.read([(name, {"a.0~key": "2"}.get(name, text)) for name, text in form.parts()]).problems

    assert problem.name == "a.0~key"
