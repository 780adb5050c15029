"""One write transaction of a store in PostgreSQL: locked, applied, committed, and asked for when no answer came."""

import itertools
import logging
import os
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import psycopg
from psycopg import sql

from handrail_orchestrator.errors import CommitUnknown, StoreError, StoreNotFound, StoreRefused
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.address_text import Durability
from handrail_orchestrator.store.postgres.bell import channel, is_loud
from handrail_orchestrator.store.postgres.connection import PostgresDatabase, close, connect, explaining, is_lost
from handrail_orchestrator.store.postgres.locking import STORE, Locks, locks_of
from handrail_orchestrator.store.sealing import Sealing
from handrail_orchestrator.store.sql.applying import apply_all
from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.texts import without_nul

_log = logging.getLogger("handrail.store")

TRIES = 10
"""How often a transaction is tried that the server ended for the sake of another one."""
SETTLED_SECONDS = 30.0
"""How long the server is asked what became of a commit whose answer was lost, before its caller is told."""
ASK_AGAIN_SECONDS = 0.2
REPORT_EVERY_SECONDS = 5.0
IDLE_SECONDS = 15
"""A process that stands still in the middle of a transaction, frozen or out of reach, holds its locks for so long.

Less than others wait for a lock, so that none of them fails.
"""

Outcome = list[Any]

_MARK = sql.SQL(
    "INSERT INTO handrail_commits (name, number) VALUES ({name}, {mark}) ON CONFLICT (name) DO UPDATE SET at = now(),"
    " number = excluded.number / CASE WHEN handrail_commits.number < 0 THEN 0 ELSE 1 END"
)
"""Fails, and its transaction with it, once somebody has asked."""
_ASK = (
    "INSERT INTO handrail_commits (name, number) VALUES (%s, -1) ON CONFLICT (name) DO UPDATE SET at = now(), number ="
    " CASE WHEN handrail_commits.number < 0 THEN handrail_commits.number ELSE -1 - handrail_commits.number END"
    " RETURNING number"
)
_ON_DISK = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
"""What must be on the disk is, whatever the server has set; a setting that asks for more stays."""
_WHICH = (
    "SELECT hashtext(current_schema()), to_regclass('handrail_commits')::oid::bigint,"
    " (SELECT min(at)::text FROM handrail_migrations)"
)
"""Of a store: the space of its locks, the number of a table, and when it was made, which tells it from another one."""
_REMADE = "it was dropped, and another store is in its place: start this process anew, which knows the old one"
_TIDY = "DELETE FROM handrail_commits WHERE at < now() - interval '1 day'"
"""Whoever has lost an answer asks soon; one that commits after it was idle for so long is noted anew."""
_FORGET = "DELETE FROM handrail_commits WHERE name = %s"


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
        self._space = self._table = 0
        self._made: str | None = None
        self._connected = ""
        """What this connection is called where its last transaction is noted; another one has another name."""
        self._marks = itertools.count(1)

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
            try:
                self._open()
            except BaseException:  # one that is half set up is of no use
                self._drop()
                raise
        return cast("psycopg.Connection[Any]", self._connection)

    def _open(self) -> None:
        self._connection = connection = connect(self._address)
        database = PostgresDatabase(connection)
        self._transaction = Transaction(database, self._path, database.execute_each, database.insert_each)
        if self._sealing is not None:
            self._transaction.sealing = self._sealing
        self._channel = channel(connection)
        self._recognize(connection)
        self._connected = uuid.uuid4().hex
        connection.execute(cast("bytes", f"SET idle_in_transaction_session_timeout = {IDLE_SECONDS * 1000}"))
        connection.execute(_ON_DISK)
        connection.execute(_TIDY)

    def _recognize(self, connection: "psycopg.Connection[Any]") -> None:
        """Look which store it is: what this process knows of one (numbers of workers, runs, workflows) fits no other.

        Raises:
            StoreNotFound: it is not the one of the connection before.
        """
        space, table, made = connection.execute(_WHICH).fetchone() or (0, 0, None)
        if self._made not in {None, made}:
            raise StoreNotFound(self._path, _REMADE)
        self._space, self._table, self._made = int(space), int(table or 0), made

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
            except CommitUnknown as unknown:
                if (settled := self._settled_soon(unknown)) is not None:
                    return settled
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                if not left:
                    raise
                time.sleep(0.005 * (TRIES - left))
            except psycopg.errors.ReadOnlySqlTransaction:
                # a primary that has become a replica keeps its connections: a new one may lead to another server
                if left < TRIES - 1:
                    raise
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
        mark = next(self._marks)
        replies: Outcome | None = None
        try:
            self._begin(connection, changes, locks, is_patient=is_patient)
            replies = apply_all(transaction, changes, worker)
            connection.execute(self._end(changes, mark))
        except BaseException as error:
            transaction.rolled_back()
            if isinstance(error, psycopg.Error) and is_lost(connection, error):
                name = self._connected
                self._drop()
                if replies is not None:
                    raise self._unknown(name, mark, replies, error) from error
            elif not connection.closed:
                self._roll_back(connection)
            raise
        return replies

    def _begin(
        self, connection: "psycopg.Connection[Any]", changes: Sequence[c.Change], locks: Locks, *, is_patient: bool
    ) -> None:
        """Begin and lock, in one message to the server."""
        volatile = self._durability == "process" or all(type(c.plain(change)) in c.VOLATILE for change in changes)
        parts = ["BEGIN"]
        if volatile:
            parts.append("SET LOCAL synchronous_commit = off")
        if not is_patient:
            parts.append("SET LOCAL lock_timeout = 1")
        kind = "_shared" if locks.is_shared else ""
        is_it = f"(to_regclass('handrail_commits')::oid = '{self._table}')::integer"  # else divided by 0
        parts.append(f"SELECT pg_advisory_xact_lock{kind}({self._space} / {is_it}, {STORE})")
        parts += [f"SELECT pg_advisory_xact_lock({self._space}, {number})" for number in locks.numbers]
        if rows := _rows(connection, locks):
            parts.append(f"SELECT FROM runs WHERE {rows} ORDER BY key FOR UPDATE")
        try:
            connection.execute(cast("bytes", "; ".join(parts)))
        except psycopg.errors.DivisionByZero as error:
            raise StoreNotFound(self._path, _REMADE) from error

    def _end(self, changes: Sequence[c.Change], mark: int) -> sql.Composed:
        """Return what marks the transaction, tells others of it and commits, in one message to the server."""
        parts: list[sql.Composable] = [_MARK.format(name=sql.Literal(self._connected), mark=sql.Literal(mark))]
        if is_loud(changes):
            parts.append(sql.SQL("NOTIFY {}, {}").format(sql.Identifier(self._channel), sql.Literal(self._name)))
        return sql.SQL("; ").join([*parts, sql.SQL("COMMIT")])

    def _unknown(self, name: str, mark: int, replies: Outcome, error: psycopg.Error) -> CommitUnknown:
        said = str(error).strip().split("\n")[0]
        problem = f"whether the last changes were recorded is not known yet: the server's answer was lost ({said})"
        return CommitUnknown(self._path, problem, lambda: replies if self._has_committed(name, mark) else None)

    def _settled_soon(self, unknown: CommitUnknown) -> Outcome | None:
        """Ask what became of a commit for a while.

        Raises:
            CommitUnknown: the server cannot be asked.
            StoreNotFound: the store was dropped.
            StoreRefused: the server lets nobody in any more.
        """
        end, reported = time.monotonic() + SETTLED_SECONDS, -REPORT_EVERY_SECONDS
        while True:
            try:
                return unknown.settle()
            except (StoreNotFound, StoreRefused):  # it does not matter any more, or nobody can ask
                raise
            except StoreError as error:
                if time.monotonic() >= end:
                    raise unknown from error
                if time.monotonic() - reported >= REPORT_EVERY_SECONDS:
                    reported = time.monotonic()
                    _log.warning("asking whether the last changes were committed: %s", error)
                time.sleep(ASK_AGAIN_SECONDS)

    def _has_committed(self, name: str, mark: int) -> bool:
        """Return whether a transaction of a lost connection was committed; if it was not, it never will be.

        By a mark of ours, and not by the server's number of the transaction: after a crash such a number is given anew,
        and a commit may still be on its way. Asking waits for one that is under way.

        Raises:
            StoreError: the server cannot be asked.
        """
        with explaining(self._path):
            connection = connect(self._address)
            try:
                row = connection.execute(_ASK, (name,)).fetchone()
            finally:
                close(connection)
        return row is not None and int(row[0]) == -1 - mark

    def _roll_back(self, connection: "psycopg.Connection[Any]") -> None:
        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:
            self._drop()

    def close(self) -> None:
        """Close the connection; the next change opens another."""
        if self._connection is not None and os.getpid() == self._process:
            with suppress(psycopg.Error):
                self._connection.execute(_FORGET, (self._connected,))
        self._drop()

    def _drop(self) -> None:
        if os.getpid() == self._process:  # a child that was forked off would end what is its parent's
            close(self._connection)
        self._connection = self._transaction = None


def _rows(connection: "psycopg.Connection[Any]", locks: Locks) -> str:
    """Return which runs are locked, and the parents that are told of their ends; empty: none.

    As one list that is made first: of alternatives with a query in one, the server would look through every run.
    """
    found: list[str] = []
    if locks.keys:
        keys = ", ".join(map(str, locks.keys))
        found += [f"SELECT unnest(ARRAY[{keys}]::bigint[])", f"SELECT parent FROM runs WHERE key IN ({keys})"]  # noqa: S608 -- numbers
    if locks.ids:
        ids = ", ".join(sql.Literal(each).as_string(connection) for each in without_nul(locks.ids))
        found.append(f"SELECT key FROM runs WHERE id IN ({ids})")  # noqa: S608 -- quoted
    if locks.items:
        items = ", ".join(map(str, locks.items))
        found.append(f"SELECT run FROM reviews WHERE id IN ({items})")  # noqa: S608 -- numbers
    return f"key = ANY (ARRAY({' UNION ALL '.join(found)}))" if found else ""
