"""Written cases are read back equal."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from handrail_evals.errors import InvalidCase, InvalidCaseFile
from handrail_evals.measure.case import UNLABELLED, Case
from handrail_evals.measure.cases.jsonl_file import write_cases
from handrail_evals.measure.cases.read import read_cases


class Team(Enum):
    CARDS = "cards"
    LOANS = "loans"


@dataclass(frozen=True)
class Line:
    text: str
    amount: float | None


class Ticket(BaseModel):
    sender: str = Field(alias="from")
    received: date
    lines: list[Line] = []
    team: Team | None = None


texts = st.text(st.characters(exclude_categories=["Cs"]))
names = texts.filter(str.strip)
numbers = st.floats(allow_nan=False, allow_infinity=False)
lines = st.builds(Line, texts, st.none() | numbers)
tickets = st.builds(
    Ticket,
    **{"from": texts},
    received=st.dates(),
    lines=st.lists(lines, max_size=3),
    team=st.none() | st.sampled_from(Team),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def cases_of(inputs: st.SearchStrategy[Any], expected: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(
        st.builds(
            Case,
            names,
            inputs,
            expected | st.just(UNLABELLED),
            steps=st.dictionaries(texts, json_values, max_size=2),
            metadata=st.dictionaries(texts, st.none() | st.booleans() | st.integers() | numbers | texts, max_size=2),
            cluster=st.none() | texts,
            must_pass=st.booleans(),
        ),
        min_size=1,
        unique_by=lambda case: case.name,
    )


@pytest.mark.dear
@given(cases_of(tickets, st.none() | st.sampled_from(Team)))
def test_typed_cases_come_back_equal(tmp_path_factory: pytest.TempPathFactory, cases: list[Case[Ticket, Team]]) -> None:
    path = tmp_path_factory.mktemp("written") / "cases.jsonl"

    write_cases(path, cases)

    assert read_cases(path, input=Ticket, expected=Team | None, allow_unlabelled=True) == tuple(cases)


@pytest.mark.dear
@given(cases_of(st.tuples(texts, st.integers()), json_values))
def test_cases_of_several_arguments_and_free_json_come_back_equal(
    tmp_path_factory: pytest.TempPathFactory, cases: list[Case[tuple[str, int], Any]]
) -> None:
    path = tmp_path_factory.mktemp("written") / "cases.jsonl"

    write_cases(path, cases)

    assert read_cases(path, input=tuple[str, int]) == tuple(cases)


def test_what_says_nothing_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"

    write_cases(path, [Case("a", "x"), Case("b", "ä\u2028", None, must_pass=True)])

    assert path.read_text(encoding="utf-8").split("\n") == [
        '{"name": "a", "input": "x"}',
        '{"name": "b", "input": "ä\u2028", "expected": null, "must_pass": true}',
        "",
    ]


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        (Case("a", float("nan")), "it holds a number that is not finite; JSON has none, write None"),
        (Case("a", Line("x", float("inf"))), "it holds a number that is not finite"),
        (Case("a", "x", metadata={"k": float("-inf")}), "it holds a number that is not finite"),
        (Case("a", "\ud83d"), "a text in it holds half a character"),
        (Case("a", "x", object()), "its expected is a object, which has no JSON form"),
        (Case("a", "x", steps={"route": object()}), "its steps 'route' is a object, which has no JSON form"),
    ],
)
def test_a_case_that_json_would_change_is_refused(tmp_path: Path, case: Case[Any, Any], problem: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("what was there", encoding="utf-8")

    with pytest.raises(InvalidCase, match="case 'a'") as refusal:
        write_cases(path, [Case("first", "x"), case])

    assert problem in str(refusal.value)
    assert path.read_text(encoding="utf-8") == "what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidCase, match="its name is already that of a case; rename one"):
        write_cases(tmp_path / "cases.jsonl", [Case("a", "x"), Case("a", "y")])
    with pytest.raises(InvalidCaseFile, match="there is no case to write"):
        write_cases(tmp_path / "cases.jsonl", [])
    with pytest.raises(InvalidCaseFile, match="cases are written as JSON Lines"):
        write_cases(tmp_path / "cases.yaml", [Case("a", "x")])

    assert not list(tmp_path.iterdir())
