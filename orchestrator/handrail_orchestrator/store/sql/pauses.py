"""Writing and reading what rests: workflow types, and queues."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.errors import ReviewConflict
from handrail_orchestrator.store.changes import MoveReview
from handrail_orchestrator.store.control import Pause, PauseRow, Resume
from handrail_orchestrator.store.sql import audit, rollups
from handrail_orchestrator.store.sql.transaction import Transaction

_SELECT = f"SELECT {', '.join(PauseRow._fields)} FROM pauses"  # noqa: S608 -- our own column names
_ONE = f"{_SELECT} WHERE kind = ? AND name = ?"

# A time limit stands still while its run, or its question, may not go on.
_MOVE_DEADLINES = """
UPDATE runs SET deadline = deadline + ? - CASE WHEN created > ? THEN created ELSE ? END
WHERE deadline IS NOT NULL AND ended IS NULL AND workflow IN (SELECT id FROM workflows WHERE name = ?)
"""
_MOVE_DUES = """
UPDATE reviews SET due = due + ? - CASE WHEN created > ? THEN created ELSE ? END,
    timer = timer + ? - CASE WHEN created > ? THEN created ELSE ? END
WHERE queue = ? AND state IN ('open', 'leased') AND (due IS NOT NULL OR timer IS NOT NULL)
"""
_OUTLIVED = """
SELECT DISTINCT runs.key FROM reviews JOIN runs ON runs.key = reviews.run
WHERE reviews.queue = ? AND state IN ('open', 'leased') AND runs.ended IS NOT NULL
"""
"""Ended runs with questions, such as audits, that nobody has answered."""


def pause(tx: Transaction, change: Pause) -> PauseRow:
    """Let something rest; of what rests already, the first to pause it stays the one who did."""
    row = change.row
    tx.paused = None
    new = tx.execute("INSERT INTO pauses VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row).rowcount
    if new:
        _log(tx, "pause", row.at, row.by, {"kind": row.kind, "name": row.name, "why": row.why})
    return PauseRow._make(tx.execute(_ONE, (row.kind, row.name)).fetchone())


def resume(tx: Transaction, change: Resume) -> PauseRow | None:
    """Let it go on, its time limits moved on by as long as it rested."""
    found = tx.execute(_ONE, (change.kind, change.name)).fetchone()
    if found is None:
        return None
    row = PauseRow._make(found)
    tx.paused = None
    tx.execute("DELETE FROM pauses WHERE kind = ? AND name = ?", (change.kind, change.name))
    now = max(change.now, row.at)
    if row.kind == "workflow":
        tx.execute(_MOVE_DEADLINES, (now, row.at, row.at, row.name))
    else:
        rollups.unfold(tx, [key for (key,) in tx.execute(_OUTLIVED, (row.name,)).fetchall()])
        tx.execute(_MOVE_DUES, (now, row.at, row.at, now, row.at, row.at, row.name))
    told: dict[str, object] = {"kind": row.kind, "name": row.name, "paused_by": row.by, "seconds": now - row.at}
    _log(tx, "resume", now, change.by, told)
    return row


def _log(tx: Transaction, action: str, at: float, by: str | None, told: dict[str, object]) -> None:
    audit.append(tx, audit.LogEntry(0, at, by or "code", action, "", 0, json.dumps(told)))


def paused_workflows(tx: Transaction) -> frozenset[str]:
    """Return the names of the workflows that rest."""
    if tx.paused is None:
        tx.paused = frozenset(name for (name,) in tx.execute("SELECT name FROM pauses WHERE kind = 'workflow'"))
    return tx.paused


def must_not_rest(tx: Transaction, change: MoveReview) -> None:
    """Refuse to take, or to answer without having taken it, a question of a queue that rests."""
    if change.action not in {"take", "decide"} or not change.actor.startswith("person:"):
        return
    found = tx.execute(
        "SELECT pauses.name, pauses.by, pauses.why, lease_owner FROM reviews"
        " JOIN pauses ON pauses.kind = 'queue' AND pauses.name = reviews.queue WHERE reviews.id = ?",
        (change.id,),
    ).fetchone()
    if found is None:
        return
    queue, by, why, owner = found
    if change.action == "decide" and owner == change.actor.removeprefix("person:"):
        return  # whoever had it when the queue was paused may end what they began
    told = f"queue {queue!r} is paused by {(by or 'code').removeprefix('person:')}{f': {why}' if why else ''}"
    raise ReviewConflict(f"review item {change.id}: {told}; it can be taken once somebody says `handrail resume`")


class PauseRows(ABC):
    """The part of the store that knows what rests."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def pauses(self) -> list[PauseRow]:
        """Return what rests, workflows first, by name."""
        return [PauseRow._make(row) for row in self._rows(f"{_SELECT} ORDER BY kind DESC, name")]
