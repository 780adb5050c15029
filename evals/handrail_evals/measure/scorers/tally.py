"""What is right and wrong in one answer, field by field, while it is counted."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from handrail_evals.measure.scorer import Counts
from handrail_evals.measure.scorers.shown import MOST, joined, shown


class Miss(NamedTuple):
    """One value that is not wholly right; a tuple, as pairing the items of two lists makes thousands."""

    path: str
    value: Any
    """None: it was missed."""
    expected: Any
    """None: nothing was expected."""

    def __str__(self) -> str:
        """Return it in words."""
        where = self.path or "the whole"
        if self.expected is None:
            return f"{where}: {shown(self.value)} where nothing is expected"
        if self.value is None:
            return f"{where}: {shown(self.expected)} missed"
        return f"{where}: {shown(self.value)}, not {shown(self.expected)}"


class Tally:
    """Counts of hits, extra and missed values by field path."""

    __slots__ = ("hits", "misses", "rows")

    def __init__(self) -> None:
        self.rows: dict[str, list[float]] = {}
        """Hits, extra and missed by path."""
        self.misses: list[Miss] = []
        """What is not wholly right, in the order it was found."""
        self.hits = 0.0
        """Hits of all fields together."""

    def add(self, path: str, hits: float, extra: float, missed: float) -> None:
        """Count one comparison."""
        self.hits += hits
        row = self.rows.get(path)
        if row is None:
            self.rows[path] = [hits, extra, missed]
        else:
            row[0] += hits
            row[1] += extra
            row[2] += missed

    def add_all(self, other: "Tally") -> None:
        """Count what another tally counted."""
        for path, row in other.rows.items():
            self.add(path, *row)
        self.misses += other.misses

    @property
    def f1(self) -> float:
        """Return the F1 of all fields together: 1 when there was nothing to find and nothing was found."""
        extra = sum(row[1] for row in self.rows.values())
        missed = sum(row[2] for row in self.rows.values())
        total = 2 * self.hits + extra + missed
        return 2 * self.hits / total if total else 1.0

    @property
    def counts(self) -> Mapping[str, Counts]:
        """Return the counts by path."""
        return {path: Counts(*row) for path, row in self.rows.items()}

    @property
    def reason(self) -> str:
        """Return the first values that are not right, in words; empty when all are."""
        return joined([str(miss) for miss in self.misses[:MOST]], len(self.misses))
