"""Writing what happens to a run until its end, and to its children and questions."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from handrail_orchestrator.errors import Fenced, RunConflict, UnknownRun, WrongState
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.rows import AUDIT, DUE, StepRow
from handrail_orchestrator.store.sql import audit, files, keyed, outbox, rollups, starting, undoing
from handrail_orchestrator.store.sql.database import NUMBERS
from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.store.starts import StartRun

if TYPE_CHECKING:
    from handrail_orchestrator.store.kept_settings import Remember
    from handrail_orchestrator.store.running import FinishUndo

RUNNING = ("tags", "branches", "keyed_waits", "keyed_events", "rung")
"""Tables of what runs say of themselves and wait for; each has a column ``run``."""

_END = """
UPDATE runs SET status = ?, owner = NULL, wake = NULL, output = ?, error = ?, ended = ?
WHERE key = ? AND owner = ? RETURNING parent, parent_step
"""
_COMPLETE = """
UPDATE runs SET status = 'completed', owner = NULL, wake = NULL, output = ?, ended = ?
WHERE key = ? AND owner = ? RETURNING parent, parent_step
"""
_COMPLETE_ALONE = _COMPLETE.replace("RETURNING parent, parent_step", "AND parent IS NULL")
"""The same for a run whose end nobody is told."""
_SETTLE_PARENT = """
UPDATE steps SET status = ?, output = ?, error = ?, ended = ?
WHERE run = ? AND name = ? AND status IN ('waiting', 'started') AND (SELECT ended FROM runs WHERE key = run) IS NULL
"""
"""A run that has ended waits for nothing: when it is retried, it asks for its child again."""
_SETTLE_OTHERS = """
UPDATE steps SET status = ?, output = ?, error = ?, ended = ?
WHERE kind = 'child' AND status = 'waiting' AND owner = (SELECT id FROM runs WHERE key = ?)
AND (SELECT ended FROM runs WHERE key = run) IS NULL RETURNING run
"""
"""A run has one parent, whose end is its end, and any number of other runs may wait for it by its id."""
_WAITS_FOR = """
WITH RECURSIVE awaited(id) AS (
    SELECT id FROM runs WHERE id = ? UNION
    SELECT steps.owner FROM awaited JOIN runs ON runs.id = awaited.id JOIN steps ON steps.run = runs.key
    WHERE steps.kind = 'child' AND steps.status = 'waiting'
)
SELECT 1 FROM awaited JOIN runs ON runs.id = awaited.id WHERE runs.key = ?
"""
"""Whether a run waits for another, directly or through its children."""
_FOLLOWS = "parent = ? AND ended IS NULL AND undoing IS NULL AND policy IS NOT 'leave'"
"""Child runs that end with the run that started them."""
_ORPHANED = json.dumps({"type": "RunCancelled", "message": "the run that started it has ended"})
_WAKE = """
UPDATE runs SET signals = signals + 1, wake = CASE WHEN status = 'waiting' THEN ? ELSE wake END WHERE key = ?
"""


def start_child(tx: Transaction, child: StartRun, wait: StepRow) -> None:
    """Make a child run; one that has ended already, or cannot be made, settles the wait at once."""
    try:
        started_by, priority = starting.of_parent(tx, wait.run)
        started = starting.start(tx, child._replace(started_by=started_by, priority=priority))
        if not started.new:
            _require_no_ring(tx, child.id, wait.run)
    except RunConflict as conflict:
        error = json.dumps({"type": "RunConflict", "message": str(conflict)})
        tx.execute(_SETTLE_PARENT, ("failed", None, error, child.created, wait.run, wait.name))
        wake(tx, wait.run)
        return
    if started.new:
        return
    # Written to be looked at: it may be about to end, and its end must see who waits for it, or be seen here.
    status, output, error, ended = tx.execute(
        "UPDATE runs SET signals = signals WHERE key = ? RETURNING status, output, error, ended", (started.key,)
    ).fetchone()
    if status in {"completed", "failed", "cancelled"}:
        outcome = "done" if status == "completed" else "failed"
        tx.execute(_SETTLE_PARENT, (outcome, output, error, ended, wait.run, wait.name))
        wake(tx, wait.run)
    else:
        tx.execute(
            "UPDATE runs SET parent = ?, parent_step = ? WHERE key = ? AND parent IS NULL",
            (wait.run, wait.name, started.key),
        )


def _require_no_ring(tx: Transaction, child: str, waiting: int) -> None:
    if tx.execute(_WAITS_FOR, (child, waiting)).fetchone():
        raise RunConflict(child, "exists with a wait for the run that asks for it, so that neither would ever end")


def wake(tx: Transaction, key: int) -> None:
    """Make a waiting run due, and tell one that is being executed that something came."""
    tx.execute(_WAKE, (DUE, key))


def suspend(tx: Transaction, change: c.Suspend) -> float | None:
    """Let go of a run and return when it is due."""
    row = tx.execute(
        "UPDATE runs SET status = 'waiting', owner = NULL, crashes = 0, died_alone = 0,"
        " wake = CASE WHEN signals = ? AND cancel = 0 THEN ? ELSE ? END WHERE key = ? AND owner = ? RETURNING wake",
        (change.signals, change.wake, DUE, change.key, tx.worker),
    ).fetchone()
    if row is None:
        raise Fenced(tx.path, f"run {change.key} belongs to another worker")
    return None if row[0] is None else float(row[0])


def end(tx: Transaction, change: c.EndRun) -> None:
    """End a run, cancel what it leaves open, and tell its parent."""
    if change.status in {"failed", "cancelled"} and _stopped(tx, change):
        return
    if change.status == "completed":
        row = tx.execute(_COMPLETE, (change.output, change.ended, change.key, tx.worker)).fetchone()
    else:
        ended = (change.status, change.output, change.error, change.ended, change.key, tx.worker)
        row = tx.execute(_END, ended).fetchone()
    if row is None:
        raise Fenced(tx.path, f"run {change.key} belongs to another worker")
    _leave_nothing_open(tx, change, row)
    if change.status == "failed":
        outbox.run_failed(tx, change.key, change.error, change.ended)


def is_plain_end(change: c.EndRun) -> bool:
    """Return whether an end leaves nothing open: of others it concerns a parent alone."""
    return change.status == "completed" and not change.has_dependants


def end_each(tx: Transaction, changes: Sequence[c.EndRun]) -> list[Fenced | None]:
    """End runs that leave nothing open; return for each why it is refused, if it is."""
    values = [(each.output, each.ended, each.key, tx.worker) for each in changes]
    replies: list[Fenced | None] = []
    for change, count in zip(changes, tx.execute_each(_COMPLETE_ALONE, values), strict=True):
        replies.append(None)
        if not count:  # a child run, or another worker's
            try:
                end(tx, change)
            except Fenced as fenced:
                replies[-1] = fenced
    return replies


def _stopped(tx: Transaction, change: c.EndRun) -> bool:
    """Let a run that is about to end without a result undo what it did first; return whether it does."""
    undoing.must_be_mine(tx, change.key)
    if undoing.is_undoing(tx, change.key):  # what was to undo it has failed in a way that nobody foresaw
        undoing.set_aside(tx, change.key, change.error or "{}", change.ended)
        return True
    begun = undoing.begin(tx, change.key, change.status, change.error, change.ended)
    if begun == "pending":
        _close_all(tx, change.key, change.ended)
    return begun is not None


def finish_undo(tx: Transaction, change: "FinishUndo") -> None:
    """End a run whose actions are undone, and tell who waits for it."""
    row = tx.execute(
        "UPDATE runs SET status = json_extract(undoing, '$.status'), error = json_extract(undoing, '$.error'),"
        " owner = NULL, wake = NULL, ended = ? WHERE key = ? AND owner = ?"
        " RETURNING parent, parent_step, status, error",
        (change.now, change.key, tx.worker),
    ).fetchone()
    if row is None:
        raise Fenced(tx.path, f"run {change.key} belongs to another worker")
    parent, parent_step, status, error = row
    _leave_nothing_open(tx, c.EndRun(change.key, status, None, error, change.now), (parent, parent_step))
    if status == "failed":
        outbox.run_failed(tx, change.key, error, change.now)


def _leave_nothing_open(tx: Transaction, change: c.EndRun, parent: tuple[int | None, str | None]) -> None:
    if change.has_dependants:
        _close_all(tx, change.key, change.ended)
    if parent[0] is not None:
        outcome = "done" if change.status == "completed" else "failed"
        settled = (outcome, change.output, change.error, change.ended, parent[0], parent[1])
        tx.execute(_SETTLE_PARENT, settled)
        wake(tx, parent[0])
    if parent[0] is not None or change.status != "completed":  # a batch has no parent, and answers whom it can itself
        _tell_others(tx, change)


def _tell_others(tx: Transaction, change: c.EndRun) -> None:
    """Hand what a run came to to all that wait for it beside its parent."""
    outcome = "done" if change.status == "completed" else "failed"
    told = (outcome, change.output, change.error, change.ended, change.key)
    for (waiting,) in tx.execute(_SETTLE_OTHERS, told).fetchall():
        wake(tx, waiting)


def _close_all(tx: Transaction, key: int, now: float) -> None:
    """Cancel the open questions of a run that has ended, its child runs, theirs, and so on, however deep."""
    ended = [key]
    while ended:
        run = ended.pop()
        _close_reviews(tx, run, now)
        keyed.give_back(tx, run)
        tx.execute(
            f"UPDATE runs SET cancel = 1, signals = signals + 1"  # noqa: S608 -- a constant
            f" WHERE {_FOLLOWS} AND owner IS NOT NULL",
            (run,),
        )
        idle = tx.execute(f"SELECT key FROM runs WHERE {_FOLLOWS} AND owner IS NULL", (run,)).fetchall()  # noqa: S608 -- a constant
        for (child,) in idle:
            ended.append(child)
            if undoing.begin(tx, child, "cancelled", _ORPHANED, now) is not None:
                continue
            tx.execute(
                "UPDATE runs SET status = 'cancelled', wake = NULL, ended = ?, error = ? WHERE key = ?",
                (now, _ORPHANED, child),
            )
            _tell_others(tx, c.EndRun(child, "cancelled", None, _ORPHANED, now))


def _close_reviews(tx: Transaction, key: int, now: float) -> None:
    """Cancel the open questions of a run that has ended; an audit asks about a value, not for the run."""
    closed = tx.execute(
        "UPDATE reviews SET state = 'cancelled', version = version + 1, lease_owner = NULL, lease_until = NULL"
        " WHERE run = ? AND state IN ('open', 'leased', 'pending') AND kind != ? RETURNING id, version",
        (key, AUDIT),
    ).fetchall()
    for item, version in closed:
        audit.append(tx, audit.LogEntry(item, now, f"run:{key}", "cancel", "cancelled", version))


def send(tx: Transaction, change: c.Send) -> bool:
    """Store an event for a run, once by its id, and wake the run."""
    found = tx.execute("SELECT key, ended FROM runs WHERE id = ?", (change.run_id,)).fetchone()
    if found is None:
        raise UnknownRun(change.run_id)
    key, ended = found
    if ended is not None:
        raise WrongState(f"run {change.run_id!r} has ended; an event cannot reach it any more")
    new = tx.execute(
        "INSERT INTO events (run, name, number, payload, sent, event_id) VALUES"
        " (?, ?, (SELECT coalesce(max(number), 0) + 1 FROM events WHERE run = ? AND name = ?), ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (key, change.name, key, change.name, change.payload, change.now, change.event_id),
    ).rowcount
    if new:
        files.hold(tx, key, change.payload)
        wake(tx, key)
    return bool(new)


def cancel(tx: Transaction, change: c.Cancel) -> str:
    """Cancel a run, or tell the worker that executes it to stop it."""
    found = tx.execute(
        "SELECT key, status, owner, parent, parent_step FROM runs WHERE id = ?", (change.run_id,)
    ).fetchone()
    if found is None:
        raise UnknownRun(change.run_id)
    key, status, owner, *parent = found
    if status in {"completed", "failed", "cancelled"}:
        return str(status)
    if undoing.is_undoing(tx, key):
        if status == "set_aside":
            raise WrongState(
                f"run {change.run_id!r} is cancelled or has failed already, and one of its actions could not be undone:"
                " retry it, or say what became of that action: handrail runs set-result"
            )
        return "running"
    if owner is not None:
        tx.execute("UPDATE runs SET cancel = 1, signals = signals + 1 WHERE key = ?", (key,))
        return "running"
    rollups.unfold(tx, [key])  # one that was set aside has ended before
    error = json.dumps({"type": "RunCancelled", "message": change.reason})
    if undoing.begin(tx, key, "cancelled", error, change.now) is not None:
        tx.execute("UPDATE runs SET ended = NULL WHERE key = ?", (key,))  # it may have been set aside
        _close_all(tx, key, change.now)
        return "running"
    tx.execute(
        "UPDATE runs SET status = 'cancelled', wake = NULL, ended = ?, error = ? WHERE key = ?",
        (change.now, error, key),
    )
    _leave_nothing_open(tx, c.EndRun(key, "cancelled", None, error, change.now), (parent[0], parent[1]))
    return "cancelled"


def prune(tx: Transaction, change: c.Prune) -> int:
    """Delete runs that ended before a time; the newest run stays, so that no key is ever used twice."""
    if change.workflow is None:  # nobody has waited for them in all that time
        tx.execute("DELETE FROM keyed_events WHERE run IS NULL AND sent < ?", (change.ended_before,))
    marks = ", ".join("?" * len(change.statuses))
    keys = [
        row[0]
        for row in tx.execute(
            # by the index, so that runs which are alive are not read again for every batch
            "SELECT key FROM runs INDEXED BY runs_status"  # noqa: S608
            " WHERE workflow IN (SELECT id FROM workflows WHERE ? IS NULL OR name = ?)"
            f" AND ended < ? AND status IN ({marks})"
            " AND key < (SELECT max(key) FROM runs)"
            " AND NOT EXISTS (SELECT 1 FROM runs AS up WHERE up.key = runs.parent AND up.ended IS NULL) LIMIT ?",
            (change.workflow, change.workflow, change.ended_before, *change.statuses, change.most),
        ).fetchall()
    ]
    if not keys:
        return 0
    rollups.unfold(tx, keys, forever=True)
    chosen = json.dumps(keys)
    these = NUMBERS
    logged = audit.take_out(tx, keys, change.now)
    tx.execute(f"DELETE FROM links WHERE item IN (SELECT id FROM reviews WHERE run IN {these})", (chosen,))  # noqa: S608 -- a constant
    tables = ("steps", "archived_steps", "events", "held", "reviews", "notices", "outcomes", *RUNNING, "challenges")
    for table in tables:
        tx.execute(f"DELETE FROM {table} WHERE run IN {these}", (chosen,))  # noqa: S608 -- our own table names
    files.let_go(tx, chosen, change.now)
    tx.execute(f"DELETE FROM runs WHERE key IN {these}", (chosen,))  # noqa: S608 -- a constant
    data = {"runs": len(keys), "rows": logged, "ended_before": change.ended_before, "workflow": change.workflow}
    audit.append(tx, audit.LogEntry(0, change.now, change.actor, "prune", "", 0, json.dumps(data)))
    return len(keys)


def remember(tx: Transaction, change: "Remember") -> None:
    """Remember where a workflow's code is found."""
    tx.execute(
        "INSERT INTO targets (workflow, target) VALUES (?, ?)"
        " ON CONFLICT (workflow) DO UPDATE SET target = excluded.target",
        change,
    )
