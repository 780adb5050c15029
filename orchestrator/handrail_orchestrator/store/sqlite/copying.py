"""A store file, to be copied or filled: see ``store.copy_side``."""

import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager

from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store.address_text import MEMORY
from handrail_orchestrator.store.copy_side import CopySide, Mode, Row, is_empty
from handrail_orchestrator.store.sql.database import Database
from handrail_orchestrator.store.sqlite.connection import connect
from handrail_orchestrator.store.sqlite.reading import explaining, reader

_REFUSING = "handrail_moved_"
"""How the names of the triggers begin that refuse changes."""


class SqliteCopySide:
    """A file in an open transaction."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    @property
    def path(self) -> str:
        """Return the file's path."""
        return self._path

    @property
    def connection(self) -> Database:
        """Return its connection."""
        return self._connection

    def tables(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of every table."""
        with explaining(self._path):
            names = [name for (name,) in self._connection.execute(_TABLES).fetchall()]
            return {
                name: tuple(row[1] for row in self._connection.execute(f'PRAGMA table_info("{name}")'))
                for name in names
            }

    def watched(self) -> frozenset[str]:
        """Return the tables that have triggers."""
        with explaining(self._path):
            found = self._connection.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'")
            return frozenset(name for (name,) in found)

    def rows(self, table: str, columns: tuple[str, ...]) -> Generator[Row, None, None]:
        """Yield the rows of a table."""
        with explaining(self._path):
            yield from self._connection.execute(f'SELECT {_listed(columns)} FROM "{table}"')  # noqa: S608 -- names

    def fitting(self, columns: tuple[str, ...], row: Row) -> Row:
        """Return the row: a file holds whatever was held."""
        del columns
        return row

    def put(self, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
        """Write rows, in place of what a trigger has written."""
        places = ", ".join("?" * len(columns))
        with explaining(self._path):
            self._connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 -- a name
            self._connection.executemany(f'INSERT INTO "{table}" ({_listed(columns)}) VALUES ({places})', rows)  # noqa: S608 -- names

    def counters(self) -> dict[str, int]:
        """Return the highest key ever of tables that do not give one twice."""
        with explaining(self._path):
            return dict(self._connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())

    def set_counters(self, counters: Mapping[str, int]) -> None:
        """Raise them; SQLite knows of the keys that are there."""
        with explaining(self._path):
            known = self.counters()
            for (table,) in self._connection.execute(_COUNTED).fetchall():
                if counters.get(table, 0) > known.get(table, 0):
                    self._connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
                    self._connection.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, counters[table]))

    def refuse_changes(self, why: str) -> None:
        """Let the file itself refuse: triggers are looked at by whoever has it open, older versions too."""
        text = why.replace("'", "''")
        with explaining(self._path):
            for table in self.tables():
                for change in ("INSERT", "UPDATE", "DELETE"):
                    self._connection.execute(
                        f'CREATE TRIGGER "{_REFUSING}{table}_{change.lower()}" BEFORE {change} ON "{table}"'
                        f" BEGIN SELECT RAISE(ABORT, '{text}'); END"
                    )

    def allow_changes(self) -> None:
        """Drop those triggers."""
        with explaining(self._path):
            found = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in found:
                if name.startswith(_REFUSING):
                    self._connection.execute(f'DROP TRIGGER "{name}"')

    def commit(self) -> None:
        """Commit."""
        with explaining(self._path):
            self._connection.execute("COMMIT")


_TABLES = r"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'"
_COUNTED = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"


@contextmanager
def copy_side(path: str, mode: Mode) -> Iterator[CopySide]:
    """Open a file for copying; what was not committed is taken back at the end.

    Raises:
        StoreNotFound: there is no such file.
        StoreLocked: somebody is writing and does not let go.
        StoreError: it cannot be read or written, or is not empty and shall be filled.
    """
    if path == MEMORY:
        raise StoreError(path, "a store in memory ends with its process and cannot be copied: use sqlite:///FILE")
    opened = reader(path) if mode == "read" else connect(path, durability="power", create=mode == "fill")
    with closing(opened) as connection:
        with explaining(path):
            connection.execute("BEGIN" if mode == "read" else "BEGIN IMMEDIATE")
            connection.execute("PRAGMA user_version").fetchone()  # from here on it is of one moment
        side = SqliteCopySide(connection, path)
        if mode == "fill" and not is_empty(side):
            raise StoreError(path, "it holds something already, and nothing is replaced: give an address of its own")
        try:
            with explaining(path):
                yield side
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{each}"' for each in columns)
