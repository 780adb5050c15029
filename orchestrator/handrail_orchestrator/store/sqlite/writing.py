"""One write transaction at a time on the connection of a file."""

import os
import sqlite3
from collections.abc import Sequence
from typing import Any

from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.address_text import Durability
from handrail_orchestrator.store.changes import plain
from handrail_orchestrator.store.sealing import Sealing
from handrail_orchestrator.store.sql.applying import apply_all
from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.store.sqlite.connection import set_durability


class FileWriting:
    """Writes changes to a file, all of a call or none."""

    def __init__(self, connection: sqlite3.Connection, path: str, place: str, durability: Durability) -> None:
        self._connection = connection
        self.execute = connection.execute
        self._path = path
        self._durability = durability
        self._transaction = Transaction(connection, path, self._execute_each, self._insert_each, self._is_alone)
        self._transaction.place = place
        self._process = os.getpid()
        self._version = 0

    def _is_alone(self) -> bool:
        """Return whether no other connection has written since this was asked before; asked while none can."""
        (version,) = self.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return bool(version == before)

    def _execute_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[int]:
        """Execute a statement that changes one row at most for each row of values; return how many rows each changed.

        All at once, as nearly always each changes one, and one by one where the sum says that some did not.
        """
        if len(rows) == 1:
            return [self.execute(sql, rows[0]).rowcount]
        self.execute("SAVEPOINT each_row")
        if self._connection.executemany(sql, rows).rowcount == len(rows):
            self.execute("RELEASE each_row")
            return [1] * len(rows)
        self.execute("ROLLBACK TO each_row")
        self.execute("RELEASE each_row")
        return [self.execute(sql, row).rowcount for row in rows]

    def _insert_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[int | None]:
        """Execute a statement that makes a run at most for each row of values; return the key of each.

        Not with RETURNING, for which SQLite keeps a table aside: that takes as long as all the rest of it.
        """
        made = [self.execute(sql, row) for row in rows]
        return [each.lastrowid if each.rowcount == 1 else None for each in made]

    def seal_with(self, sealing: Sealing) -> None:
        """Have what the store writes itself sealed."""
        self._transaction.sealing = sealing

    def run(self, changes: Sequence[c.Change], worker: int | None) -> list[Any]:
        """Apply the changes in one transaction and return their replies."""
        if os.getpid() != self._process:
            problem = "it was opened before os.fork, and SQLite's connections cannot be shared: open it in this process"
            raise StoreError(self._path, problem)
        volatile = self._durability == "power" and all(type(plain(change)) in c.VOLATILE for change in changes)
        if volatile:
            set_durability(self._connection, "process")
        try:
            self.execute("BEGIN IMMEDIATE")
            try:
                replies = apply_all(self._transaction, changes, worker)
                self.execute("COMMIT")
            except BaseException:
                self._transaction.rolled_back()
                if self._connection.in_transaction:
                    self.execute("ROLLBACK")
                raise
        finally:
            if volatile:
                set_durability(self._connection, self._durability)
        return replies
