"""The first line of a result: what was measured, on what, by whom."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

FORMAT = "handrail-result/1"
"""What a result file calls itself; a later format has another number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
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
class Header(Subject):
    """What a result is of."""

    cases: int
    """How many cases the suite has."""

    @property
    def subject(self) -> Subject:
        """Return what was measured, without how much of it there is."""
        return Subject(**{field.name: getattr(self, field.name) for field in fields(Subject)})

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_data(cls, data: Any) -> "Header":
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
