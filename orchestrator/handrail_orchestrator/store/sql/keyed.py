"""Events by key: each to one run that waits for its name and key, kept for the next one while none does."""

from typing import Any

from handrail_orchestrator.asked import keyed_name
from handrail_orchestrator.store.rows import DUE
from handrail_orchestrator.store.running import OpenKeyedWait, SendTo, Sent
from handrail_orchestrator.store.sql import files, noting
from handrail_orchestrator.store.sql.transaction import Transaction

_WAITING = """
SELECT keyed_waits.run, keyed_waits.step FROM keyed_waits
JOIN steps ON steps.run = keyed_waits.run AND steps.name = keyed_waits.step AND steps.status = 'waiting'
JOIN runs ON runs.key = keyed_waits.run AND runs.ended IS NULL AND runs.undoing IS NULL
WHERE keyed_waits.name = ? AND keyed_waits.key = ? AND keyed_waits.event IS NULL
ORDER BY since, keyed_waits.run LIMIT 1
"""
_WAKE = """
UPDATE runs SET signals = signals + 1, wake = CASE WHEN status = 'waiting' THEN ? ELSE wake END WHERE key = ?
"""


def send(tx: Transaction, change: SendTo) -> Sent:
    """Keep an event, once by its id, and give it to the run that has waited longest."""
    known = None
    if change.event_id is not None:
        known = tx.execute(
            "SELECT (SELECT id FROM runs WHERE runs.key = run) FROM keyed_events WHERE name = ? AND key = ?"
            " AND event_id = ?",
            (change.name, change.key, change.event_id),
        ).fetchone()
    if known is not None:
        return Sent(new=False, run_id=known[0])
    ((number,),) = tx.execute(
        "INSERT INTO keyed_events (name, key, payload, sent, event_id) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (change.name, change.key, change.payload, change.now, change.event_id),
    ).fetchall()
    event = (int(number), change.name, change.key, change.payload, change.now)
    waiting = tx.execute(_WAITING, (change.name, change.key)).fetchone()
    if waiting is None:
        return Sent(new=True, run_id=None)
    _deliver(tx, event, *waiting)
    (run_id,) = tx.execute("SELECT id FROM runs WHERE key = ?", (waiting[0],)).fetchone()
    return Sent(new=True, run_id=run_id)


def open_wait(tx: Transaction, change: OpenKeyedWait) -> None:
    """Record a wait, or that what it was given did not fit, and give it the oldest event that nobody has."""
    tx.execute(noting.NOTE, change.row)
    run, step = change.row.run, change.row.name
    tx.execute(
        "INSERT INTO keyed_waits (run, step, name, key, since) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (run, step) DO UPDATE SET event = NULL",
        (run, step, change.name, change.key, change.row.queued),
    )
    kept = tx.execute(
        "SELECT id, name, key, payload, sent FROM keyed_events WHERE name = ? AND key = ? AND run IS NULL ORDER BY id"
        " LIMIT 1",
        (change.name, change.key),
    ).fetchone()
    if kept is not None:
        _deliver(tx, kept, run, step)


def _deliver(tx: Transaction, event: Any, run: int, step: str) -> None:
    number, name, key, payload, sent = event
    own = keyed_name(name, key)
    tx.execute(
        "INSERT INTO events (run, name, number, payload, sent, event_id) VALUES"
        " (?, ?, (SELECT coalesce(max(number), 0) + 1 FROM events WHERE run = ? AND name = ?), ?, ?, ?)",
        (run, own, run, own, payload, sent, f"key:{number}"),
    )
    tx.execute("UPDATE keyed_events SET run = ? WHERE id = ?", (run, number))
    tx.execute("UPDATE keyed_waits SET event = ? WHERE run = ? AND step = ?", (number, run, step))
    files.hold(tx, run, payload)
    tx.execute(_WAKE, (DUE, run))


def give_back(tx: Transaction, run: int, step: str | None = None) -> None:
    """Take events from a run, or from one wait of it, that it was given and has not taken: the next run has them."""
    waits = tx.execute(
        "SELECT step, event FROM keyed_waits WHERE run = ? AND (? IS NULL OR step = ?)", (run, step, step)
    ).fetchall()
    for own_step, event in waits:
        tx.execute("DELETE FROM keyed_waits WHERE run = ? AND step = ?", (run, own_step))
        taken = tx.execute(
            "SELECT 1 FROM steps WHERE run = ? AND name = ? AND status = 'done'", (run, own_step)
        ).fetchone()
        if event is None or taken is not None:
            continue
        tx.execute("DELETE FROM events WHERE run = ? AND event_id = ?", (run, f"key:{event}"))
        tx.execute("UPDATE keyed_events SET run = NULL WHERE id = ?", (event,))
        kept = tx.execute("SELECT id, name, key, payload, sent FROM keyed_events WHERE id = ?", (event,)).fetchone()
        waiting = tx.execute(_WAITING, (kept[1], kept[2])).fetchone()
        if waiting is not None:
            _deliver(tx, kept, *waiting)
