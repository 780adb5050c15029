"""Putting a person's word in place of a step that failed."""

import json
from typing import TYPE_CHECKING

from handrail_orchestrator.errors import UnknownRun, WrongState
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.sql import again, audit, files, rollups, undoing
from handrail_orchestrator.store.sql.transaction import Transaction

if TYPE_CHECKING:
    from handrail_orchestrator.store.running import SetResult

_SETTABLE = ("rule", "action", "child", "undo")


def put(tx: Transaction, change: "SetResult") -> None:
    """Record the result with who said so, keep the failure, and let the run go on."""
    found = tx.execute("SELECT key, status, error FROM runs WHERE id = ?", (change.run_id,)).fetchone()
    if found is None:
        raise UnknownRun(change.run_id)
    key, status, error = found
    again.must_be_remembered(tx, change.run_id)  # before anything is written: a refusal leaves nothing behind
    _must_stop_it(tx, change, key, status, error)
    rollups.unfold(tx, [key])
    at = (key, change.step)
    tx.execute("INSERT INTO archived_steps SELECT * FROM steps WHERE run = ? AND name = ?", at)
    tx.execute(
        "UPDATE steps SET status = 'done', output = ?, ended = ?, decided_by = ?, source = 'person', error = NULL,"
        " due = NULL WHERE run = ? AND name = ?",
        (change.output, change.now, change.actor, *at),
    )
    files.hold(tx, key, change.output)
    said = {"run": change.run_id, "step": change.step, "note": change.note}
    audit.append(tx, audit.LogEntry(0, change.now, change.actor, "set_result", "", 0, json.dumps(said)))
    again.retry(tx, c.RetryRun(change.run_id, change.now))


def _must_stop_it(tx: Transaction, change: "SetResult", key: int, status: str, error: str | None) -> None:
    """Check that this step is what keeps the run from going on.

    Raises:
        WrongState: it is not.
    """
    run = f"run {change.run_id!r}"
    if status not in {"failed", "cancelled", "set_aside"}:
        raise WrongState(f"{run} is {status}; a result is set where a run has failed or was set aside")
    row = tx.execute("SELECT kind, status FROM steps WHERE run = ? AND name = ?", (key, change.step)).fetchone()
    if row is None:
        raise WrongState(f"{run} has no step {change.step!r}: see `handrail runs show {change.run_id}`")
    kind, state = row
    if kind not in _SETTABLE:
        raise WrongState(
            f"step {change.step!r} is of kind {kind}: a result is set for rules, actions, child runs and undo actions;"
            " retry or fork the run instead"
        )
    stopped = json.loads(error or "{}").get("steps", [])
    is_undo = kind == "undo" and status == "set_aside" and undoing.is_undoing(tx, key)
    if state == "started" or (state == "failed" and (is_undo or change.step in stopped)):
        if kind == "undo" or not undoing.is_undoing(tx, key):
            return
        raise WrongState(f"{run} is undone: it does not go on from {change.step!r} any more")
    raise WrongState(f"step {change.step!r} of {run} is {state}, and not what stopped it: its record stays")
