"""The store in one SQLite file, or in memory."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

from handrail_orchestrator.doorbell import ring
from handrail_orchestrator.errors import StoreError, StoreLocked
from handrail_orchestrator.store.address_text import MEMORY, Durability
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.sealing import Sealing
from handrail_orchestrator.store.sql.moved import must_not_have_moved
from handrail_orchestrator.store.sql.store import SqlStore
from handrail_orchestrator.store.sqlite.connection import connect, set_patience
from handrail_orchestrator.store.sqlite.file_identity import FileIdentity
from handrail_orchestrator.store.sqlite.reading import LOCK_SECONDS, explaining, is_current, is_there, reader
from handrail_orchestrator.store.sqlite.writing import FileWriting


class SqliteStore(SqlStore):
    """One SQLite file in WAL mode: one connection writes, another reads, each used by one thread at a time."""

    def __init__(
        self, path: str, *, durability: Durability = "power", create: bool = True, reading: bool = False
    ) -> None:
        """Open the store; one opened for ``reading`` is opened for writing by its first change only."""
        self._path = path
        self._durability: Durability = durability
        self._create = create
        self._write_lock = threading.RLock()
        self._read_lock = self._write_lock if path == MEMORY else threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._transaction: FileWriting | None = None
        self._patient = True
        """Whether the writing connection waits for other processes: told to it only where that changes."""
        self._seen = 0
        self._closed = False
        self._sealing: Sealing | None = None
        self._identity = FileIdentity(path)
        if reading and path != MEMORY and (is_there(path) or not create):
            self._identity.note()  # before it is opened: one that is replaced in between is found
            self._reading = reader(path, self._identity.place)
            if is_current(self._reading):
                self._identity.note_log()
                self._identity.watch_size(self._schema_version)
                return
            self._reading.close()  # it has to be made or upgraded, which writes
        self.prepare_to_write()
        self._reading = self._writing if path == MEMORY else reader(path, self._identity.place)
        self._identity.watch_size(self._schema_version)

    def prepare_to_write(self) -> FileWriting:
        """Open the store for writing, if it is not yet; the first change would do the same.

        Raises:
            StoreLocked: somebody holds the write lock and does not let go.
            StoreError: it cannot be written; see its subclasses.
        """
        with self._write_lock:
            if self._closed:
                raise StoreError(self._path, "it is closed")
            if self._transaction is None:
                place = self._identity.place
                if self._identity.known:  # who has only read it has remembered it since then
                    self._identity.check()
                self._identity.note()
                connection = _left_by_nobody(
                    connect(self._path, place, durability=self._durability, create=self._create), self._path
                )
                self._identity.note()  # the file is new
                self._identity.note_log()
                self._connection = _still_there(connection, self._identity)
                self._seen = _data_version(self._connection)
                self._transaction = FileWriting(self._connection, self._path, place, self._durability)
                if self._sealing is not None:
                    self._transaction.seal_with(self._sealing)
            return self._transaction

    def seal_with(self, sealing: Sealing) -> None:
        """Have what the store writes itself sealed, and what it looks into opened."""
        with self._write_lock:
            self._sealing = sealing
            if self._transaction is not None:
                self._transaction.seal_with(sealing)

    @property
    def _writing(self) -> sqlite3.Connection:
        self.prepare_to_write()
        self._wait_for_others(patient=True)
        assert self._connection is not None  # noqa: S101 -- it has just been opened
        return self._connection

    def _wait_for_others(self, *, patient: bool) -> None:
        """Let the writing connection wait for other processes, or for nobody; to be called under the write lock."""
        if patient != self._patient and self._connection is not None:
            set_patience(self._connection, LOCK_SECONDS if patient else 0)
            self._patient = patient

    @property
    def url(self) -> str:
        """Return the address by which the store is found from whatever working directory."""
        return f"sqlite:///{self._identity.place}"

    @property
    def path(self) -> str:
        """Return the file's path, or ``:memory:``."""
        return self._path

    def apply(self, changes: Sequence[Change], *, worker: int | None = None) -> list[Any]:
        """Apply changes in order in one transaction and return one reply for each."""
        with self._write_lock, explaining(self._path):
            transaction = self._transaction or self.prepare_to_write()
            self._identity.check()
            self._wait_for_others(patient=True)
            return transaction.run(changes, worker)

    def try_apply(self, changes: Sequence[Change], *, worker: int | None = None) -> list[Any] | None:
        """Apply like ``apply``, unless that would wait for somebody who is writing: then do nothing and return None."""
        if self._transaction is None or not self._write_lock.acquire(blocking=False):
            return None
        try:
            self._identity.check()
            with explaining(self._path):
                self._wait_for_others(patient=False)
                return self._transaction.run(changes, worker)
        except StoreLocked:
            return None
        finally:
            self._write_lock.release()

    def changed_elsewhere(self) -> bool:
        """Return whether another connection wrote since the last call (``PRAGMA data_version``)."""
        self._identity.check()
        with self._write_lock, explaining(self._path):
            try:
                version = _data_version(self._connection or self._writing)
            except sqlite3.OperationalError:  # another process holds all of it for a moment
                version = _data_version(self._writing)
        changed, self._seen = version != self._seen, version
        return changed

    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        self._identity.check()
        with self._read_lock, explaining(self._path):
            return self._reading.execute(sql, tuple(parameters)).fetchall()

    @contextmanager
    def _together(self) -> Iterator[None]:
        with self._read_lock:
            yield

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        self._identity.check()
        with explaining(self._path):
            if self._path != MEMORY:
                with closing(reader(self._path, self._identity.place)) as connection:
                    connection.execute("BEGIN")
                    yield connection
                return
            with self._write_lock:
                yield self._writing

    def _schema_version(self) -> int:
        with self._read_lock:
            return int(self._reading.execute("PRAGMA schema_version").fetchone()[0])

    def ring(self, *, but: int | None = None) -> None:
        """Tell the workers on the store that something may be due; not the one that says so itself."""
        ring(worker.bell for worker in self.workers() if worker.id != but)

    def vacuum(self) -> None:
        """Rewrite the file without the space that deleted runs held."""
        self._identity.check()
        with self._write_lock, explaining(self._path):
            self._writing.execute("VACUUM")
            self._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the store; closing twice does nothing."""
        with self._write_lock, self._read_lock:
            if not self._closed:
                self._closed = True
                self._identity.forget_log()
                self._reading.close()
                if self._connection is not None:
                    self._connection.close()

    def __del__(self) -> None:
        """Close a store that was forgotten."""
        with suppress(AttributeError, sqlite3.Error):
            self.close()


def _left_by_nobody(connection: sqlite3.Connection, path: str) -> sqlite3.Connection:
    """Return the connection, unless all that the store held was moved elsewhere: then close it and say where."""
    try:
        with explaining(path):
            must_not_have_moved(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _still_there(connection: sqlite3.Connection, identity: FileIdentity) -> sqlite3.Connection:
    """Return the connection, unless it is one to another file than was there before: then close it and say so."""
    try:
        identity.check()
    except BaseException:
        connection.close()
        raise
    return connection


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
