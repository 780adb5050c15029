"""A YAML file of cases is read as editors read it, and refused where it could mean two things."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.case import Case
from handrail_evals.measure.cases.read import read_cases


class Ticket(BaseModel):
    sender: str
    text: str
    tags: list[str] = []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.yaml"


def read(path: Path, text: str | bytes, **options: Any) -> tuple[Case[Any, Any], ...]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_cases(path, **options)


def refusal_of(path: Path, text: str | bytes, **options: Any) -> InvalidCaseFile:
    with pytest.raises(InvalidCaseFile) as refusal:
        read(path, text, **options)
    return refusal.value


def value_of(path: Path, text: str) -> Any:
    return read(path, f"- {{name: a, input: {text}}}", input=Any)[0].input


def test_a_list_of_cases_is_read_with_texts_of_several_lines(path: Path) -> None:
    text = """\
# yaml-language-server: $schema=cases.schema.json
- name: a
  input:
    sender: ann
    text: |
      Hello,
      my card is lost.
  expected: cards
  metadata: {lang: en}
- name: b
  input:
    {sender: bob, text: "one
      line", tags: [x]}
"""

    first, second = read(path, text, input=Ticket)

    assert first == Case("a", Ticket(sender="ann", text="Hello,\nmy card is lost.\n"), "cards", metadata={"lang": "en"})
    assert first.where == f"{path}, line 2"
    assert second == Case("b", Ticket(sender="bob", text="one line", tags=["x"]))
    assert second.where == f"{path}, line 10"


def test_the_list_may_stand_under_cases_beside_the_schema(path: Path) -> None:
    cases = read(path, "$schema: cases.schema.json\ncases:\n- {name: a, input: x}\n")

    assert [case.name for case in cases] == ["a"]


@pytest.mark.parametrize("text", ["no", "NO", "yes", "on", "Off", "y", "12:30", "2026-01-31", "1_000", "0b1", "1.2.3"])
def test_a_word_that_older_yaml_takes_for_something_else_is_a_text(path: Path, text: str) -> None:
    assert value_of(path, text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("5", 5),
        ("-7", -7),
        ("0", 0),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        ("-.5e3", -500.0),
        ("1e3", 1000.0),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("!!float 5", 5.0),
        ("[1, {a: b}]", [1, {"a": "b"}]),
        ("{no: 1, 2: x, null: y}", {"no": 1, "2": "x", "null": "y"}),
    ],
)
def test_values_have_the_types_of_yaml_1_2(path: Path, text: str, value: Any) -> None:
    found = value_of(path, text)

    assert found == value
    assert type(found) is type(value)


def test_a_number_where_text_is_expected_is_refused_with_its_own_line(path: Path) -> None:
    refusal = refusal_of(path, "- name: a\n  input:\n    sender: ann\n    text: 1.0\n", input=Ticket)

    assert (refusal.line, refusal.case) == (4, "a")
    assert "input.text: it should be a valid string, found 1.0" in str(refusal)


def test_a_missing_field_is_placed_at_what_it_is_missing_from(path: Path) -> None:
    refusal = refusal_of(path, "- name: a\n  expected: x\n  input:\n    sender: ann\n", input=Ticket)

    assert refusal.line == 4
    assert "input.text: it is missing" in str(refusal)


def test_an_item_of_a_list_is_placed_on_its_line(path: Path) -> None:
    text = "- name: a\n  input:\n    sender: ann\n    text: x\n    tags:\n    - fine\n    - 7\n"

    refusal = refusal_of(path, text, input=Ticket)

    assert refusal.line == 7
    assert "input.tags.1:" in str(refusal)


def test_an_anchor_can_be_repeated_and_merged(path: Path) -> None:
    text = """\
- &first {name: a, input: &text {sender: ann, text: x}, metadata: {lang: de}}
- {<<: *first, name: b}
- {name: c, input: *text}
- {<<: [{cluster: t}, {cluster: u, metadata: {lang: fr}}], name: d, input: {<<: *text, text: y}}
"""

    cases = read(path, text, input=Ticket)

    ann = Ticket(sender="ann", text="x")
    assert cases == (
        Case("a", ann, metadata={"lang": "de"}),
        Case("b", ann, metadata={"lang": "de"}),
        Case("c", ann),
        Case("d", Ticket(sender="ann", text="y"), cluster="t", metadata={"lang": "fr"}),
    )


def nested_aliases() -> str:
    levels = [f"&{after} [{', '.join([f'*{name}'] * 9)}]" for name, after in zip("abcdefgh", "bcdefghi", strict=True)]
    return "- {name: a, input: [&a [lol, lol, lol], " + ", ".join(levels) + "]}"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("- name: a\n  input: 1\n  input: 2\n", 3, "the key 'input' is there twice, first in line 2"),
        ("- name: a\n  input: {x: 1,\n   x: 2}\n", 3, "the key 'x' is there twice, first in line 2"),
        ("- name: 007\n  input: 1\n", 1, "007 can be a number or a text: write the text as '007'"),
        ("- name: a\n  input: .inf\n", 2, ".inf is no number in JSON"),
        ("- name: a\n  input: .NaN\n", 2, ".NaN is no number in JSON"),
        ("- name: a\n  input: 1e999\n", 2, "1e999 is no number in JSON"),
        (f"- name: a\n  input: {'9' * 5000}\n", 2, "a number has too many digits; write it as a text"),
        ("- name: a\n  input: !!int x\n", 2, "'x' is not what its tag says"),
        ("- name: a\n  input: !!python/name:os.system x\n", 2, "python/name:os.system means nothing in a case"),
        ("- name: a\n  input: !mine [x]\n", 2, "the tag !mine means nothing in a case"),
        ("- name: a\n  input: {[x]: 1}\n", 2, "a key is a list or an object; a key is text"),
        ("- name: a\n  input: {<<: x}\n", 2, "<< takes an object, or a list of them"),
        ("- name: a\n  input: &a [*a]\n", 2, "it is nested deeper than 100 levels"),
        ("- " * 3000, 1, "it is nested deeper than 100 levels"),
        ("[" * 100_000, 1, "it is nested deeper than 100 levels"),
        (nested_aliases(), 1, "its aliases repeat too much"),
        ("- name: a\n  input: *b\n", 2, "it is not YAML: found undefined alias"),
        ('- name: a\n  input: "x\n', 3, "it is not YAML: while scanning a quoted scalar"),
        ("- name: a\n   input: x\n", 2, "it is not YAML: mapping values are not allowed"),
        ("- name: a\n  input: x\n---\n- name: b\n", 3, "expected a single document"),
        (b"- name: a\n  input: \xe4\n", 2, "is not UTF-8 (0xe4)"),
        ("- name: a\n  input: '\x01'\n", 2, "characters are not allowed"),
        ("name: a\ninput: x\n", 1, "it is an object with the key 'input'; write the cases as a list"),
        ("$schema: x\n", 1, "it is an object with no key 'cases'"),
        ("cases: []\ncases: []\n", None, "a key is there twice beside the cases"),
        ("a text\n", 1, "it holds no list of cases; begin each case with '- name: ...'"),
        ("cases: 5\n", 1, "it holds no list of cases"),
        ("- 5\n", 1, "it is no case; a case is an object with the keys name, input and expected"),
        ("- name: a\n  inpt: x\n", 1, "unknown key 'inpt'; did you mean 'input'?"),
        ("[]\n", None, "it holds no case"),
        ("# nothing\n", None, "it holds no case"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(
    path: Path, text: str | bytes, line: int | None, problem: str
) -> None:
    refusal = refusal_of(path, text, input=Any)

    assert problem in str(refusal)
    assert refusal.line == line


def test_every_bad_case_is_shown_at_once(path: Path) -> None:
    refusal = refusal_of(path, "- {name: a, input: 1}\n- {name: a, name: b}\n- {name: c, input: x}\n- 7\n")

    assert str(refusal).startswith(f"{path}: 3 problems")


def test_one_name_twice_is_refused_with_both_lines(path: Path) -> None:
    refusal = refusal_of(path, "- {name: a, input: x}\n\n- {name: a, input: y}\n")

    assert str(refusal) == f"{path}, line 3, case 'a': its name is already that of {path}, line 1; rename one"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(min_codepoint=32, max_codepoint=0x24FF, exclude_categories=["Cc"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc<", max_size=3), inner, max_size=4),
    max_leaves=10,
)


@given(json_values)
def test_json_is_read_as_the_same_value(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    path = tmp_path_factory.mktemp("json") / "cases.yaml"

    (case,) = read(path, json.dumps([{"name": "a", "input": value}], ensure_ascii=True), input=Any)

    assert case.input == value


@given(st.text("-:[]{}&*!|>'\"#%@`, \n\tab01.<", max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "cases.yaml"

    try:
        cases = read(path, f"- name: a\n  input: {text}", input=Any)
    except InvalidCaseFile as refusal:
        cases, shown = (), str(refusal)
    else:
        shown = ""

    assert bool(cases) != shown.startswith(str(path))
