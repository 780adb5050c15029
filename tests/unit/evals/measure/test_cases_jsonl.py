"""A JSON Lines file of cases is read whole, or refused with every line that has to be mended."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict, TypeForm

from handrail_evals.errors import InvalidCaseFile, InvalidSetting
from handrail_evals.measure.case import UNLABELLED, Case
from handrail_evals.measure.cases.form import CaseFields
from handrail_evals.measure.cases.read import read_cases


class Team(Enum):
    CARDS = "cards"
    LOANS = "loans"


class Ticket(BaseModel):
    sender: str
    text: str
    priority: int = 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cases.jsonl"


def written(path: Path, *lines: str | bytes) -> Path:
    path.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
    return path


def refusal_of(path: Path, *lines: str | bytes, **options: Any) -> InvalidCaseFile:
    with pytest.raises(InvalidCaseFile) as refusal:
        read_cases(written(path, *lines), **options)
    assert refusal.value.path == path
    return refusal.value


def test_every_part_of_a_case_is_read(path: Path) -> None:
    line = """{"name": "a", "input": {"sender": "ann", "text": "my card"}, "expected": "cards", "steps": {"route": 1},
        "metadata": {"lang": "de", "words": 2, "old": true, "who": null}, "cluster": "t-1", "must_pass": true}"""

    cases = read_cases(written(path, line.replace("\n", " ")), input=Ticket, expected=Team)

    assert cases == (
        Case(
            "a",
            Ticket(sender="ann", text="my card"),
            Team.CARDS,
            steps={"route": 1},
            metadata={"lang": "de", "words": 2, "old": True, "who": None},
            cluster="t-1",
            must_pass=True,
        ),
    )


def test_a_case_says_where_it_was_read(path: Path) -> None:
    cases = read_cases(written(path, "", '{"name": "a", "input": "x"}', "  \r", '{"name": "b", "input": "y"}'))

    assert [case.where for case in cases] == [f"{path}, line 2", f"{path}, line 4"]


def test_null_is_an_answer_and_an_absent_key_is_none(path: Path) -> None:
    written(path, '{"name": "a", "input": "x", "expected": null}', '{"name": "b", "input": "y"}')

    null, absent = read_cases(path, expected=str | None, allow_unlabelled=True)

    assert null.is_labelled
    assert null.expected is None
    assert absent.expected is UNLABELLED


def test_a_case_without_its_expected_value_is_refused_when_its_type_is_given(path: Path) -> None:
    refusal = refusal_of(path, '{"name": "a", "input": "x"}', expected=str)

    assert (refusal.line, refusal.case) == (1, "a")
    assert "it has no 'expected': say what is right, or give allow_unlabelled=True" in str(refusal)


def test_without_types_the_input_is_text_and_the_expected_value_any_json(path: Path) -> None:
    (case,) = read_cases(written(path, '{"name": "a", "input": "x", "expected": [1, {"b": null}]}'))

    assert case.expected == [1, {"b": None}]
    assert "input: it should be a valid string, found 7" in str(refusal_of(path, '{"name": "a", "input": 7}'))


@pytest.mark.parametrize(("data", "annotation"), [('"5"', int), ("5", str), ('"true"', bool), ("1", bool)])
def test_a_value_of_another_type_is_refused_and_not_converted(path: Path, data: str, annotation: TypeForm[Any]) -> None:
    refusal = refusal_of(path, f'{{"name": "a", "input": {data}}}', input=annotation)

    assert (refusal.line, refusal.case) == (1, "a")


def test_types_that_json_writes_as_text_are_read(path: Path) -> None:
    written(path, '{"name": "a", "input": ["2026-01-31", "cards"], "expected": {"2": [1.5, 2]}}')

    (case,) = read_cases(path, input=tuple[date, Team], expected=dict[int, set[float]])

    assert case.input == (date(2026, 1, 31), Team.CARDS)
    assert case.expected == {2: {1.5, 2.0}}


def test_every_bad_line_is_shown_at_once_with_its_line_case_and_field(path: Path) -> None:
    refusal = refusal_of(
        path,
        '{"name": "a", "input": {"sender": "ann", "text": "x"}, "expected": "cards"}',
        '{"name": "b", "input": {"sender": "ann", "text": 7}, "expected": "cards"}',
        "[1]",
        '{"name": "c", "input": {"sender": "ann", "text": "x"}, "expected": "card"}',
        '{"name": "a", "input": {"sender": "ann", "text": "y"}, "expected": "cards"}',
        input=Ticket,
        expected=Team,
    )

    assert str(refusal).splitlines() == [
        f"{path}: 4 problems; no case was read",
        f"  {path}, line 2, case 'b': input.text: it should be a valid string, found 7; input is Ticket",
        f'  {path}, line 3: it is a list; a case is an object: {{"name": ..., "input": ..., "expected": ...}}',
        f"  {path}, line 4, case 'c': expected: it should be 'cards' or 'loans', found \"card\"; expected is Team",
        f"  {path}, line 5, case 'a': its name is already that of {path}, line 1; rename one",
    ]
    assert (refusal.line, refusal.case) == (2, "b")


def test_ten_bad_lines_are_shown_and_the_rest_counted(path: Path) -> None:
    lines = str(refusal_of(path, *["x"] * 12)).splitlines()

    assert lines[0].endswith("12 problems; no case was read")
    assert len(lines) == 12
    assert lines[-1] == "  and 2 more"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nonsense", "it is not JSON: Expecting value at column 1"),
        (b'{"name": "\xe4"}', "byte 11 is not UTF-8 (0xe4); save the file as UTF-8"),
        ('{"name": "a", "input": NaN}', "NaN is no JSON"),
        ('{"name": "a", "input": -Infinity}', "-Infinity is no JSON"),
        ('{"name": "a", "input": 1e999}', "a number is too large"),
        (f'{{"name": "a", "input": {"9" * 5000}}}', "a number has too many digits"),
        ('{"name": "a", "input": 1, "input": 2}', 'the key "input" is there twice'),
        ('{"name": "a", "input": {"x": 1, "x": 2}}', 'the key "x" is there twice'),
        (f'{{"name": "a", "input": {"[" * 100}{"]" * 100}}}', "it is nested deeper than 100 levels"),
        (f'{{"name": "a", "input": {"[" * 100_000}{"]" * 100_000}}}', "it is nested deeper than 100 levels"),
        ('{"name": "a", "input": "\\ud83d"}', "input: a text in it holds half a character"),
        ('{"name": "a", "inputs": 1}', "unknown key 'inputs'; did you mean 'input'?"),
        (
            '{"name": "a", "input": 1, "zzz": 1}',
            "unknown key 'zzz'; known are 'blind', 'cluster', 'expected', 'id', 'input'",
        ),
        ('{"input": 1}', "it has no name; add 'name', or give names=\"line\""),
        ('{"nam": "a", "input": 1}', "unknown key 'nam'; did you mean 'name'?"),
        ('{"name": "a", "id": "a", "input": 1}', "it has both 'name' and 'id'; a case has one name"),
        ('{"name": " ", "input": 1}', "name: it is empty"),
        ('{"name": null, "input": 1}', "name: it is empty"),
        ('{"name": 1.5, "input": 1}', "name: it is a number; give a text or a whole number"),
        ('{"name": true, "input": 1}', "name: it is a truth value; give a text or a whole number"),
        ('{"name": "a"}', "it has no 'input', which is what the target is called with"),
        ('{"name": "a", "input": 1, "steps": []}', "steps: it is a list; give an object"),
        ('{"name": "a", "input": 1, "metadata": "x"}', "metadata: it is a text; give an object"),
        ('{"name": "a", "input": 1, "metadata": {"k": []}}', "metadata 'k' is a list; give text or a number"),
        ('{"name": "a", "input": 1, "cluster": {}}', "cluster: it is an object; give a text or a whole number"),
        ('{"name": "a", "input": 1, "must_pass": "true"}', "must_pass: it is a text; give true or false"),
        ('{"name": "a", "input": 1, "must_pass": null}', "must_pass: it is null; give true or false"),
    ],
)
def test_a_line_that_cannot_be_used_is_refused_with_the_reason(path: Path, line: str | bytes, problem: str) -> None:
    refusal = refusal_of(path, '{"name": "first", "input": 1}', line, input=Any)

    assert refusal.line == 2
    assert problem in str(refusal)


def test_a_half_written_last_line_is_told_from_a_mistake(path: Path) -> None:
    path.write_text('{"name": "a", "input": "x"}\n{"name": "b", "inp', encoding="utf-8")

    with pytest.raises(InvalidCaseFile, match="line 2: it was only half written") as refusal:
        read_cases(path)

    assert refusal.value.line == 2


def test_a_last_line_without_its_end_is_read_when_it_is_whole(path: Path) -> None:
    path.write_text('{"name": "a", "input": "x"}', encoding="utf-8")

    assert [case.name for case in read_cases(path)] == ["a"]


def test_ninety_nine_levels_inside_of_a_case_are_read(path: Path) -> None:
    (case,) = read_cases(written(path, f'{{"name": "a", "input": {"[" * 99}{"]" * 99}}}'), input=Any)

    assert str(case.input) == "[" * 99 + "]" * 99


def test_brackets_inside_of_texts_are_no_levels(path: Path) -> None:
    (case,) = read_cases(written(path, f'{{"name": "a", "input": "{"[" * 500}"}}'))

    assert case.input == "[" * 500


def test_a_line_separator_inside_of_a_text_ends_no_line(path: Path) -> None:
    (case,) = read_cases(written(path, '{"name": "a", "input": "x\u2028y\x85"}'))

    assert case.input == "x\u2028y\x85"


def test_a_byte_order_mark_is_skipped(path: Path) -> None:
    (case,) = read_cases(written(path, b'\xef\xbb\xbf{"name": "a", "input": "x"}'))

    assert case.name == "a"


@pytest.mark.parametrize("value", ["7", "7.0"])
def test_a_whole_number_is_taken_for_a_name_and_a_cluster(path: Path, value: str) -> None:
    (case,) = read_cases(written(path, f'{{"id": {value}, "input": "x", "cluster": {value}}}'))

    assert (case.name, case.cluster) == ("7", "7")


def test_a_number_and_a_text_that_look_alike_are_one_name(path: Path) -> None:
    refusal = refusal_of(path, '{"name": 7, "input": "x"}', '{"name": "7", "input": "y"}')

    assert f"case '7': its name is already that of {path}, line 1" in str(refusal)


def test_a_key_that_a_class_does_not_know_is_refused_with_the_one_that_was_meant(path: Path) -> None:
    line = '{"name": "a", "input": {"sender": "ann", "text": "x", "prioritty": 2}}'

    refusal = refusal_of(path, line, input=Ticket)

    assert "input.prioritty: unknown key 'prioritty'; did you mean 'priority'?; input is Ticket" in str(refusal)


@dataclass(frozen=True)
class Line:
    text: str


class Attachment(TypedDict):
    size: int


@pytest.mark.parametrize(
    ("annotation", "value"), [(Line, '{"text": "x", "txt": 1}'), (Attachment, '{"size": 1, "sise": 1}')]
)
def test_dataclasses_and_typed_dicts_are_closed_too(path: Path, annotation: Any, value: str) -> None:
    refusal = refusal_of(path, f'{{"name": "a", "input": [{value}]}}', input=list[annotation])

    assert "did you mean" in str(refusal)


def test_a_class_that_says_what_becomes_of_unknown_keys_is_obeyed(path: Path) -> None:
    class Loose(BaseModel):
        model_config = ConfigDict(extra="ignore")
        text: str

    (case,) = read_cases(written(path, '{"name": "a", "input": {"text": "x", "more": 1}}'), input=Loose)

    assert case.input == Loose(text="x")


def test_a_validator_that_fails_is_named_with_the_case(path: Path) -> None:
    def divided(number: int) -> int:
        return 1 // number

    class Share(BaseModel):
        of: "int"

        def model_post_init(self, _: Any) -> None:
            divided(self.of)

    refusal = refusal_of(path, '{"name": "a", "input": {"of": 0}}', input=Share)

    assert "case 'a': input:" in str(refusal)
    assert "failed to check it with ZeroDivisionError" in str(refusal)


def test_several_mistakes_in_one_value_are_shown(path: Path) -> None:
    text = str(
        refusal_of(path, '{"name": "a", "input": {"sender": 1, "text": 2, "priority": "x", "y": 1}}', input=Ticket)
    )

    assert "input.sender: it should be a valid string, found 1; input is Ticket" in text
    assert "(also text: it should be a valid string; priority: it should be a valid integer; and more)" in text


def test_a_type_that_cannot_be_read_is_refused_before_any_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="expected=Opaque cannot be read from a file: Unable to generate"):
        read_cases(tmp_path / "missing.jsonl", expected=Opaque)


class Opaque:
    """Nothing that pydantic knows."""


class TestForeignFiles:
    def test_keys_of_another_format_are_named(self, path: Path) -> None:
        written(path, '{"ref": 3, "question": "x", "label": "a", "lang": "de", "thread": 9}')
        fields = CaseFields(name="ref", input="question", expected="label", metadata=("lang", "team"), cluster="thread")

        cases = read_cases(path, expected=Literal["a", "b"], fields=fields)

        assert cases == (Case("3", "x", "a", metadata={"lang": "de"}, cluster="9"),)

    def test_the_whole_object_can_be_the_input(self, path: Path) -> None:
        written(path, '{"id": "a", "sender": "ann", "text": "x", "label": "cards"}')

        cases = read_cases(path, input=Ticket, expected=Team, fields=CaseFields(input=None, expected="label"))

        assert cases == (Case("a", Ticket(sender="ann", text="x"), Team.CARDS),)

    def test_a_wrong_field_of_a_whole_object_is_named_from_its_top(self, path: Path) -> None:
        refusal = refusal_of(
            path, '{"id": "a", "sender": "ann", "text": 1}', input=Ticket, fields=CaseFields(input=None)
        )

        assert "case 'a': text: it should be a valid string" in str(refusal)

    def test_other_keys_are_refused_ignored_or_metadata(self, path: Path) -> None:
        written(path, '{"id": "a", "input": "x", "split": "test"}')

        with pytest.raises(InvalidCaseFile, match="unknown key 'split'"):
            read_cases(path)

        assert read_cases(path, fields=CaseFields(others="ignore"))[0].metadata == {}
        assert read_cases(path, fields=CaseFields(others="metadata"))[0].metadata == {"split": "test"}

    def test_keys_that_an_input_of_the_whole_object_does_not_know_can_be_ignored(self, path: Path) -> None:
        written(path, '{"id": "a", "sender": "ann", "text": "x", "split": "test"}')

        with pytest.raises(InvalidCaseFile, match="unknown key 'split'"):
            read_cases(path, input=Ticket, fields=CaseFields(input=None))

        (case,) = read_cases(path, input=Ticket, fields=CaseFields(input=None, others="ignore"))
        assert case.input == Ticket(sender="ann", text="x")

    def test_names_can_be_made_of_file_and_line(self, path: Path) -> None:
        written(path, '{"input": "x"}', "", '{"input": "y"}')

        assert [case.name for case in read_cases(path, names="line")] == ["cases.jsonl:1", "cases.jsonl:3"]

    def test_settings_that_cannot_work_are_refused(self, path: Path) -> None:
        odd: Any = "somewhere"
        with pytest.raises(InvalidSetting, match="two parts of a case would be read from the key 'text'"):
            CaseFields(input="text", expected="text")
        with pytest.raises(InvalidSetting, match="others is 'somewhere'"):
            CaseFields(others=odd)
        with pytest.raises(InvalidSetting, match="with input=None the other keys are the input"):
            CaseFields(input=None, others="metadata")
        with pytest.raises(InvalidSetting, match="names is 'somewhere'"):
            read_cases(path, names=odd)


@given(st.lists(st.binary(max_size=40), max_size=5), st.binary(max_size=20))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], last: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "cases.jsonl"
    path.write_bytes(b"\n".join([*lines, b'{"name": "a", "input": ' + last]))

    try:
        cases = read_cases(path, input=Any)
    except InvalidCaseFile as refusal:
        cases, shown = (), str(refusal)
    else:
        shown = ""

    assert bool(cases) != shown.startswith(str(path))
