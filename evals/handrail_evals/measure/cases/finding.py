"""What is wrong with files of cases: collected, so that people mend all of it at once."""

from dataclasses import dataclass, field
from pathlib import Path

from handrail_evals.errors import InvalidCaseFile
from handrail_evals.measure.cases.record import FieldPath

SHOWN = 10
"""How many problems a message shows; it counts the rest."""


@dataclass(frozen=True, slots=True)
class Finding:
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

    first: list[Finding] = field(default_factory=list)
    """At most ``SHOWN``, so that a file of nothing but mistakes takes no memory."""
    count: int = 0

    def add(self, finding: Finding) -> None:
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
