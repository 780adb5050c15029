"""Cases come from one file or many, each named by itself, by a pattern, or by how it is read."""

import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from handrail_evals.errors import DataError, InvalidCaseFile, InvalidSetting
from handrail_evals.measure.case import Case
from handrail_evals.measure.cases.form import CaseFields, FileForm
from handrail_evals.measure.cases.read import read_cases
from handrail_evals.measure.fingerprint import duplicates


def write(path: Path, *names: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f'{{"name": "{name}", "input": "text"}}\n' for name in names), encoding="utf-8")
    return path


def names_in(*files: str | Path, **options: Any) -> list[str]:
    return [case.name for case in read_cases(*files, **options)]


def test_several_files_of_several_formats_are_read_in_order(tmp_path: Path) -> None:
    first = write(tmp_path / "b.jsonl", "one")
    second = tmp_path / "a.csv"
    second.write_text("name,input\ntwo,text\n", encoding="utf-8")
    third = tmp_path / "c.YAML"
    third.write_text("- {name: three, input: text}\n", encoding="utf-8")

    assert names_in(first, str(second), third) == ["one", "two", "three"]


def test_a_pattern_finds_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "b.jsonl", "b")
    write(tmp_path / "a.jsonl", "a")
    write(tmp_path / "deep" / "er" / "c.jsonl", "c")

    assert names_in(tmp_path / "*.jsonl") == ["a", "b"]
    assert names_in(str(tmp_path / "**" / "*.jsonl")) == ["a", "b", "c"]


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", "a")

    assert names_in(file, str(file), tmp_path / "*.jsonl") == ["a"]


def test_a_file_with_a_bracket_in_its_name_is_no_pattern(tmp_path: Path) -> None:
    assert names_in(write(tmp_path / "a[1].jsonl", "a")) == ["a"]


def test_a_pattern_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCaseFile, match="no file has such a name"):
        read_cases(tmp_path / "*.jsonl")


def test_one_name_in_two_files_is_refused_with_both_places(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", "x", "same")
    second = write(tmp_path / "b.jsonl", "same")

    with pytest.raises(InvalidCaseFile) as refusal:
        read_cases(first, second)

    assert str(refusal.value) == (
        f"{second}, line 1, case 'same': its name is already that of {first}, line 2; rename one"
    )


def test_problems_of_all_files_are_shown_at_once(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", "", "fine")
    missing = tmp_path / "b.jsonl"
    empty = tmp_path / "c.csv"
    empty.touch()

    with pytest.raises(InvalidCaseFile) as refusal:
        read_cases(first, missing, empty)

    assert str(refusal.value).splitlines() == [
        f"{first}: 3 problems; no case was read",
        f"  {first}, line 1: name: it is empty; a case needs a name",
        f"  {missing}: there is no such file; check its name",
        f"  {empty}: it holds no case; write one, or leave the file out",
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.jsonl", "there is no such file; check its name"),
        ("folder", "it is a directory; name its files, such as "),
        ("cases.json", "write the objects of a JSON file one a line, and name it .jsonl"),
        ("cases.py", "say which name holds them, such as "),
        ("cases.xlsx", "its name ends in '.xlsx', and cases are read from .jsonl"),
        ("cases", "its name has no suffix, and cases are read from .jsonl"),
        ("file.txt/cases.jsonl", "it cannot be read: Not a directory"),
        (f"{'long' * 100}.jsonl", "it cannot be read: File name too long"),
        ("missing.csv", "there is no such file"),
        ("missing.yaml", "there is no such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.txt").touch()

    with pytest.raises(InvalidCaseFile) as refusal:
        read_cases(tmp_path / name)

    assert problem in str(refusal.value)
    assert refusal.value.path == tmp_path / name


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".csv", ".tsv", ".yaml", ".yml"])
@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_an_empty_file_is_refused(tmp_path: Path, suffix: str, content: str) -> None:
    path = tmp_path / f"cases{suffix}"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(InvalidCaseFile):
        read_cases(path)


def test_a_file_is_read_by_another_suffix_when_told(tmp_path: Path) -> None:
    path = write(tmp_path / "export.txt", "a")

    assert names_in(path, form=FileForm(suffix=".jsonl")) == ["a"]


def test_forms_that_cannot_work_are_refused() -> None:
    odd: Any = ".xml"
    with pytest.raises(InvalidSetting, match=r"suffix is '\.xml'; give one of \.jsonl"):
        FileForm(suffix=odd)
    with pytest.raises(InvalidSetting, match="delimiter is '::'"):
        FileForm(delimiter="::")
    with pytest.raises(InvalidSetting, match=r"empty is '\.xml'"):
        FileForm(empty=odd)


def test_no_file_at_all_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="no file was named"):
        read_cases()


@pytest.mark.slow
def test_a_file_of_nothing_but_mistakes_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("nonsense\n" * 20_000, encoding="utf-8")

    tracemalloc.start()
    try:
        with pytest.raises(InvalidCaseFile, match="20000 problems"):
            read_cases(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 5_000_000


@pytest.mark.dear
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".yaml"])
def test_what_is_far_too_long_for_a_case_is_refused_and_not_read_in_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cases{suffix}"
    with path.open("wb") as file:
        file.truncate(2**40)  # takes no room on the disk: a file of nothing

    with pytest.raises(InvalidCaseFile, match="it is longer than 64 MB"):
        read_cases(path)


def test_cases_that_ask_the_same_are_listed_together() -> None:
    cases = [Case("a", "x"), Case("b", "y"), Case("c", "x", "other"), Case("d", {"k": 1}), Case("e", {"k": 1})]

    assert [[case.name for case in group] for group in duplicates(cases)] == [["a", "c"], ["d", "e"]]


def test_cases_that_all_differ_have_no_duplicates() -> None:
    assert duplicates([Case("a", "1"), Case("b", 1), Case("c", [1])]) == ()


def test_an_input_without_a_json_form_is_named() -> None:
    with pytest.raises(DataError, match="case 'a', input is a object that has no JSON form"):
        duplicates([Case("a", object())])


@pytest.mark.slow
def test_importing_loads_no_library_and_reading_only_what_the_format_needs(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", "a")
    program = (
        "import sys, handrail, handrail.evals; first = set(sys.modules); handrail.read_cases('a.jsonl');"
        "print('pydantic' in first, 'yaml' in sys.modules, 'jsonschema' in sys.modules, 'numpy' in sys.modules)"
    )

    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout

    assert shown.split() == ["False"] * 4


@pytest.mark.dear
def test_real_ticket_files_are_read_as_they_are(shared_data: Path) -> None:
    fields = CaseFields(input="text", expected="label")

    cases = read_cases(shared_data / "tickets" / "clinc150.*.jsonl", expected=str | None, fields=fields)

    assert len(cases) == 18_200
    assert all(case.is_labelled for case in cases)
    assert any(case.expected is None for case in cases)  # out of scope: the right answer is that no label fits
