"""What is asked of a queue in plain SQL: rows by their order, an answer in two commits, what waits, and like texts."""

import json
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

from console_bench.plain_server import DONE, ITEM, LIST, LOG, MOVE, NEXT, WAKE

WAITS = """
SELECT queue, items, (
    SELECT min(created) FROM reviews WHERE reviews.queue = waiting.queue AND state IN ('open', 'leased')
) FROM waiting
"""
GAVE = """
SELECT given.at, given.data, asked.queue, asked.suggestion, (
    SELECT max(at) FROM review_log WHERE review = given.review AND action = 'take'
) FROM review_log AS given INDEXED BY review_log_given CROSS JOIN reviews AS asked ON asked.id = given.review
WHERE given.actor = ? AND given.action IN ('decide', 'undo') AND given.action = 'decide'
ORDER BY given.at DESC LIMIT 100
"""


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

    def strip(self, actor: str) -> tuple[list[Any], list[Any]]:
        """Return what waits in each queue, and a person's last hundred answers."""
        waits = self._connection.execute(WAITS).fetchall()
        return waits, self._connection.execute(GAVE, (actor,)).fetchall()

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


class PlainTexts:
    """Texts in the full-text index that SQLite comes with, in memory."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute("CREATE VIRTUAL TABLE texts USING fts5(text)")
        self._connection.executemany("INSERT INTO texts VALUES (?)", ((each,) for each in texts))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def similar(self, text: str) -> list[str]:
        """Return the five that share the rarest words with a text."""
        words = " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", text.lower())))
        found = self._connection.execute("SELECT text FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT 5", (words,))
        return [row[0] for row in found]
