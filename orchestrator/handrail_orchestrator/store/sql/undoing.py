"""Undoing what a run did before it failed or was cancelled: begun in the transaction that would have ended it."""

import json
from typing import TYPE_CHECKING

from handrail_orchestrator.errors import Fenced, WrongState
from handrail_orchestrator.store.rows import DUE
from handrail_orchestrator.store.sql import noting, outbox, rollups
from handrail_orchestrator.store.sql.transaction import Transaction

if TYPE_CHECKING:
    from handrail_orchestrator.store.running import PutAside, RegisterUndo

_BEGIN = f"""
UPDATE runs SET undoing = ?, error = ?, status = 'pending', owner = NULL, wake = {DUE}, cancel = 0, deadline = NULL
WHERE key = ? AND undoing IS NULL
"""  # noqa: S608 -- a constant
_TO_UNDO = "SELECT 1 FROM steps WHERE run = ? AND kind = 'undo' AND status = 'registered' LIMIT 1"
_NOT_FOR_CODE = "HistoryMismatch"
"""What makes a run fail because its code does not fit: nobody knows whether that code would undo the right things."""


def register(tx: Transaction, change: "RegisterUndo") -> None:
    """Record an undo action."""
    tx.execute(noting.NOTE, change.row)


def begin(tx: Transaction, key: int, status: str, error: str | None, now: float) -> str | None:
    """Let a run that is about to end undo what it did; return the status that it has now, None: it has nothing to undo.

    A run that failed because its code does not fit its history is set aside: put the code back and retry it.
    """
    if tx.execute(_TO_UNDO, (key,)).fetchone() is None:
        return None
    if json.loads(error or "{}").get("type") == _NOT_FOR_CODE:
        set_aside(tx, key, error or "{}", now)
        return "set_aside"
    begun = tx.execute(_BEGIN, (json.dumps({"status": status, "error": error}), error, key))
    return "pending" if begun.rowcount else None


def set_aside(tx: Transaction, key: int, error: str, now: float) -> None:
    """Put a run where people see it, and nothing of it happens until they say so."""
    tx.execute(
        "UPDATE runs SET status = 'set_aside', owner = NULL, wake = NULL, ended = ?, error = ? WHERE key = ?",
        (now, error, key),
    )
    outbox.run_failed(tx, key, error, now)


def must_be_mine(tx: Transaction, key: int) -> None:
    """Check that the worker that writes owns a run.

    Raises:
        Fenced: another does.
    """
    if tx.execute("SELECT 1 FROM runs WHERE key = ? AND owner = ?", (key, tx.worker)).fetchone() is None:
        raise Fenced(tx.path, f"run {key} belongs to another worker")


def cannot(tx: Transaction, change: "PutAside") -> None:
    """Set a run aside of which an action cannot be undone."""
    must_be_mine(tx, change.key)
    set_aside(tx, change.key, change.error, change.now)


def is_undoing(tx: Transaction, key: int) -> bool:
    """Return whether a run undoes what it did, or has."""
    found = tx.execute("SELECT undoing FROM runs WHERE key = ?", (key,)).fetchone()
    return found is not None and found[0] is not None


def retried(tx: Transaction, run_id: str, key: int, status: str) -> bool:
    """Go on with undoing, if that is what stopped a run; return whether it is.

    Raises:
        WrongState: it is undone: what it remembers does not stand any more.
    """
    if not is_undoing(tx, key):
        return False
    if status != "set_aside":
        undone = tx.execute(
            "SELECT name FROM steps WHERE run = ? AND kind = 'undo' AND status = 'done'", (key,)
        ).fetchall()
        names = ", ".join(name for (name,) in undone)
        raise WrongState(
            f"run {run_id!r} is undone ({names}): what it remembers having done does not stand any more, so it cannot"
            " go on from there. Start another, or fork it before what was undone:"
            f" handrail runs fork {run_id} --step ..."
        )
    rollups.unfold(tx, [key])
    again = "run = ? AND kind = 'undo' AND status = 'failed'"
    tx.execute(f"INSERT INTO archived_steps SELECT * FROM steps WHERE {again}", (key,))  # noqa: S608 -- a constant
    tx.execute(
        f"UPDATE steps SET status = 'registered', started = NULL, ended = NULL, error = NULL, due = NULL, attempt = 1"  # noqa: S608 -- a constant
        f" WHERE {again}",
        (key,),
    )
    tx.execute(
        "UPDATE runs SET status = 'pending', wake = ?, ended = NULL, crashes = 0, died_alone = 0, cancel = 0,"
        " error = json_extract(undoing, '$.error') WHERE key = ?",
        (DUE, key),
    )
    return True


def must_stand(tx: Transaction, run_id: str, key: int, before: int | None) -> None:
    """Refuse a fork that would rely on what was undone.

    Raises:
        WrongState: it would; the message says where to fork it.
    """
    found = tx.execute(
        "SELECT name FROM steps WHERE run = ? AND kind = 'undo' AND status IN ('done', 'started', 'failed')"
        " AND seq < ? ORDER BY seq LIMIT 1",
        (key, before or 0),
    ).fetchone()
    if found is not None:
        raise WrongState(
            f"run {run_id!r} has undone what stands before that step ({found[0]!r}): fork it before that was done, at"
            f" {found[0]!r} or earlier"
        )
