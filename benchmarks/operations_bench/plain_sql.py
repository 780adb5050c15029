"""The same store by hand: figures added up, and runs counted, in plain SQL without anybody who checks or explains."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

ADDED_UP = "SELECT workflow, measure, label, sum(times), sum(total) FROM figures GROUP BY workflow, measure, label"
COUNTED = "SELECT workflow, status, count(*) FROM runs GROUP BY workflow, status"


class PlainSql:
    """A connection to the file of a store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def added_up(self) -> list[Any]:
        """Return what all that was rolled up comes to."""
        return self._connection.execute(ADDED_UP).fetchall()

    def counted(self) -> list[Any]:
        """Return how many runs there are of each workflow and status."""
        return self._connection.execute(COUNTED).fetchall()


@contextmanager
def plain_sql(address: str) -> Iterator[PlainSql]:
    """Open the file of a store; nobody else has it open for writing."""
    with closing(sqlite3.connect(address.removeprefix("sqlite:///"), check_same_thread=False)) as connection:
        yield PlainSql(connection)
