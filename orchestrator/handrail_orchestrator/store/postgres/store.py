"""The store in a PostgreSQL database: several machines may work on it."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from handrail_orchestrator.doorbell import ring
from handrail_orchestrator.errors import StoreError, StoreLocked, StoreUnreachable
from handrail_orchestrator.store.address_text import Durability, shown
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.postgres.bell import Bell
from handrail_orchestrator.store.postgres.connection import (
    CONNECT_SECONDS,
    PostgresDatabase,
    address_of,
    close,
    configure,
    connect,
    explaining,
)
from handrail_orchestrator.store.postgres.pooler import must_be_a_session
from handrail_orchestrator.store.postgres.schema import prepare
from handrail_orchestrator.store.postgres.writing import ServerWriting
from handrail_orchestrator.store.queries import ReviewQuery
from handrail_orchestrator.store.rows import ReviewRow
from handrail_orchestrator.store.sealing import Sealing
from handrail_orchestrator.store.sql.moved import must_not_have_moved
from handrail_orchestrator.store.sql.review_query import is_picky, picky_sql
from handrail_orchestrator.store.sql.store import SqlStore

MOST_READERS = 8
"""Connections of one process that read at the same time; one more writes."""

READ_TRIES = 3
"""How often something is read that somebody cancels; twice, where its connection was cut."""

LOOKED_AT = 1_000
"""Review items that are looked at before all of them, for a filter that many pass."""


_POOL = "handrail-readers"


class _Reader(psycopg.Connection[tuple[Any, ...]]):
    """A connection of our pool, which its log tells from those of others."""


def _is_of_others(record: logging.LogRecord) -> bool:
    """Return whether a record is not of our pool: why something could not be read is said by who wanted to read it."""
    given = record.args if isinstance(record.args, tuple) else ()
    return not any(isinstance(each, _Reader) or each == _POOL for each in given)


logging.getLogger("psycopg.pool").addFilter(_is_of_others)


class PostgresStore(SqlStore):
    """One connection writes, used by one thread at a time; a pool of others reads."""

    clock_sql = "SELECT extract(epoch FROM clock_timestamp())"

    def __init__(
        self, url: str, *, durability: Durability = "power", create: bool = True, reading: bool = False
    ) -> None:
        """Open the store; one opened for ``reading`` is opened for writing by its first change only."""
        self._address = address_of(url)
        self._path = shown(url)
        self._create = create
        self._closed = False
        self._write_lock = threading.RLock()
        self._bell = Bell(self._address)
        self._writing = ServerWriting(self._address, self._path, durability, self._bell.name)
        with explaining(self._path):
            connection = connect(self._address)
            try:
                must_be_a_session(connection, self._address, self._path)
                prepare(connection, self._path, create=create)
            finally:
                close(connection)
        self._pool: ConnectionPool[_Reader] = ConnectionPool(
            self._address,
            min_size=0,
            max_size=MOST_READERS,
            open=True,
            timeout=CONNECT_SECONDS,
            num_workers=1,
            kwargs={"autocommit": True, "prepare_threshold": 2},
            configure=configure,
            connection_class=_Reader,
            name=_POOL,
        )
        if not reading:
            self.prepare_to_write()

    def prepare_to_write(self) -> ServerWriting:
        """Open the connection that writes, if it is not open."""
        with self._write_lock, explaining(self._path):
            if self._closed:
                raise StoreError(self._path, "it is closed")
            if not self._writing.is_open:
                must_not_have_moved(PostgresDatabase(self._writing.connection), self._path)
            return self._writing

    def seal_with(self, sealing: Sealing) -> None:
        """Have what the store writes itself sealed, and what it looks into opened."""
        with self._write_lock:
            self._writing.seal_with(sealing)

    @property
    def url(self) -> str:
        """Return the address the store was opened with, without a password."""
        return self._path

    @property
    def path(self) -> str:
        """Return the address, without a password."""
        return self._path

    def apply(self, changes: Sequence[Change], *, worker: int | None = None) -> list[Any]:
        """Apply changes in order in one transaction and return one reply for each."""
        with self._write_lock, explaining(self._path):
            if self._closed:
                raise StoreError(self._path, "it is closed")
            return self._writing.run(changes, worker)

    def try_apply(self, changes: Sequence[Change], *, worker: int | None = None) -> list[Any] | None:
        """Apply like ``apply``, unless that would wait for somebody who is writing: then do nothing and return None."""
        if self._closed or not self._write_lock.acquire(blocking=False):
            return None
        try:
            with explaining(self._path):
                return self._writing.try_run(changes, worker)
        finally:
            self._write_lock.release()

    def reviews(self, query: ReviewQuery) -> list[ReviewRow]:
        """Return review items, most urgent first."""
        if not is_picky(query):
            return super().reviews(query)
        found: list[Any] = []
        for soon, whole in picky_sql(query, LOOKED_AT):
            some = [] if soon is None else self._rows(*soon)
            found += some if len(some) >= query.limit else self._rows(*whole)
            if len(found) >= query.limit:
                break
        rows = [ReviewRow._make(row) for row in found[: query.limit]]
        return rows if query.before is None else rows[::-1]

    def changed_elsewhere(self) -> bool:
        """Return whether others wrote what somebody else may have to do with since the last call."""
        return self._bell.has_rung()

    def listen(self, on_ring: Callable[[], None]) -> Callable[[], None]:
        """Call back now, and in a thread as soon as others have written; returns what ends that."""
        return self._bell.listen(on_ring)

    @contextmanager
    def _reader(self) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        if self._closed:
            raise StoreError(self._path, "it is closed")
        try:
            with explaining(self._path), self._pool.connection() as connection:
                yield connection
        except StoreUnreachable as error:
            if isinstance(error.__cause__, PoolTimeout):
                self._say_why_no_connection()
            raise

    def _say_why_no_connection(self) -> None:
        """Try once without the pool, which keeps to itself why it has no connection.

        Raises:
            StoreError: nobody can connect.
        """
        with explaining(self._path):
            close(connect(self._address))

    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        given = tuple(parameters)
        for left in reversed(range(READ_TRIES)):
            try:
                return self._read(sql, given)
            except StoreLocked as error:
                if not left:
                    raise
                if isinstance(error, StoreUnreachable):  # it may have been cut long ago, and the server be there
                    if left < READ_TRIES - 1:
                        raise
                    self._pool.check()
        raise AssertionError("unreachable")

    def _read(self, sql: str, parameters: Sequence[object]) -> list[Any]:
        with self._reader() as connection:
            return PostgresDatabase(connection).execute(sql, parameters).fetchall()

    @contextmanager
    def _together(self) -> Iterator[None]:
        yield

    @contextmanager
    def _snapshot(self) -> Iterator[PostgresDatabase]:
        with self._reader() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield PostgresDatabase(connection)

    def ring(self, *, but: int | None = None) -> None:
        """Tell the workers on the store that something may be due; not the one that says so itself."""
        ring(worker.bell for worker in self.workers() if worker.id != but)

    def vacuum(self) -> None:
        """Let the server use the space again that deleted runs held."""
        with explaining(self._path):
            connection = connect(self._address)
            try:
                connection.execute("VACUUM (ANALYZE)")
            finally:
                close(connection)

    def close(self) -> None:
        """Close the store; closing twice does nothing."""
        with self._write_lock:
            if not self._closed:
                self._closed = True
                self._pool.close()
                self._writing.close()
                self._bell.close()

    def __del__(self) -> None:
        """Close a store that was forgotten."""
        with suppress(AttributeError, psycopg.Error):
            self.close()
