"""A store of runs that wait: figures count what has not ended from its records."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from handrail_orchestrator.store.sqlite.store import SqliteStore

DAYS = 5


def waiting(path: Path, *, runs: int, steps: int) -> str:
    """Make a store of so many runs that wait, each after so many steps; return its address."""
    SqliteStore(str(path)).close()
    began = time.time() - DAYS * 86_400
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO workflows VALUES (1, 'triage', 1)")
        for key in range(1, runs + 1):
            at = began + key * DAYS * 86_400 / (runs + 1)
            connection.execute(
                "INSERT INTO runs (key, id, workflow, status, created, started, code, input)"
                " VALUES (?, ?, 1, 'waiting', ?, ?, 'code', '1')",
                (key, f"W-{key}", at, at),
            )
            done = [
                (key, f"work#{number}", number, at + number, at + number, at + number + 0.3)
                for number in range(1, steps)
            ]
            connection.executemany(
                "INSERT INTO steps (run, name, seq, kind, status, attempt, queued, started, ended, input, output)"
                " VALUES (?, ?, ?, 'action', 'done', 1, ?, ?, ?, '1', '1')",
                done,
            )
            connection.execute(
                "INSERT INTO steps (run, name, seq, kind, status, attempt, queued, input)"
                " VALUES (?, 'go', ?, 'event', 'waiting', 1, ?, '1')",
                (key, steps, at + steps),
            )
        connection.execute("COMMIT")
    return f"sqlite:///{path}"
