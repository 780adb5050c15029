"""One write transaction of a store in PostgreSQL: locked, applied, committed, and asked for when no answer came."""

import logging
import os
import time
from collections.abc import Sequence
from typing import Any, cast

import psycopg
from psycopg import sql

from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.port import Durability
from handrail_orchestrator.store.postgres.bell import channel, is_loud
from handrail_orchestrator.store.postgres.connection import PostgresDatabase, close, connect, is_lost
from handrail_orchestrator.store.postgres.locking import STORE, Locks, locks_of
from handrail_orchestrator.store.sealing import Sealing
from handrail_orchestrator.store.sql.applying import apply_all
from handrail_orchestrator.store.sql.transaction import Transaction

_log = logging.getLogger("handrail.store")

TRIES = 10
"""How often a transaction is tried that the server ended for the sake of another one."""
SETTLED_SECONDS = 30.0
"""How long the server is asked what became of a commit whose answer was lost."""

Outcome = list[Any]


class ServerWriting:
    """Writes changes on one connection, all of a call or none; opened anew after it was lost."""

    def __init__(self, address: str, path: str, durability: Durability, name: str) -> None:
        self._name = name
        self._channel = ""
        self._address = address
        self._path = path
        self._durability = durability
        self._process = os.getpid()
        self._sealing: Sealing | None = None
        self._connection: psycopg.Connection[Any] | None = None
        self._transaction: Transaction | None = None
        self._space = 0

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Any:
        """Execute a statement of its own, outside of any change."""
        return PostgresDatabase(self.connection).execute(statement, parameters)

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, which may be lost without anybody knowing."""
        return self._connection is not None

    @property
    def connection(self) -> "psycopg.Connection[Any]":
        """Return the connection, opened if it is not.

        Raises:
            psycopg.Error: it cannot be opened.
            StoreError: it belongs to another process.
        """
        if os.getpid() != self._process:
            problem = "it was opened before os.fork, and connections cannot be shared: open it in this process"
            raise StoreError(self._path, problem)
        if self._connection is None:
            self._connection = connect(self._address)
            self._transaction = Transaction(PostgresDatabase(self._connection), self._path)
            if self._sealing is not None:
                self._transaction.sealing = self._sealing
            self._channel = channel(self._connection)
            row = self._connection.execute("SELECT hashtext(current_schema())").fetchone()
            self._space = int(row[0]) if row else 0
        return self._connection

    def seal_with(self, sealing: Sealing) -> None:
        """Have what the store writes itself sealed, and what it looks into opened."""
        self._sealing = sealing
        if self._transaction is not None:
            self._transaction.sealing = sealing

    def run(self, changes: Sequence[c.Change], worker: int | None) -> Outcome:
        """Apply the changes in one transaction and return their replies."""
        locks = locks_of(changes)
        for left in reversed(range(TRIES)):
            try:
                return self._once(changes, worker, locks)
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                if not left:
                    raise
                time.sleep(0.005 * (TRIES - left))
        raise AssertionError("unreachable")

    def try_run(self, changes: Sequence[c.Change], worker: int | None) -> Outcome | None:
        """Apply the changes like ``run``, unless that waits for somebody: then do nothing and return None."""
        if self._connection is None:
            return None
        try:
            return self._once(changes, worker, locks_of(changes), is_patient=False)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            return None

    def _once(
        self, changes: Sequence[c.Change], worker: int | None, locks: Locks, *, is_patient: bool = True
    ) -> Outcome:
        connection = self.connection
        transaction = cast("Transaction", self._transaction)
        number: str | None = None
        replies: Outcome = []
        try:
            self._begin(connection, changes, locks, is_patient=is_patient)
            replies = apply_all(transaction, changes, worker)
            row = connection.execute("SELECT pg_current_xact_id_if_assigned()::text").fetchone()
            number = row[0] if row else None
            connection.execute(self._end(changes))
        except BaseException as error:
            transaction.workflow_ids.forget()
            if isinstance(error, psycopg.Error) and is_lost(connection, error):
                self.close()
                if number is not None and self._has_committed(number):
                    return replies
            elif not connection.closed:
                self._roll_back(connection)
            raise
        return replies

    def _begin(
        self, connection: "psycopg.Connection[Any]", changes: Sequence[c.Change], locks: Locks, *, is_patient: bool
    ) -> None:
        """Begin and lock, in one message to the server."""
        volatile = self._durability == "process" or all(type(change) in c.VOLATILE for change in changes)
        parts = ["BEGIN"]
        if volatile:
            parts.append("SET LOCAL synchronous_commit = off")
        if not is_patient:
            parts.append("SET LOCAL lock_timeout = 1")
        kind = "_shared" if locks.is_shared else ""
        parts.append(f"SELECT pg_advisory_xact_lock{kind}({self._space}, {STORE})")
        parts += [f"SELECT pg_advisory_xact_lock({self._space}, {number})" for number in locks.numbers]
        if rows := _rows(connection, locks):
            parts.append(f"SELECT FROM runs WHERE {rows} ORDER BY key FOR UPDATE")
        connection.execute(cast("bytes", "; ".join(parts)))

    def _end(self, changes: Sequence[c.Change]) -> sql.SQL | sql.Composed:
        """Return what commits, and in the same message tells others of it."""
        if not is_loud(changes):
            return sql.SQL("COMMIT")
        return sql.SQL("NOTIFY {}, {}; COMMIT").format(sql.Identifier(self._channel), sql.Literal(self._name))

    def _has_committed(self, number: str) -> bool:
        """Return whether a transaction was committed whose answer never came, as soon as the server can be asked.

        Raises:
            psycopg.Error: it cannot be asked, after ``SETTLED_SECONDS``.
        """
        end = time.monotonic() + SETTLED_SECONDS
        while True:
            try:
                row = self.connection.execute("SELECT pg_xact_status(%s::xid8)", (number,)).fetchone()
                if row is not None and row[0] == "in progress" and time.monotonic() < end:
                    time.sleep(0.05)
                    continue
                return row is not None and row[0] == "committed"
            except psycopg.OperationalError as error:
                self.close()
                if time.monotonic() >= end:
                    raise
                _log.warning("asking whether the last changes were committed: %s", str(error).strip())
                time.sleep(0.2)

    def _roll_back(self, connection: "psycopg.Connection[Any]") -> None:
        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    def close(self) -> None:
        """Close the connection; the next change opens another."""
        close(self._connection)
        self._connection = self._transaction = None


def _rows(connection: "psycopg.Connection[Any]", locks: Locks) -> str:
    """Return which runs are locked, and the parents that are told of their ends; empty: none."""
    conditions: list[str] = []
    if locks.keys:
        keys = ", ".join(map(str, locks.keys))
        conditions.append(f"key IN ({keys}) OR key IN (SELECT parent FROM runs WHERE key IN ({keys}))")  # noqa: S608 -- numbers
    if locks.ids:
        ids = ", ".join(sql.Literal(each).as_string(connection) for each in locks.ids)
        conditions.append(f"id IN ({ids})")
    if locks.items:
        items = ", ".join(map(str, locks.items))
        conditions.append(f"key IN (SELECT run FROM reviews WHERE id IN ({items}))")  # noqa: S608 -- numbers
    return " OR ".join(conditions)
