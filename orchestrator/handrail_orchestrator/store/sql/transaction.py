"""What the functions share that apply changes: one open transaction of a database, whichever it is."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from handrail_orchestrator.store.sealing import NotSealing, Sealing
from handrail_orchestrator.store.sql.database import Database
from handrail_orchestrator.store.sql.workflow_ids import WorkflowIds

ExecuteEach = Callable[[str, Sequence[Sequence[Any]]], list[int]]
InsertEach = Callable[[str, Sequence[Sequence[Any]]], Sequence[int | None]]


class Transaction:
    """One open transaction of a store; it is made once for a connection, and used again for each."""

    def __init__(
        self,
        connection: Database,
        path: str,
        execute_each: ExecuteEach | None = None,
        insert_each: InsertEach | None = None,
        is_alone: Callable[[], bool] = lambda: False,
    ) -> None:
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.execute_each: ExecuteEach = execute_each or self._one_by_one
        """Executes a statement that changes one row at most for each row of values, and returns how many each did."""
        self.insert_each: InsertEach = insert_each or self._row_by_row
        """Does the same with one that makes a run at most, and returns the key of each; None where there is none."""
        self.is_alone = is_alone
        """Returns whether nobody else has written since it was asked before, so that what was read then is still so."""
        self.path = path
        """Where the store is, as errors say it."""
        self.place = path
        """Where its secret is found, from whatever working directory."""
        self.worker: int | None = None
        """In whose name is written; None: in that of no worker."""
        self.alive = True
        """Whether that worker is signed on, or there is none."""
        self.owned: dict[int, int] = {}
        """The claims by which that worker has runs, as far as they are known; see ``owning``."""
        self.owner: int | None = None
        """The worker that they are known of."""
        self.paused: frozenset[str] | None = None
        """The workflows that rest, once somebody has looked: nobody else changes that before the end of this."""
        self.workflow_ids = WorkflowIds(connection)
        self.sealing: Sealing = NotSealing(path)
        """What seals the values that the store writes itself, and opens those that it looks into."""

    def rolled_back(self) -> None:
        """Forget what was read and written in a transaction that did not happen."""
        self.workflow_ids.forget()
        self.owned.clear()

    def _one_by_one(self, sql: str, rows: Iterable[Sequence[Any]]) -> list[int]:
        return [self.execute(sql, row).rowcount for row in rows]

    def _row_by_row(self, sql: str, rows: Iterable[Sequence[Any]]) -> list[int | None]:
        found = [self.execute(f"{sql} RETURNING key", row).fetchone() for row in rows]
        return [None if each is None else int(each[0]) for each in found]
