"""The numbers of a chart as a table."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """What a chart shows, in numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """The first cell of each is its name."""
    left_out: str = ""
    """How many rows are not shown, in words; empty when all are."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], most: int = 100) -> Table:
    """Return at most so many rows, and how many more there are."""
    more = len(rows) - most
    return Table(tuple(head), tuple(tuple(each) for each in rows[:most]), f"{more:,} more" if more > 0 else "")
