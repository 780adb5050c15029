"""The floor in Python: the values encoded and the rows written as the engine does both, with no engine between them."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from engine_bench.errors import WrongResult
from engine_bench.five_steps import bump, five
from engine_bench.load import Load
from engine_bench.rows import STEP_NAMES, STEPS, open_file, transaction
from engine_bench.spent import Spent, Stopwatch
from orchestrator.coding import codec_for, signature_codec
from orchestrator.store import SqliteStore

START = (
    "INSERT INTO runs (key, id, workflow, status, owner, created, started, code, input)"
    " VALUES (?, ?, 1, 'running', 1, ?, ?, ?, ?)"
)
RECORD = (
    "INSERT INTO steps (run, name, seq, kind, status, attempt, queued, started, ended, input, output)"
    " VALUES (?, ?, ?, 'action', 'done', ?, ?, ?, ?, ?, ?)"
)
COMPLETE = "UPDATE runs SET status = 'completed', owner = NULL, output = ?, ended = ? WHERE key = ?"


class PythonFloor:
    """What is left when starting, replaying, waiting, leases and fairness cost nothing: encode, and write in waves."""

    name = "floor in Python"

    def __init__(self, width: int) -> None:
        self._width = width
        self._arguments = signature_codec(bump.function, where="an argument")
        self._number = codec_for(int, where="a number")

    def measure(self, file: Path, load: Load) -> Spent:
        """Write the runs in waves, into the tables of a store, and return what that spent."""
        SqliteStore(str(file)).close()
        with closing(open_file(file)) as connection:
            self._write(connection, load.warm_up_numbers)
            stopwatch = Stopwatch()
            self._write(connection, load.numbers)
            spent = stopwatch.stop(load.runs)
            _check(connection, load)
        return spent

    def _write(self, connection: sqlite3.Connection, numbers: range) -> None:
        for first in range(0, len(numbers), self._width):
            wave = numbers[first : first + self._width]
            with transaction(connection):
                connection.executemany(START, self._starts(wave))
            for step in range(STEPS - 1):
                with transaction(connection):
                    connection.executemany(RECORD, self._records(wave, step))
            with transaction(connection):
                connection.executemany(RECORD, self._records(wave, STEPS - 1))
                connection.executemany(COMPLETE, self._ends(wave))

    def _starts(self, wave: range) -> Iterator[tuple[object, ...]]:
        for key in wave:
            now = time.time()
            yield key, f"run-{key}", now, now, five.code, self._number.encode(key)

    def _records(self, wave: range, step: int) -> Iterator[tuple[object, ...]]:
        for key in wave:
            began = time.time()
            recorded = self._arguments.encode((key + step,), {})
            result = self._number.encode(key + step + 1)
            yield key, STEP_NAMES[step], step + 1, 1, began, began, time.time(), recorded, result

    def _ends(self, wave: range) -> Iterator[tuple[object, ...]]:
        for key in wave:
            yield self._number.encode(key + STEPS), time.time(), key


def _check(connection: sqlite3.Connection, load: Load) -> None:
    expected = load.warm_up + load.runs
    (done,) = connection.execute("SELECT count(*) FROM runs WHERE status = 'completed'").fetchone()
    (steps,) = connection.execute("SELECT count(*) FROM steps").fetchone()
    if (done, steps) != (expected, expected * STEPS):
        raise WrongResult(f"{done} runs done of {expected}, {steps} steps recorded of {expected * STEPS}")
