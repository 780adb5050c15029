"""Who executes which run: workers, their fence, claims and take-overs."""

import json
from typing import TYPE_CHECKING, Any

from orchestrator.errors import Fenced
from orchestrator.store import changes as c
from orchestrator.store.port import Claimed
from orchestrator.store.rows import ClaimedRun

if TYPE_CHECKING:
    from orchestrator.store.sqlite.transaction import Transaction

SUSPECT = 2
"""Crashes without progress after which a run is executed one at a time with others like it."""

_RECORDED = "(SELECT count(*) FROM steps WHERE steps.run = runs.key AND steps.status IN ('done', 'failed'))"

_CLAIM = f"""
UPDATE runs SET status = 'running', owner = ?, wake = NULL, started = coalesce(started, ?), claimed_steps = {_RECORDED}
WHERE key IN (
    SELECT key FROM runs WHERE workflow = ? AND wake <= ? AND crashes BETWEEN ? AND ?
    AND key NOT IN (SELECT value FROM json_each(?)) ORDER BY wake, key LIMIT ?
)
RETURNING key, id, input, signals, created, deadline, cancel, crashes, code, parent,
    signals > 0 OR EXISTS (SELECT 1 FROM steps WHERE steps.run = runs.key), copied_seq
"""  # noqa: S608 -- no value is put into the text

_BLAME = f"""
UPDATE runs SET crashes = CASE WHEN {_RECORDED} > claimed_steps THEN 1 ELSE crashes + 1 END WHERE owner = ?
"""  # noqa: S608 -- as above


def claim(tx: "Transaction", change: c.Claim) -> Claimed:
    """Own due runs, oldest first, and say when the next is due."""
    claimed: list[ClaimedRun] = []
    for name, version in change.versions:
        workflow = tx.workflow_ids.get(name, version)
        lanes = [(0, SUSPECT - 1, change.most - len(claimed))]
        if change.suspects and not any(run.crashes >= SUSPECT for run in claimed):
            lanes.append((SUSPECT, 1 << 30, 1))
        for least, most, limit in lanes:
            if limit > 0:
                parameters = (tx.worker, change.now, workflow, change.now, least, most, json.dumps(change.but), limit)
                rows = tx.execute(_CLAIM, parameters).fetchall()
                claimed += [_claimed(row, name, version) for row in rows]
    suspects = change.suspects and not any(run.crashes >= SUSPECT for run in claimed)
    return Claimed(claimed, _next_wake(tx, change, 1 << 30 if suspects else SUSPECT - 1))


def _claimed(row: tuple[Any, ...], workflow: str, version: int) -> ClaimedRun:
    key, run_id, value, signals, created, deadline, cancel, *more = row
    return ClaimedRun(key, run_id, workflow, version, value, signals, created, deadline, bool(cancel), *more)


def _next_wake(tx: "Transaction", change: c.Claim, crashes: int) -> float | None:
    wakes = [
        tx.execute(
            "SELECT wake FROM runs WHERE workflow = ? AND wake IS NOT NULL AND crashes <= ?"
            " AND key NOT IN (SELECT value FROM json_each(?)) ORDER BY wake LIMIT 1",
            (tx.workflow_ids.get(name, version), crashes, json.dumps(change.but)),
        ).fetchone()
        for name, version in change.versions
    ]
    return min((row[0] for row in wakes if row), default=None)


def register(tx: "Transaction", change: c.Register) -> int:
    """Sign a worker on."""
    row = tx.execute(
        "INSERT INTO workers (pid, host, beat, bell, lock, started) VALUES (?, ?, 0, ?, ?, ?) RETURNING id",
        (change.pid, change.host, change.bell, change.lock, change.now),
    ).fetchone()
    return int(row[0])


def beat(tx: "Transaction", _change: c.Beat) -> None:
    """Show that the worker lives."""
    tx.execute("UPDATE workers SET beat = beat + 1 WHERE id = ?", (tx.worker,))


def release(tx: "Transaction", change: c.Release) -> None:
    """Give back every run of the worker, without blaming them, and sign it off."""
    tx.execute("UPDATE runs SET owner = NULL, status = 'pending', wake = ? WHERE owner = ?", (change.now, tx.worker))
    tx.execute("DELETE FROM workers WHERE id = ?", (tx.worker,))


def hand_back(tx: "Transaction", change: c.HandBack) -> None:
    """Make one run of this worker due again."""
    tx.execute(
        "UPDATE runs SET owner = NULL, status = 'pending', wake = ? WHERE key = ? AND owner = ?",
        (change.wake, change.key, tx.worker),
    )


def take_over(tx: "Transaction", change: c.TakeOver) -> int | None:
    """Strike off a dead worker, make its runs due, and set aside those that were there too often."""
    if tx.worker is not None and not tx.execute("SELECT 1 FROM workers WHERE id = ?", (tx.worker,)).fetchone():
        raise Fenced(tx.path, "this worker's lease ended; it may not take over others' runs")
    struck = tx.execute("DELETE FROM workers WHERE id = ? AND beat = ?", (change.worker, change.beat))
    if struck.rowcount != 1:
        return None
    tx.execute(_BLAME, (change.worker,))
    tx.execute(
        "UPDATE runs SET owner = NULL, status = 'set_aside', ended = ?, error = ? WHERE owner = ? AND crashes >= ?",
        (change.now, _poison(change.crash_limit), change.worker, change.crash_limit),
    )
    return tx.execute(
        "UPDATE runs SET owner = NULL, status = 'pending', wake = ? WHERE owner = ?", (change.now, change.worker)
    ).rowcount


def _poison(crashes: int) -> str:
    message = f"its process died {crashes} times while executing it, without any progress between"
    return json.dumps({"type": "SetAside", "message": message})
