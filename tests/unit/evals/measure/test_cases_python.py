"""Cases made in Python are taken as they are, after their types were checked."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, assert_type

import pytest
from pydantic import AfterValidator

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.case import Case
from handrail_evals.measure.cases.read import read_cases

PROGRAM = """
from handrail_evals.measure.case import Case

cases = [Case("a", "x", 1), Case("b", "y", where="a drawer")]
empty = []
one = Case("a", "x")
mixed = [Case("a", "x"), "b"]
numbers = (Case("a", 5),)
same = [cases[1], cases[1]]

def made():
    yield from cases

def broken():
    raise KeyError("k")

def broken_later():
    yield cases[0]
    raise KeyError("k")
"""


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    before = set(sys.modules), list(sys.path)
    path = tmp_path / "made_cases.py"
    path.write_text(PROGRAM, encoding="utf-8")
    yield path
    for name in set(sys.modules) - before[0]:
        del sys.modules[name]
    sys.path[:] = before[1]


@pytest.mark.parametrize("name", ["cases", "made"])
def test_a_list_and_a_function_that_makes_one_are_read(path: Path, name: str) -> None:
    cases = read_cases(f"{path}:{name}")

    assert cases == (Case("a", "x", 1), Case("b", "y"))
    assert [case.where for case in cases] == [f"{path}:{name}, item 1", "a drawer"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("case", "it has no 'case'; lists of cases there: cases, numbers, same"),
        ("", "it has no ''"),
        ("one", "one is a Case, not a list of cases"),
        ("empty", "it holds no case"),
        ("mixed", "item 2 of mixed is no Case; its type is str"),
        ("numbers", "case 'a': input: it should be a valid string, found 5; input is str"),
        ("same", "case 'b': its name is already that of a drawer; rename one"),
        ("broken", "broken() failed to make its cases: KeyError: 'k'"),
        ("broken_later", "broken_later failed after 1 cases: KeyError: 'k'"),
    ],
)
def test_what_is_no_list_of_cases_is_refused(path: Path, name: str, problem: str) -> None:
    with pytest.raises(InvalidCaseFile) as refusal:
        read_cases(f"{path}:{name}")

    assert refusal.value.path == path
    assert problem in str(refusal.value)


def test_the_types_of_cases_made_in_python_are_checked(path: Path) -> None:
    with pytest.raises(InvalidCaseFile, match="case 'a': expected: it should be a valid string, found 1"):
        read_cases(f"{path}:cases", expected=str, allow_unlabelled=True)
    with pytest.raises(InvalidCaseFile, match="case 'b': it has no expected value"):
        read_cases(f"{path}:cases", expected=int)

    cases = read_cases(f"{path}:cases", expected=int, allow_unlabelled=True)

    assert_type(cases, tuple[Case[str, int], ...])
    assert [case.is_labelled for case in cases] == [True, False]


def test_a_validator_that_fails_on_a_case_made_in_python_is_named(path: Path) -> None:
    def fail(_: object) -> bool:
        raise ZeroDivisionError

    with pytest.raises(InvalidCaseFile, match="failed to check it with ZeroDivisionError"):
        read_cases(f"{path}:cases", input=Annotated[str, AfterValidator(fail)])


def test_code_that_fails_is_refused_and_leaves_no_half_module(path: Path) -> None:
    path.write_text("raise ValueError('no')", encoding="utf-8")

    with pytest.raises(InvalidCaseFile, match="it cannot be run: ValueError: no"):
        read_cases(f"{path}:cases")

    assert "made_cases" not in sys.modules


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCaseFile, match="there is no such file"):
        read_cases(f"{tmp_path / 'missing.py'}:cases")


def test_classes_are_those_of_the_module_that_others_import(path: Path) -> None:
    (path.parent / "made_types.py").write_text("class Ticket(str): ...", encoding="utf-8")
    path.write_text(
        "from handrail_evals.measure.case import Case\nfrom made_types import Ticket\ncases = [Case('a', Ticket('x'))]",
        encoding="utf-8",
    )
    read_cases(f"{path}:cases", input=object)

    again = read_cases(f"{path}:cases", input=object)

    assert type(again[0].input) is sys.modules["made_types"].Ticket


def test_a_file_named_as_another_module_does_not_replace_it(path: Path) -> None:
    import json  # noqa: PLC0415 -- the module that a careless loader would replace

    other = path.rename(path.with_name("json.py"))

    assert [case.name for case in read_cases(f"{other}:cases")] == ["a", "b"]
    assert sys.modules["json"] is json


def test_a_dot_in_the_name_of_a_file_does_no_harm(path: Path) -> None:
    other = path.rename(path.with_name("made.cases.py"))

    assert [case.name for case in read_cases(f"{other}:cases")] == ["a", "b"]


def test_what_a_call_returns_has_the_types_that_it_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"name": "a", "input": ["x", 1], "expected": null}', encoding="utf-8")

    assert_type(read_cases(tmp_path / "*.jsonl", input=object), tuple[Case[object, Any], ...])
    cases = read_cases(path, input=tuple[str, int], expected=str | None)

    assert_type(cases, tuple[Case[tuple[str, int], str | None], ...])
    assert cases[0].input == ("x", 1)


RUDE = ("sys.exit(0)", "raise KeyboardInterrupt", "raise asyncio.CancelledError", "raise GeneratorExit", "raise Own")


@pytest.mark.parametrize("line", RUDE)
@pytest.mark.parametrize(
    "text",
    [
        "{line}\ncases = []\n",
        "def cases():\n    {line}\n",
        "def cases():\n    yield Case('a', 'x')\n    {line}\n",
    ],
    ids=["imported", "called", "half way"],
)
def test_whatever_the_code_of_cases_raises_names_the_file(tmp_path: Path, text: str, line: str) -> None:
    top = "import asyncio, sys\nfrom handrail_evals.measure.case import Case\nclass Own(BaseException): pass\n"
    (tmp_path / "made.py").write_text(top + text.format(line=line))

    with pytest.raises(InvalidCaseFile, match=r"made\.py: (it cannot be run|cases.* failed)"):
        read_cases(f"{tmp_path}/made.py:cases")
