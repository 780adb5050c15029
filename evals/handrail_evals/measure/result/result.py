"""A result as it is read: what was measured, on what, by whom, and the cases that are done, with their numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, overload

from pydantic_core import from_json

from handrail_evals.errors import InvalidResult
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.shape import header_problem
from handrail_ground.jsonl import InvalidLines, read_lines

FORMAT = "handrail-result/1"
"""What a result file calls itself; a later format has another number."""

MACRO_F1: Final = "macro_f1"
"""What the one metric is called that is no mean of cases: it is made of all of them together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredSubject:
    """What was measured."""

    suite: str
    """The suite's name."""
    target: str
    """The target's name."""
    target_version: str
    """What changes when the target's answers may."""
    scorers: Mapping[str, str]
    """The scorers' versions by their names, the main metric first."""
    repeats: int
    """How often each case is put to the target."""
    cases_hash: str
    """Of the cases' names and input hashes, in order."""
    started: str
    """When the run began, in UTC: ``2026-01-31T09:30:00Z``."""

    @property
    def main(self) -> str:
        """Return the name of the main metric."""
        return next(iter(self.scorers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Header(MeasuredSubject):
    """What a result is of."""

    cases: int
    """How many cases the suite has."""

    @property
    def subject(self) -> MeasuredSubject:
        """Return what was measured, without how much of it there is."""
        return MeasuredSubject(**{field.name: getattr(self, field.name) for field in fields(MeasuredSubject)})

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_data(cls, data: object) -> "Header":
        """Return what JSON data hold.

        Raises:
            ValueError: it is no header of this format; the message says why.
        """
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            found = data.get("format") if isinstance(data, dict) else type(data).__name__
            raise ValueError(f"it is no result (format {found!r} where {FORMAT!r} belongs)")
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in data]
        if missing:
            raise ValueError(f"the header has no {missing[0]!r}")
        problem = header_problem(data)
        if problem:
            raise ValueError(f"the header's {problem}")
        return cls(**{name: data[name] for name in names})

    def difference(self, other: "Header") -> str:
        """Return in words why two headers are not of the same measurement, empty when they are."""
        if self.scorers != other.scorers:
            changed = [
                name
                for name in dict.fromkeys([*self.scorers, *other.scorers])
                if self.scorers.get(name) != other.scorers.get(name)
            ]
            return f"scorer {changed[0]!r} changed"
        for name, words in (
            ("suite", "another suite"),
            ("target", "another target"),
            ("target_version", "the target changed"),
            ("repeats", "another number of repeats"),
            ("cases_hash", "other cases or inputs"),
        ):
            before, after = getattr(self, name), getattr(other, name)
            if before != after:
                return f"{words}: {before!r} before, {after!r} now"
        return ""


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
        lines = [line for line in read_lines(path) if line.is_ended]
    except InvalidLines as error:
        raise InvalidResult(path=path, problem=f"{error.problem}; `handrail eval run` makes one") from error
    if not lines:
        if torn == "ignore":
            return None
        raise InvalidResult(path=path, problem="it holds no result; run the suite again with `handrail eval run`")
    header = _header(path, lines[0].text)
    cases: dict[tuple[str, int], CaseResult] = {}
    for line in lines[1:]:
        case = _case(path, line.number, line.text)
        key = (case.case, case.repeat)
        cases.pop(key, None)
        cases[key] = case
    return Result(header, tuple(cases.values()), path, lines[-1].end)


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

    return from_json(line, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of a case, turned so that higher is better."""

    of: Callable[[CaseResult], float | None]
    unit: str
    follows_output: bool = True
    """Whether the same answer gives the same number: two equal answers can differ in time and money."""

    def __call__(self, case: CaseResult) -> float | None:
        """Return the number; None when it is not known."""
        return self.of(case)


def _less(name: str) -> Callable[[CaseResult], float | None]:
    def negated(case: CaseResult) -> float | None:
        value: float | None = getattr(case, name)
        return None if value is None else -value

    return negated


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "coverage": Measure(lambda case: None if case.accepted is None else float(case.accepted), "share", False),
        "seconds": Measure(_less("seconds"), "seconds, counted below zero", False),
        "money": Measure(_less("money"), "money, counted below zero", False),
        "human_minutes": Measure(_less("human_minutes"), "minutes, counted below zero", False),
    }
)
"""By name; what is better when it is less is counted below zero, so that a margin of 0.5 seconds reads the same."""
