"""The load put on every side: how many runs, how many at once, and who is able to take it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine_bench.spent import Spent


@dataclass(frozen=True, slots=True)
class Load:
    """A number of runs of five steps."""

    runs: int
    """Runs in the time measured, at least 1."""
    concurrency: int
    """Callers side by side, each starting its next run when its last has ended; 1 is one run alone."""
    warm_up: int
    """Runs before the time measured, on the same file."""
    sleeping: bool = False
    """Whether each step takes 5 to 50 ms instead of no time."""

    @property
    def warm_up_numbers(self) -> range:
        """Return the numbers of the runs before the time measured."""
        return range(self.warm_up)

    @property
    def numbers(self) -> range:
        """Return the numbers of the runs in the time measured."""
        return range(self.warm_up, self.warm_up + self.runs)


class Side(Protocol):
    """Something that runs the five-step workflow and remembers every step on the disk."""

    @property
    def name(self) -> str:
        """Return the name in the table."""
        ...

    def measure(self, file: Path, load: Load) -> Spent:
        """Put the load on a new database file and return what it spent.

        Raises:
            WrongResult: rows are missing or a result is wrong, so the figures would be worthless.
        """
        ...
