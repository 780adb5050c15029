"""The bare floor: the rows alone, in waves, with no engine and nobody to wait for."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from engine_bench.load import Load
from engine_bench.rows import (
    END_RUN,
    INSERT_RUN,
    INSERT_STEP,
    STEPS,
    check_complete,
    end_row,
    open_journal,
    run_row,
    step_row,
    transaction,
)
from engine_bench.spent import Spent, Stopwatch


def write_wave(connection: sqlite3.Connection, numbers: range) -> None:
    """Write the runs of one wave in six transactions: the start, four steps, the last step with the end."""
    with transaction(connection):
        connection.executemany(INSERT_RUN, [run_row(key) for key in numbers])
    for step in range(STEPS - 1):
        with transaction(connection):
            connection.executemany(INSERT_STEP, [step_row(key, step) for key in numbers])
    with transaction(connection):
        connection.executemany(INSERT_STEP, [step_row(key, STEPS - 1) for key in numbers])
        connection.executemany(END_RUN, [end_row(key) for key in numbers])


def write_waves(connection: sqlite3.Connection, numbers: range, width: int) -> list[float]:
    """Write the runs in waves and return the seconds of each wave."""
    seconds = []
    for first in range(0, len(numbers), width):
        began = time.perf_counter()
        write_wave(connection, numbers[first : first + width])
        seconds.append(time.perf_counter() - began)
    return seconds


class Floor:
    """The least that writing the same rows in the same file mode can cost, for runs that share commits by the wave."""

    def __init__(self, width: int) -> None:
        self.name = "bare floor" if width == 1 else f"bare floor, waves of {width}"
        self._width = width

    def measure(self, file: Path, load: Load) -> Spent:
        """Write the runs in waves and return what that spent."""
        with closing(open_journal(file)) as connection:
            write_waves(connection, load.warm_up_numbers, self._width)
            stopwatch = Stopwatch()
            seconds = write_waves(connection, load.numbers, self._width)
            spent = stopwatch.stop(load.runs, seconds)
            check_complete(connection, load)
        return spent
