"""Waits of which the first decides: written together, withdrawn together, and no answer taken that came too late."""

import json
from typing import TYPE_CHECKING

from handrail_orchestrator.errors import ReviewConflict
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.rows import WITHDRAWN
from handrail_orchestrator.store.sql import audit, keyed, lifecycle, steps
from handrail_orchestrator.store.sql.transaction import Transaction

if TYPE_CHECKING:
    from handrail_orchestrator.store.running import DecideFirst, JoinBranches

_SIBLINGS = """
SELECT other.step, steps.kind, steps.status, steps.due, steps.input, runs.key,
    runs.status = 'waiting' AND (runs.wake IS NULL OR runs.wake > ?)
FROM reviews JOIN branches AS mine ON mine.run = reviews.run AND mine.step = reviews.step
JOIN branches AS other ON other.run = mine.run AND other.first = mine.first AND other.step != mine.step
JOIN steps ON steps.run = other.run AND steps.name = other.step JOIN runs ON runs.key = mine.run
WHERE reviews.id = ?
"""
_UNTAKEN = """
SELECT 1 FROM events WHERE run = ? AND name = ? AND number NOT IN (
    SELECT CAST(json_extract(input, '$.number') AS INTEGER) FROM steps
    WHERE run = ? AND kind = 'event' AND status = 'done'
    AND json_extract(input, '$.event') = ?
)
"""


def join(tx: Transaction, change: "JoinBranches") -> None:
    """Note which waits belong together."""
    for step in change.steps:
        joined = (change.run, step, change.first)
        tx.execute(
            "INSERT INTO branches (run, step, first) VALUES (?, ?, ?)"
            " ON CONFLICT (run, step) DO UPDATE SET first = excluded.first",
            joined,
        )


def decide(tx: Transaction, change: "DecideFirst") -> None:
    """Record what came first and withdraw the others."""
    steps.record(tx, c.RecordStep(change.row))
    run, now = change.row.run, change.row.ended or 0.0
    for step in change.others:
        withdrawn = tx.execute(
            "UPDATE steps SET status = 'withdrawn', ended = ?, decided_by = 'policy:first'"
            " WHERE run = ? AND name = ? AND status = 'waiting' RETURNING kind, owner",
            (now, run, step),
        ).fetchone()
        if withdrawn is not None and withdrawn[0] == "child":
            _leave_child(tx, run, step, withdrawn[1], change)
        keyed.give_back(tx, run, step)
        _close_question(tx, run, step, change)
    tx.execute("DELETE FROM branches WHERE run = ? AND first = ?", (run, change.row.name))


def _leave_child(tx: Transaction, run: int, step: str, child: str, change: "DecideFirst") -> None:
    """Cancel a child run that was started to be waited for here."""
    owned = tx.execute(
        "SELECT 1 FROM runs WHERE id = ? AND parent = ? AND parent_step = ? AND policy IS NULL", (child, run, step)
    ).fetchone()
    if owned is not None:
        lifecycle.cancel(tx, c.Cancel(child, change.row.ended or 0.0, f"its parent does not wait for it: {change.why}"))


def _close_question(tx: Transaction, run: int, step: str, change: "DecideFirst") -> None:
    """Close a question that nobody needs an answer to, and say why; of an answer, the log does."""
    now, data = change.row.ended or 0.0, json.dumps({"why": change.why}, ensure_ascii=False)
    closed = tx.execute(
        "UPDATE reviews SET state = 'cancelled', version = version + 1, lease_owner = NULL, lease_until = NULL,"
        " note = ? WHERE run = ? AND step = ? AND state IN ('open', 'leased', 'pending') RETURNING id, version",
        (WITHDRAWN + change.why, run, step),
    ).fetchone()
    if closed is not None:
        audit.append(tx, audit.LogEntry(closed[0], now, f"run:{run}", "cancel", "cancelled", closed[1], data))
        return
    late = tx.execute(
        "SELECT id, state, version FROM reviews WHERE run = ? AND step = ? AND state IN ('decided', 'expired')",
        (run, step),
    ).fetchone()
    if late is not None:
        audit.append(tx, audit.LogEntry(late[0], now, f"run:{run}", "withdraw", late[1], late[2], data))


def must_be_first(tx: Transaction, change: c.MoveReview) -> None:
    """Refuse a person's answer where something else came before it that the run goes on with.

    Raises:
        ReviewConflict: it did; the message says what.
    """
    for step, kind, status, due, asked, run, rests in tx.execute(_SIBLINGS, (change.now, change.id)).fetchall():
        came = status in {"done", "failed"} or (kind in {"timer", "event"} and due is not None and due <= change.now)
        if not came and kind == "event" and not rests:  # at rest, it has looked at what came, and none of it fitted
            name = json.loads(asked or "{}").get("event")
            came = tx.execute(_UNTAKEN, (run, name, run, name)).fetchone() is not None
        if came:
            raise ReviewConflict(
                f"review item {change.id} came second: {step!r} was over before, and the run goes on with that; this"
                " answer is not recorded, and the question is about to be withdrawn"
            )


def why_gone(tx: Transaction, item: int) -> str:
    """Return why an item is not at the version any more that somebody looked at."""
    found = tx.execute("SELECT note FROM reviews WHERE id = ? AND state = 'cancelled'", (item,)).fetchone()
    note = "" if found is None else found[0] or ""
    return note if note.startswith(WITHDRAWN) else "was changed by someone else in the meantime: look at it again"
