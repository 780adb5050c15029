"""One case as its file holds it, before it has types."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

DEEPEST = 100
"""Levels of objects and lists in one case; pydantic itself gives up at about twice that."""

LONGEST = 64 * 1024 * 1024
"""Bytes of one line of JSON Lines, and of one YAML file: what is longer is not a file of cases."""

FieldPath: TypeAlias = Sequence[str | int]
"""The keys and positions that lead from a case to one of its values."""


@dataclass(frozen=True, slots=True)
class Record:
    """One object of a file: one line of JSON Lines, one row of a table, one item of a YAML list."""

    line: int
    """On which it begins, from 1."""
    data: dict[str, Any]
    """JSON data."""
    as_text: bool = False
    """Whether numbers and truth values are written as text, as in a table."""
    line_of: Callable[[FieldPath], int] | None = None
    """On which line a value in it begins; None: all of it is counted as one line."""

    def line_at(self, path: FieldPath) -> int:
        """Return the line on which a value in it begins, or the nearest value around it that is there."""
        return self.line_of(path) if self.line_of is not None else self.line


class Unusable(Exception):
    """A value in a record that cannot be used; read_cases adds it to its findings."""

    def __init__(self, problem: str, path: FieldPath = (), *, line: int | None = None, case: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path
        self.line = line
        self.case = case


def too_deep() -> str:
    """Return what to say of data that are nested too deep."""
    return f"it is nested deeper than {DEEPEST} levels; keep a case flatter"


def kind_of(data: Any) -> str:
    """Return in words what a JSON value is."""
    match data:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
