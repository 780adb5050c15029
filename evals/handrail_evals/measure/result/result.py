"""A result as it is read: the header, and the cases that are done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, overload

from handrail_evals.errors import InvalidResult
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.header import Header


@dataclass(frozen=True)
class Result:
    """What came of running a suite, so far or in whole."""

    header: Header
    cases: tuple[CaseResult, ...] = field(repr=False)  # asyncio shows a task's result, and that would be megabytes
    """One for each case and repeat that was put to the target, in the order they ended; the last of several counts."""
    path: Path | None = None
    """Where it was read; None: it is only in memory."""
    whole_bytes: int = field(default=0, compare=False)
    """How long the file is without a last line that was half written."""

    @cached_property
    def by_case(self) -> Mapping[str, Sequence[CaseResult]]:
        """Return the repeats of each case by its name."""
        found: dict[str, list[CaseResult]] = {}
        for each in self.cases:
            found.setdefault(each.case, []).append(each)
        return found

    @property
    def is_complete(self) -> bool:
        """Whether every case and repeat was put to the target, and the target crashed on none."""
        wanted = self.header.cases * self.header.repeats
        return len(self.cases) == wanted and all(each.error is None for each in self.cases)

    @property
    def must_pass_failures(self) -> tuple[str, ...]:
        """Return the names of the cases that had to pass and did not, even once."""
        return tuple(dict.fromkeys(each.case for each in self.cases if each.must_pass and not each.passes))

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the names of the scorers, the main one first."""
        return tuple(self.header.scorers)


@overload
def read_result(path: Path, *, torn: Literal["ignore"]) -> Result | None: ...
@overload
def read_result(path: Path) -> Result: ...
def read_result(path: Path, *, torn: Literal["ignore", "raise"] = "raise") -> Result | None:
    """Return the result in a file; a last line that was half written is left out.

    A file whose header is half written holds nothing: None with ``torn="ignore"``.

    Raises:
        InvalidResult: it cannot be read, or a line is no case of a result; file and line are named.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidResult(
            path=path, problem=f"it cannot be read ({error.strerror}); make it with `handrail eval run`"
        ) from error
    whole = data.rfind(b"\n") + 1
    lines = data[:whole].splitlines()
    if not lines:
        if torn == "ignore":
            return None
        raise InvalidResult(path=path, problem="it holds no result; run the suite again with `handrail eval run`")
    header = _header(path, lines[0])
    cases: dict[tuple[str, int], CaseResult] = {}
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            case = _case(path, number, line)
            key = (case.case, case.repeat)
            cases.pop(key, None)
            cases[key] = case
    return Result(header, tuple(cases.values()), path, whole)


def _header(path: Path, line: bytes) -> Header:
    try:
        return Header.from_data(_parsed(line))
    except ValueError as error:
        said = str(error) if str(error).startswith(("it is", "the header")) else f"it is no JSON ({error})"
        raise InvalidResult(path=path, line=1, problem=f"{said}; name a file that `handrail eval run` wrote") from error


def _case(path: Path, number: int, line: bytes) -> CaseResult:
    try:
        return CaseResult.from_data(_parsed(line))
    except ValueError as error:
        raise InvalidResult(
            path=path, line=number, problem=f"{error}; take the line out, and run the suite again to fill the gap"
        ) from error


def _parsed(line: bytes) -> Any:
    from pydantic_core import from_json  # noqa: PLC0415 -- keeps the import light

    return from_json(line, allow_inf_nan=False)
