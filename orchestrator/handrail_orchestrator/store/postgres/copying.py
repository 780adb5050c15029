"""A store in PostgreSQL, to be copied or filled: see ``store.copy_side``."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store.address_text import shown
from handrail_orchestrator.store.copy_side import CopySide, Mode, Row, is_empty
from handrail_orchestrator.store.postgres.connection import (
    MOVED,
    PostgresDatabase,
    address_of,
    close,
    connect,
    explaining,
)
from handrail_orchestrator.store.postgres.locking import STORE
from handrail_orchestrator.store.postgres.pooler import must_be_a_session
from handrail_orchestrator.store.postgres.schema import prepare
from handrail_orchestrator.store.sql.database import Database
from handrail_orchestrator.texts import checked_key, without_nul

_OWN = ["handrail_commits", "handrail_migrations"]
"""The tables that a store file does not have."""
_REFUSING = "handrail_moved"
"""The name of the function, and of the triggers, that refuse changes."""
_ROWS_AT_ONCE = 1_000

_COLUMNS = """
SELECT relname, attname, attidentity <> '' FROM pg_class
JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname <> ALL (%s) ORDER BY relname, attnum
"""
_LAST = """
SELECT last_value FROM pg_sequences WHERE format('%%I.%%I', schemaname, sequencename) = %s
"""
"""Of a sequence, for whoever may use it, and need not read it; none if it gave no number yet."""
_FOUND_BY = frozenset(
    {"id", "name", "step", "parent_step", "run_id", "event_id", "key", "queue", "owner", "source", "workflow"}
)
"""Columns of texts that are looked for or compared, which nothing else may stand for."""
_WATCHED = """
SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
"""


class PostgresCopySide:
    """A connection with an open transaction."""

    def __init__(self, connection: "psycopg.Connection[Any]", path: str) -> None:
        self._connection = connection
        self._path = path
        self._columns: list[tuple[str, str, bool]] = connection.execute(_COLUMNS, (_OWN,)).fetchall()

    @property
    def path(self) -> str:
        """Return the address, without a password."""
        return self._path

    @property
    def connection(self) -> Database:
        """Return what executes the statements of ``store/sql``."""
        return PostgresDatabase(self._connection)

    def tables(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of every table."""
        found: dict[str, tuple[str, ...]] = {}
        for table, column, _ in self._columns:
            found[table] = (*found.get(table, ()), column)
        return found

    def watched(self) -> frozenset[str]:
        """Return the tables that have triggers."""
        with explaining(self._path):
            return frozenset(name for (name,) in self._connection.execute(_WATCHED).fetchall())

    def rows(self, table: str, columns: tuple[str, ...]) -> Generator[Row, None, None]:
        """Yield the rows of a table, some at a time: the server keeps the place."""
        with explaining(self._path), self._connection.cursor(name="handrail_copy") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(self._about("SELECT {columns} FROM {table}", table, columns))
            yield from cursor

    def fitting(self, columns: tuple[str, ...], row: Row) -> Row:
        """Return a row as this store holds it: with a sign for each NUL, but not in what things are found by."""
        fits = without_nul(row)
        if fits is row:
            return row
        for column, value in zip(columns, row, strict=True):
            if column in _FOUND_BY and isinstance(value, str):
                checked_key(value, where=f"{column} {value!r}")
        return tuple(fits)

    def put(self, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
        """Write rows, in place of what a trigger has written."""
        with explaining(self._path), self._connection.cursor() as cursor:
            cursor.execute(self._about("DELETE FROM {table}", table))
            with cursor.copy(self._about("COPY {table} ({columns}) FROM STDIN", table, columns)) as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(self._about("ANALYZE {table}", table))  # so that the first question is answered well

    def counters(self) -> dict[str, int]:
        """Return the last number that each table's sequence gave."""
        found: dict[str, int] = {}
        with explaining(self._path):
            for table, sequence, _ in self._sequences():
                row = self._connection.execute(_LAST, (sequence,)).fetchone()
                if row is not None and row[0] is not None:
                    found[table] = int(row[0])
        return found

    def set_counters(self, counters: Mapping[str, int]) -> None:
        """Raise the sequences."""
        with explaining(self._path):
            for table, sequence, column in self._sequences():
                asked = self._about("SELECT coalesce(max({columns}), 0) FROM {table}", table, (column,))
                row = self._connection.execute(asked).fetchone()
                last = max(counters.get(table, 0), int(row[0]) if row else 0)
                if last:
                    self._connection.execute("SELECT setval(%s::regclass, %s)", (sequence, last))

    def refuse_changes(self, why: str) -> None:
        """Let the server itself refuse: by triggers, which hold for every connection."""
        made = sql.SQL("CREATE FUNCTION {} () RETURNS TRIGGER LANGUAGE plpgsql AS {}").format(
            sql.Identifier(_REFUSING), sql.Literal(_body(why))
        )
        with explaining(self._path):
            self._connection.execute(made)
            for table in self.tables():
                self._connection.execute(
                    self._about(
                        "CREATE TRIGGER handrail_moved BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
                        " FOR EACH STATEMENT EXECUTE FUNCTION handrail_moved()",
                        table,
                    )
                )

    def allow_changes(self) -> None:
        """Drop those triggers."""
        with explaining(self._path):
            self._connection.execute(sql.SQL("DROP FUNCTION IF EXISTS {} CASCADE").format(sql.Identifier(_REFUSING)))

    def commit(self) -> None:
        """Commit."""
        with explaining(self._path):
            self._connection.execute("COMMIT")

    def _sequences(self) -> Iterator[tuple[str, str, str]]:
        """Yield (table, sequence, column) of all columns that number themselves."""
        for table, column, numbers_itself in self._columns:
            if numbers_itself:
                quoted = sql.Identifier(table).as_string()
                row = self._connection.execute("SELECT pg_get_serial_sequence(%s, %s)", (quoted, column)).fetchone()
                yield table, str(row[0]) if row else "", column

    def _about(self, statement: LiteralString, table: str, columns: tuple[str, ...] = ()) -> sql.Composed:
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        return sql.SQL(statement).format(table=sql.Identifier(table), columns=listed)


@contextmanager
def copy_side(url: str, mode: Mode) -> Iterator[CopySide]:
    """Open a store for copying; what was not committed is taken back at the end.

    Raises:
        StoreNotFound: there is no such store.
        StoreLocked: somebody is writing and does not let go.
        StoreError: it cannot be read or written, or is not empty and shall be filled.
    """
    path = shown(url)
    with explaining(path):
        connection = connect(address_of(url))
        try:
            must_be_a_session(connection, address_of(url), path)
            prepare(connection, path, create=mode == "fill")
            _begin(connection, mode)
            side = PostgresCopySide(connection, path)
            if mode != "read":
                names = sql.SQL(", ").join(map(sql.Identifier, side.tables()))
                connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(names))
            if mode == "fill" and not is_empty(side):
                raise StoreError(
                    path, "it holds something already, and nothing is replaced: give an address of its own"
                )
            yield side
        finally:
            close(connection)  # what is open is rolled back by the server


def _begin(connection: "psycopg.Connection[Any]", mode: Mode) -> None:
    if mode == "read":
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SELECT 1")  # from here on it is of one moment
    else:  # with the lock that every change shares: those under way end, and no other begins
        connection.execute("BEGIN")
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema()), %s::integer)", (STORE,))


def _body(why: str) -> str:
    return f"BEGIN RAISE EXCEPTION USING ERRCODE = '{MOVED}', MESSAGE = {sql.Literal(why).as_string()}; END"
