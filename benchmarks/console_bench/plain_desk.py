"""What is asked of a queue in plain SQL: rows by their order, and an answer in two commits."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from console_bench.plain_server import DONE, ITEM, LIST, LOG, MOVE, NEXT, WAKE


class PlainDesk:
    """A connection to the file of a store, every commit on the disk before it counts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA synchronous = FULL")

    def listed(self, priority: int) -> list[Any]:
        """Return fifty rows from a priority on."""
        return self._connection.execute(LIST, (priority, 0)).fetchall()

    def take_and_decide(self) -> None:
        """Take the next item, and decide it."""
        (item,) = self._connection.execute(NEXT).fetchone()
        self._move(item, "leased", "take", None)
        self._connection.execute(ITEM, (item,)).fetchone()
        self._move(item, "decided", "decide", json.dumps("billing"))

    def _move(self, item: int, state: str, action: str, value: str | None) -> None:
        now = time.time()
        self._connection.execute("BEGIN IMMEDIATE")
        version, run, step = self._connection.execute(MOVE, (state, value, item)).fetchone()
        self._connection.execute(LOG, (item, now, action, state, version, value))
        if value is not None:
            self._connection.execute(DONE, (now, value, run, step))
            self._connection.execute(WAKE, (run,))
        self._connection.execute("COMMIT")


@contextmanager
def plain_desk(file: Path) -> Iterator[PlainDesk]:
    """Open the file of a store."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield PlainDesk(connection)
