"""What a load spent: wall time and processor time."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """The time a number of runs took, in one process (its children excluded)."""

    runs: int
    """How many runs ended in the time measured, at least 1."""
    wall_seconds: float
    """Time on the wall, greater than 0."""
    cpu_seconds: float
    """User and system time of every thread of the process."""
    median_seconds: float | None = None
    """From the start to the end of one run, half of them faster; None when single runs were not timed."""

    @property
    def runs_per_second(self) -> float:
        """Return how many runs ended in a second."""
        return self.runs / self.wall_seconds

    @property
    def cpu_ms(self) -> float:
        """Return the processor time of one run, in milliseconds."""
        return self.cpu_seconds * 1000 / self.runs

    @property
    def median_ms(self) -> float:
        """Return the median time of one run, in milliseconds.

        Raises:
            ValueError: single runs were not timed.
        """
        if self.median_seconds is None:
            msg = "single runs were not timed on this side: read its runs_per_second"
            raise ValueError(msg)
        return self.median_seconds * 1000


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    def stop(self, runs: int, seconds: Sequence[float] = ()) -> Spent:
        """Return what was spent since the stopwatch was made; ``seconds`` are the times of single runs, if taken."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return Spent(runs, wall, cpu, statistics.median(seconds) if seconds else None)
