"""What lies in files of cases: which files are meant, one case before it has types, and what is wrong with it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from handrail_evals.errors import InvalidCaseFile
from handrail_ground.files import why_not_read

LONGEST = 64 * 1024 * 1024
"""Bytes of one line of JSON Lines, and of one YAML file: what is longer is not a file of cases."""

FieldPath: TypeAlias = Sequence[str | int]
"""The keys and positions that lead from a case to one of its values."""

SHOWN = 10
"""How many problems a message shows; it counts the rest."""


def files_of(names: Iterable[str | Path]) -> list[str | Path]:
    """Return each file that is meant once: what a pattern such as ``cases/*.yaml`` finds, in the order of its names.

    Raises:
        InvalidCaseFile: a pattern finds nothing.
    """
    found: dict[str | Path, str | Path] = {}
    for name in names:
        for file in _matching(name):
            found.setdefault(file if isinstance(file, str) else file.resolve(), file)
    return list(found.values())


def is_python(name: str | Path) -> bool:
    """Return whether a name is ``FILE.py:NAME``."""
    return isinstance(name, str) and name.rpartition(":")[0].endswith(".py")


def _matching(name: str | Path) -> list[str] | list[Path]:
    if isinstance(name, str) and is_python(name):
        return [name]
    path = Path(name)
    if not any(each in str(name) for each in "*?[") or path.exists():
        return [path]

    found = glob(str(name), recursive=True)  # noqa: PTH207 -- Path.glob takes no absolute pattern
    matching = sorted(each for each in map(Path, found) if each.is_file())
    if not matching:
        raise InvalidCaseFile(path=path, problem=f"no file has such a name (looked from {Path.cwd()})")
    return matching


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Raises:
        InvalidCaseFile: it is not there, is a directory, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise InvalidCaseFile(path=path, problem=why_not_read(error)) from error


def require_file(path: Path) -> None:
    """Check that a name is not that of a directory, before its suffix is looked at.

    Raises:
        InvalidCaseFile: it is.
    """
    try:
        is_folder = path.is_dir()
    except OSError:  # a name that the system refuses: opening it says why
        return
    if is_folder:
        raise InvalidCaseFile(path=path, problem=f"it is a directory; name its files, such as {path / '*.jsonl'}")


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


def kind_of(data: object) -> str:
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


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """One problem, with its place."""

    path: Path
    problem: str
    line: int | None = None
    """From 1; None: the file as a whole."""
    case: str | None = None
    """The case's name; None: it has none, or it is not known."""
    field: FieldPath = ()
    """Which value of the case; empty: the case as a whole."""

    @property
    def text(self) -> str:
        """Return the problem, with the field it is about."""
        return f"{'.'.join(map(str, self.field))}: {self.problem}" if self.field else self.problem

    def __str__(self) -> str:
        """Return it in one line."""
        place = [str(self.path)]
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.case is not None:
            place.append(f"case {self.case!r}")
        return f"{', '.join(place)}: {self.text}"


@dataclass(slots=True)
class Findings:
    """The problems found so far: the first of them, and how many there are."""

    first: list[RecordProblem] = field(default_factory=list)
    """At most ``SHOWN``, so that a file of nothing but mistakes takes no memory."""
    count: int = 0

    def add(self, finding: RecordProblem) -> None:
        """Count a problem, and keep it when it will be shown."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(finding)

    def require_none(self) -> None:
        """Check that nothing was found.

        Raises:
            InvalidCaseFile: something was; its attributes are those of the first problem, its text shows up to ten.
        """
        if not self.first:
            return
        first = self.first[0]
        if self.count == 1:
            raise InvalidCaseFile(path=first.path, line=first.line, case=first.case, problem=first.text)
        shown = "".join(f"\n  {finding}" for finding in self.first)
        rest = f"\n  and {self.count - SHOWN} more" if self.count > SHOWN else ""
        error = InvalidCaseFile(path=first.path, problem=f"{self.count} problems; no case was read{shown}{rest}")
        error.line, error.case = first.line, first.case
        raise error
