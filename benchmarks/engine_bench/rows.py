"""The rows a hand-written journal keeps of a run: one of the run, one of each step, and the run's end."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine_bench.errors import WrongResult
from engine_bench.load import Load

STEPS = 5
"""Steps of a run, on every side."""

SCHEMA = """
CREATE TABLE runs (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, version INTEGER NOT NULL,
    status TEXT NOT NULL, created REAL NOT NULL, started REAL NOT NULL, ended REAL,
    code TEXT NOT NULL, input TEXT NOT NULL, output TEXT
);
CREATE TABLE steps (
    run INTEGER NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
    attempt INTEGER NOT NULL, queued REAL NOT NULL, started REAL NOT NULL, ended REAL NOT NULL,
    input TEXT NOT NULL, output TEXT NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;
"""
"""The columns that Handrail fills of such a run, without what it needs to resume, lease and wake runs."""

INSERT_RUN = "INSERT INTO runs VALUES (?, ?, 'five', 1, 'running', ?, ?, NULL, 'b3d510c2a86a7632', ?, NULL)"
INSERT_STEP = "INSERT INTO steps VALUES (?, ?, ?, 'action', 'done', 1, ?, ?, ?, ?, ?)"
END_RUN = "UPDATE runs SET status = 'completed', output = ?, ended = ? WHERE key = ?"

STEP_NAMES = ("bump", *(f"bump#{number}" for number in range(2, STEPS + 1)))


def open_file(file: Path) -> sqlite3.Connection:
    """Open a file in the mode every side is measured in: WAL, ``synchronous=FULL``, explicit transactions."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def open_journal(file: Path) -> sqlite3.Connection:
    """Open a new file with the tables of a journal."""
    connection = open_file(file)
    connection.executescript(SCHEMA)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit the block as one transaction, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def run_row(key: int) -> tuple[object, ...]:
    """Return the row of a run that begins now; its input is its key."""
    now = time.time()
    return key, f"run-{key}", now, now, str(key)


def step_row(key: int, step: int) -> tuple[object, ...]:
    """Return the row of a step that took no time; its output is its input plus one."""
    now = time.time()
    return key, STEP_NAMES[step], step + 1, now, now, now, f'{{"number":{key + step}}}', str(key + step + 1)


def end_row(key: int) -> tuple[object, ...]:
    """Return what the run's end sets."""
    return str(key + STEPS), time.time(), key


def check_complete(connection: sqlite3.Connection, load: Load) -> None:
    """Refuse a measurement that did not write every row.

    Raises:
        WrongResult: a run or a step is missing.
    """
    expected = load.warm_up + load.runs
    (done,) = connection.execute("SELECT count(*) FROM runs WHERE status = 'completed'").fetchone()
    (steps,) = connection.execute("SELECT count(*) FROM steps").fetchone()
    if (done, steps) != (expected, expected * STEPS):
        raise WrongResult(f"{done} runs done of {expected}, {steps} steps recorded of {expected * STEPS}")
