"""A store file of which only figures are read: it loads nothing of what lists, writes and executes."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from handrail_orchestrator.store.address_text import MEMORY
from handrail_orchestrator.store.sealing import KEY_VARIABLES, SETTING
from handrail_orchestrator.store.sql.decided import DecidedRows
from handrail_orchestrator.store.sql.figures import FigureRows
from handrail_orchestrator.store.sql.held import HeldRows
from handrail_orchestrator.store.sqlite.reading import explaining, is_current, is_there, reader


class CountedFile(DecidedRows, FigureRows, HeldRows):
    """A store file that is counted: read by one connection, in one thread."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        with explaining(self._path):
            return self._connection.execute(sql, tuple(parameters)).fetchall()

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        with explaining(self._path):
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")

    def is_sealed(self) -> bool:
        """Return whether values are sealed in it."""
        return bool(self._rows("SELECT EXISTS (SELECT 1 FROM settings WHERE name = ?)", (SETTING,))[0][0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def counted_file(path: str) -> CountedFile | None:
    """Open a store file for its figures; None: it takes more than reading, and so the whole store, to open it.

    That is a file that has to be brought to today's format, one whose values are sealed, and a process with keys.

    Raises:
        StoreError: there is no such file, or it cannot be read; see its subclasses.
    """
    if path == MEMORY or any(os.environ.get(name) for name in KEY_VARIABLES) or not is_there(path):
        return None
    connection = reader(path)
    found = CountedFile(connection, path)
    try:
        if is_current(connection) and not found.is_sealed():
            return found
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None
