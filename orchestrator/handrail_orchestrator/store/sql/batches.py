"""Writing and reading who waits for a batch."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.store.batches import AnswerWait, JoinBatch, SealBatch, WakeMember
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.store.sql import lifecycle, noting, starting
from handrail_orchestrator.store.sql.transaction import Transaction

OPEN = "handrail:batch"
"""The tag that a batch has as long as it gathers; its value is the group."""

_COLUMNS = ", ".join(StepRow._fields)
_GATHERING = f"""
SELECT runs.id, runs.key FROM tags JOIN runs ON runs.key = tags.run
WHERE tags.name = '{OPEN}' AND tags.value = ? AND runs.ended IS NULL ORDER BY runs.key LIMIT 1
"""  # noqa: S608 -- a constant
_LOCK = "UPDATE runs SET signals = signals WHERE key = ?"
"""Whoever joins a batch and whoever seals it stand in line here: a wait is seen by the seal, or sees it."""
_WAITING = "kind = 'child' AND status = 'waiting' AND owner = ?"

_ANSWER = f"""
UPDATE steps SET status = 'done', output = ?, ended = ? WHERE run = ? AND name = ? AND {_WAITING}
AND (SELECT ended FROM runs WHERE key = run) IS NULL
"""  # noqa: S608 -- constants


def join(tx: Transaction, change: JoinBatch) -> None:
    """Record the wait for the batch that gathers, or for one that begins now."""
    found = tx.execute(_GATHERING, (change.group,)).fetchone()
    if found is not None:
        tx.execute(_LOCK, (found[1],))
        found = tx.execute(_GATHERING, (change.group,)).fetchone()
    batch = change.child.id if found is None else str(found[0])
    if tx.execute(noting.NOTE, change.row._replace(owner=batch)).rowcount != 1 or found is not None:
        return
    started_by, priority = starting.of_parent(tx, change.row.run)
    started = starting.start(tx, change.child._replace(started_by=started_by, priority=priority))
    tx.execute("INSERT INTO tags (run, name, value) VALUES (?, ?, ?)", (started.key, OPEN, change.group))


def seal(tx: Transaction, change: SealBatch) -> None:
    """Take the tag away by which the batch is found."""
    tx.execute(_LOCK, (change.key,))
    tx.execute("DELETE FROM tags WHERE run = ? AND name = ?", (change.key, OPEN))


def answer(tx: Transaction, change: AnswerWait) -> bool:
    """End a wait with the reply, and wake its run."""
    row = change.row
    ended = tx.execute(_ANSWER, (row.output, row.ended, row.run, row.name, row.owner)).rowcount
    if ended:
        lifecycle.wake(tx, row.run)
    return bool(ended)


def wake_member(tx: Transaction, change: WakeMember) -> bool:
    """Wake the run that has waited longest."""
    found = tx.execute(
        f"SELECT run FROM steps WHERE {_WAITING} ORDER BY run, name LIMIT 1",  # noqa: S608 -- a constant
        (change.run_id,),
    ).fetchone()
    if found is not None:
        lifecycle.wake(tx, int(found[0]))
    return found is not None


class BatchRows(ABC):
    """The part of the store that knows these."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def members(
        self, run_id: str, *, after: tuple[int, str] = (0, ""), upto: tuple[int, str] | None = None, limit: int = 500
    ) -> list[StepRow]:
        """Return the waits for a run, by run and name, after one and up to another."""
        sql = f"SELECT {_COLUMNS} FROM steps WHERE {_WAITING} AND (run, name) > (?, ?)"  # noqa: S608 -- our own names
        given: list[object] = [run_id, *after]
        if upto is not None:
            sql += " AND (run, name) <= (?, ?)"
            given += upto
        return [StepRow._make(row) for row in self._rows(f"{sql} ORDER BY run, name LIMIT ?", (*given, limit))]
