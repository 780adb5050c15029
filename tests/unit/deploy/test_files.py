"""What the other tests stand on: a wrong command line is told from a right one."""

import pytest

from tests.unit.deploy.files import filled_in, problem_of


def test_a_command_line_that_the_command_takes_has_no_problem() -> None:
    assert problem_of(["serve", "--host", "::1", "--store", "sqlite:///desk.db", "--log-json"]) is None
    assert problem_of(["people", "list"]) is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["serve", "--hostname", "::1"], "--hostname"),
        (["serves"], "serves"),
        (["people", "lists"], "lists"),
        (["work", "--store", "sqlite:///desk.db"], "MODULE:WORKFLOW"),
        (["serve", "--port", "eighty"], "--port"),
    ],
)
def test_one_that_it_does_not_take_is_told(words: list[str], told: str) -> None:
    problem = problem_of(words)

    assert problem is not None
    assert told in problem


def test_variables_are_filled_in_as_systemd_and_kubernetes_do() -> None:
    variables = {"FLOWS": "a.py:a b.py:b", "STORE": "sqlite:///x y.db"}

    assert filled_in(["work", "$FLOWS", "--store", "${STORE}"], variables) == [
        "work", "a.py:a", "b.py:b", "--store", "sqlite:///x y.db",
    ]  # fmt: skip
    assert filled_in(["$(STORE)", "${STORE:-z}"], variables) == ["sqlite:///x y.db"] * 2
