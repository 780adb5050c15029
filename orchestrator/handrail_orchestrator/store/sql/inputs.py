"""What workflows are started with, and which events wait for a run: written and read."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.store.running import DeclareInput, InputRow, KeptEvent
from handrail_orchestrator.store.sql.transaction import Transaction


def declare(tx: Transaction, change: DeclareInput) -> None:
    """Keep what a workflow version is started with; the latest code to execute it says."""
    tx.workflow_ids.get(change.workflow, change.version)
    tx.execute(
        "INSERT INTO inputs (workflow, version, schema, code, deadline_seconds) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (workflow, version) DO UPDATE SET schema = excluded.schema, code = excluded.code,"
        " deadline_seconds = excluded.deadline_seconds",
        tuple(change),
    )


class RunningRows(ABC):
    """The part of the store that knows these."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def inputs(self, workflow: str) -> list[InputRow]:
        """Return what the versions of a workflow are started with, the newest first."""
        sql = f"SELECT {', '.join(InputRow._fields)} FROM inputs WHERE workflow = ? ORDER BY version DESC"  # noqa: S608 -- our own column names
        return [InputRow._make(row) for row in self._rows(sql, (workflow,))]

    def kept_events(self, limit: int) -> list[KeptEvent]:
        """Return events that no run has waited for, oldest first."""
        sql = "SELECT name, key, sent, event_id FROM keyed_events WHERE run IS NULL ORDER BY id LIMIT ?"
        return [KeptEvent._make(row) for row in self._rows(sql, (limit,))]
