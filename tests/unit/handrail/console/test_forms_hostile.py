"""Nothing in a schema, a value or what is sent misleads the reader, breaks the form or makes it slow."""

import json
from typing import Any

import pytest

from handrail.console.forms.fields import ChoiceField, FieldMark, TextBox, walk
from handrail.console.forms.form import AnswerForm, form_of
from handrail.console.forms.names import dotted
from handrail.console.forms.posted import MOST_PARTS

OBJECT = {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}, "required": ["n", "s"]}
LISTS = {"type": "array", "items": OBJECT}
VALUE = {"n": 1, "s": "x"}
KEYS = [
    "",
    ".",
    "a.b",
    "a[0]",
    "a b",
    "a~is",
    "~",
    "_op",
    "__proto__",
    "constructor",
    "größe",
    "a\nb",
    "a\0b",
    "\ud800",
]
OBSCURE = "\u202eabc\u2066\x00\x1b[31m\u200b"


def choice(form: AnswerForm) -> ChoiceField:
    assert isinstance(form.root, ChoiceField)
    return form.root


def test_keys_of_any_kind_are_fields_of_their_own() -> None:
    schema = {"type": "object", "properties": {key: {"type": "string"} for key in KEYS}, "required": KEYS}
    value = {key: f"value {at}" for at, key in enumerate(KEYS)}
    form = form_of(schema, value)

    names = [name for name, _ in form.parts()]
    assert len(set(names)) == len(KEYS)
    assert all(name.isascii() and name.isprintable() and not set(name) & set(" \"'<>&[]") for name in names)
    assert form.read(form.parts()).value == value
    assert all(each.label.isprintable() and each.label for each in walk(form.root))


def test_a_mapping_has_any_key() -> None:
    value = {key: at for at, key in enumerate(KEYS)}
    form = form_of({"type": "object", "additionalProperties": {"type": "integer"}}, value)

    assert form.read(form.parts()).value == value


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["refund", "refund "], ['"refund"', '"refund "']),
        (["1", 1], ['"1"', "1"]),
        (["yes", True], ['"yes"', "true"]),
        (["", " "], ['""', '" "']),
        (["none", None], ["none", "none"]),
        (["a\u202eb", "ab"], ["a\\u202eb", "ab"]),
    ],
)
def test_labels_that_look_alike_are_told_apart(labels: list[Any], shown: list[str]) -> None:
    form = form_of({"enum": labels})

    assert [each.label for each in choice(form).options] == shown
    for at, label in enumerate(labels):
        token = choice(form).options[at].token
        assert form.read([("a", token)]).value == label


def test_long_labels_are_cut_numbered_and_there_in_full() -> None:
    labels = ["x" * 10_000 + end for end in "abc"]
    form = form_of({"enum": labels})

    shown = [each.label for each in choice(form).options]
    assert len(set(shown)) == 3
    assert max(map(len, shown)) < 250
    assert [each.full for each in choice(form).options] == labels
    assert form.read([("a", "2")]).value == labels[2]


def test_what_nobody_sees_is_written_out() -> None:
    schema = {"type": "object", "title": OBSCURE, "description": OBSCURE, "properties": {OBSCURE: {"enum": [OBSCURE]}}}
    form = form_of(schema, {OBSCURE: OBSCURE}, marks={"": FieldMark(alternatives=((OBSCURE, None, ""),))})

    for each in walk(form.root):
        said = [each.label, each.help, each.dotted, *(other.label for other in each.alternatives)]
        assert "\u202e" not in "".join(said)
        assert "\x1b" not in "".join(said)


def test_a_text_with_characters_that_nobody_sees_says_so() -> None:
    form = form_of({"type": "string"}, f"to{OBSCURE}")

    assert isinstance(form.root, TextBox)
    assert form.root.unseen == ("\\u202e", "\\u2066", "\\x1b", "\\u200b"), "what no page can hold is written out in it"
    assert form.read(form.parts()).value == f"to{OBSCURE}"


def test_json_shows_them_as_json_writes_them() -> None:
    form = form_of({}, [OBSCURE])

    text = dict(form.parts())["a"]
    assert "\\u202e" in text
    assert json.loads(text) == [OBSCURE]


def test_fields_that_were_not_sent_are_problems_and_nothing_takes_their_place() -> None:
    form = form_of(OBJECT, VALUE)

    reading = form.read([("a.n", "2")])

    assert [(each.name, each.text) for each in reading.problems] == [("a.s", "Nothing was sent for this: fill it in.")]
    assert form.read([]).fits is False


def test_a_field_that_was_sent_twice_is_a_problem() -> None:
    reading = form_of(OBJECT, VALUE).read([("a.n", "2"), ("a.n", "3"), ("a.s", "x")])

    assert [each.name for each in reading.problems] == ["a.n"]
    assert dict(reading.form.parts())["a.n"] == "2"


def test_parts_that_are_no_fields_are_left_alone() -> None:
    sent = [
        ("a.n", "2"),
        ("a.s", "x"),
        ("a.other", "y"),
        ("csrf", "z"),
        ("a.n.0.0", "1"),
        ("b", "2"),
        ("__proto__", "3"),
    ]

    assert form_of(OBJECT, VALUE).read(sent).value == {"n": 2, "s": "x"}


def test_a_choice_that_is_none_of_the_list_is_a_problem() -> None:
    form = form_of({"enum": ["a", "b"]})

    for token in ("2", "-1", "a", "00", "²", "null"):
        assert [each.text for each in form.read([("a", token)]).problems] == ["That is none of the choices."]
    assert [each.text for each in form.read([]).problems] == ["Choose one."]


def test_a_form_of_too_many_parts_is_not_read() -> None:
    sent = [("a~row", str(at)) for at in range(MOST_PARTS + 1)]

    reading = form_of(LISTS, [VALUE]).read(sent)

    assert [each.text for each in reading.problems] == [
        "The form was sent with more than 5,000 parts: nothing of it was read."
    ]
    assert len(reading.form.parts()) == 4


@pytest.mark.dear
def test_a_few_parts_do_not_make_a_huge_form() -> None:
    wide = {"type": "object", "properties": {f"f{at}": {"type": "integer"} for at in range(300)}}
    sent = [("a~row", str(at)) for at in range(4000)]

    reading = form_of({"type": "array", "items": wide}, []).read(sent)

    assert not reading.fits
    assert len(reading.form.parts()) < 10


@pytest.mark.parametrize("key", [str(10**9), str(10**12), "-1", "1e3", "x", "²", "1 ", "", "9" * 5000])
def test_the_key_of_a_row_is_a_name_and_never_a_size(key: str) -> None:
    sent = [("a~row", ""), ("a~row", key), (f"a.{key}.n", "2"), (f"a.{key}.s", "y")]

    reading = form_of(LISTS, [VALUE]).read(sent)

    assert reading.value == ([{"n": 2, "s": "y"}] if key == str(10**9) else [])


def test_a_row_that_is_named_twice_is_there_once() -> None:
    sent = [("a~row", "0"), ("a~row", "0"), ("a.0.n", "2"), ("a.0.s", "y")]

    assert form_of(LISTS, [VALUE]).read(sent).value == [{"n": 2, "s": "y"}]


def test_a_file_is_no_text() -> None:
    reading = form_of(OBJECT, VALUE).read([("a.n", "1"), ("a.s", "x"), ("a.s", b"a file")])

    assert [each.text for each in reading.problems] == ["A file was sent where text belongs."]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"$ref": "#/$defs/A", "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A"}]}}},
        {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}}},
        {"properties": {"a": {"$ref": "#"}}, "required": ["a"], "type": "object"},
        {"$ref": "#/nowhere"},
        {"$ref": "https://example.org/schema"},
        {"type": "string", "pattern": "("},
        {"type": "nothing"},
        {"anyOf": []},
        {"enum": []},
        {"properties": 3, "type": "object"},
        {"type": "array", "items": 3},
        {"type": "object", "properties": {"a": 3}, "required": [3]},
        {"allOf": [{"type": "string"}, {"minLength": 3}]},
    ],
)  # fmt: skip
def test_a_schema_that_makes_no_sense_lets_nothing_through_that_does_not_fit_it(schema: dict[str, Any]) -> None:
    form = form_of(schema)
    for text in ("", "x", "[1]", "null", "{}"):
        reading = form.read([(name, text) for name, _ in form.parts()])

        assert {each.name for each in reading.problems} <= {each.name for each in walk(reading.form.root)}
        assert reading.fits is (reading.problems == ())


def test_a_value_of_another_type_is_shown_as_it_is_and_does_not_pass() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    form = form_of(schema, {"n": {"<b>": 1}})

    assert dict(form.parts())["a.n"] == '{"<b>": 1}'
    reading = form.read(form.parts())
    assert [each.name for each in reading.problems] == ["a.n"]


def test_the_judge_has_the_last_word_and_each_of_its_words_a_place() -> None:
    said = [(("n",), "wrong total"), (("s", 0, "deep"), "no such thing"), ((), "in all"), (("gone",), "not there")]

    reading = form_of(OBJECT, VALUE, judge=lambda _: said).read([("a.n", "1"), ("a.s", "x")])

    assert {each.name: each.text for each in reading.problems} == {
        "a": "in all", "a.n": "wrong total", "a.s": "no such thing"
    }  # fmt: skip


def test_a_judge_that_fails_lets_nothing_through() -> None:
    def broken(_: object) -> list[Any]:
        raise RuntimeError("broken")

    reading = form_of(OBJECT, VALUE, judge=broken).read([("a.n", "1"), ("a.s", "x")])

    assert [each.text for each in reading.problems] == ["This cannot be checked: RuntimeError: broken."]


def test_a_path_is_written_as_judgements_write_it() -> None:
    assert dotted(("lines", 0, "total")) == "lines.0.total"
    assert dotted(()) == ""
