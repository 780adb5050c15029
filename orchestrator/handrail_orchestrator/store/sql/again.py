"""Executing runs again: retry from what stopped them, fork from a step of theirs."""

import json

from handrail_orchestrator.errors import RunConflict, UnknownRun, WrongState
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.rows import APPROVE, AUDIT, DUE, StepRow
from handrail_orchestrator.store.sql import files, rollups, sealing, starting, undoing
from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.store.starts import Started, StartRun

# A failure that the workflow survived is history like any other result: what came after it depends on it.
_AGAIN = """
run = ? AND (
    status IN ('started', 'waiting') OR status = 'failed' AND name IN (SELECT value FROM json_each(?))
    OR status = 'failed' AND kind = 'child' AND json_extract(error, '$.message') = 'the run that started it has ended'
)
"""
"""The last: a child run that ended because its parent had, which older versions took for an answer to the parent."""
_USED_UP = f"""
run = ? AND kind = 'human' AND name IN (
    SELECT reviews.step FROM reviews WHERE reviews.run = steps.run AND reviews.kind = '{APPROVE}' AND NOT EXISTS (
        SELECT 1 FROM steps AS executed
        WHERE executed.run = reviews.run AND executed.name || '/approval' = reviews.step
    )
)
"""  # noqa: S608 -- a constant
"""Approvals of what is not recorded as executed: a yes is for one execution, whatever became of it."""


def retry(tx: Transaction, change: c.RetryRun) -> None:
    """Make an ended run due again from what stopped it, and the child runs that stopped it likewise."""
    found = tx.execute("SELECT key, status FROM runs WHERE id = ?", (change.run_id,)).fetchone()
    if found is None:
        raise UnknownRun(change.run_id)
    key, status = found
    must_be_remembered(tx, change.run_id)
    if status not in {"failed", "cancelled", "set_aside"}:
        raise WrongState(f"run {change.run_id!r} is {status}; only a failed, cancelled or set-aside run can be retried")
    if undoing.retried(tx, change.run_id, key, status):
        return
    again = [int(key)]
    while again:
        run = again.pop()
        _begin_anew(tx, run, change.now)
        children = tx.execute(
            "SELECT key FROM runs WHERE parent = ? AND undoing IS NULL"
            " AND status IN ('failed', 'cancelled', 'set_aside')"
            " AND parent_step NOT IN (SELECT name FROM steps WHERE run = ?)",
            (run, run),
        ).fetchall()
        again += [child for (child,) in children]


def must_be_remembered(tx: Transaction, run_id: str) -> None:
    """Refuse to execute a run again whose values were blanked.

    Raises:
        WrongState: they were.
    """
    if tx.execute("SELECT 1 FROM runs WHERE id = ? AND forgotten IS NOT NULL", (run_id,)).fetchone():
        raise WrongState(f"the values of run {run_id!r} were forgotten: it cannot be executed again")


def _begin_anew(tx: Transaction, key: int, now: float) -> None:
    """Archive what stopped a run and make it due."""
    rollups.unfold(tx, [key])
    (error,) = tx.execute("SELECT error FROM runs WHERE key = ?", (key,)).fetchone()
    again = (key, json.dumps(json.loads(error or "{}").get("steps", [])))
    tx.execute(f"INSERT INTO archived_steps SELECT * FROM steps WHERE {_AGAIN}", again)  # noqa: S608 -- a constant
    tx.execute(f"DELETE FROM steps WHERE {_AGAIN}", again)  # noqa: S608 -- a constant
    tx.execute(f"INSERT INTO archived_steps SELECT * FROM steps WHERE {_USED_UP}", (key,))  # noqa: S608 -- a constant
    tx.execute(f"DELETE FROM steps WHERE {_USED_UP}", (key,))  # noqa: S608 -- a constant
    tx.execute(
        "UPDATE reviews SET step = step || '!' || id WHERE run = ? AND kind != ? AND instr(step, '!') = 0"
        " AND (state != 'decided' OR kind = ? AND step NOT IN (SELECT name FROM steps WHERE run = ?))",
        (key, AUDIT, APPROVE, key),
    )
    tx.execute("DELETE FROM held WHERE run = ?", (key,))
    tx.execute(
        "UPDATE runs SET status = 'pending', wake = ?, crashes = 0, died_alone = 0, cancel = 0, ended = NULL,"
        # the whole time again, or it would fail at once
        " error = NULL, deadline = ? + (deadline - coalesce(round_began, created)) WHERE key = ?",
        (DUE, now, key),
    )


def fork(tx: Transaction, change: c.Fork) -> Started:
    """Copy a run's history before a step into a new run, which goes on from there."""
    source = tx.execute(
        "SELECT key, workflows.name, workflows.version, input, code, started_by, priority, trace FROM runs"
        " JOIN workflows ON workflows.id = runs.workflow WHERE runs.id = ?",
        (change.run_id,),
    ).fetchone()
    if source is None:
        raise UnknownRun(change.run_id)
    must_be_remembered(tx, change.run_id)
    key, name, version, recorded, code, started_by, priority, trace = source
    before = None
    if change.step is not None:
        found = tx.execute("SELECT seq FROM steps WHERE run = ? AND name = ?", (key, change.step)).fetchone()
        if change.step.startswith("["):
            raise WrongState(f"step {change.step!r} is one of an earlier round: only this one can be forked")
        if found is None:
            raise WrongState(
                f"run {change.run_id!r} has no step {change.step!r}: see `handrail runs show {change.run_id}`"
            )
        before = found[0]
        undoing.must_stand(tx, change.run_id, key, before)
    given = sealing.opened(tx, StartRun(change.run_id, name, version, recorded, code, change.now, priority=priority))
    start = sealing.sealed(tx, given._replace(id=change.new_id))
    # nobody gets around a question that is not for them by a fork of their own run
    started = starting.start(tx, start._replace(started_by=started_by or change.started_by, trace=trace))
    if not started.new:
        raise RunConflict(change.new_id, "exists with a history of its own")
    columns, literal = ", ".join(StepRow._fields[1:]), "'withdrawn'"
    tx.execute(
        f"INSERT INTO steps (run, {columns}) SELECT ?, {columns} FROM steps"  # noqa: S608 -- our own column names
        " WHERE run = ? AND status = 'done' AND seq < coalesce(?, 0) AND kind != 'undo'"
        " AND substr(name, 1, 1) != '['"
        " AND NOT (kind = 'human' AND coalesce(verdicts, '') LIKE '{%')",  # nobody has checked that answer yet
        (started.key, key, before),
    )
    tx.execute(  # what the source did, the source undoes
        f"INSERT INTO steps (run, {columns}) SELECT ?, {columns.replace('status', literal)} FROM steps"  # noqa: S608 -- as above
        " WHERE run = ? AND kind = 'undo' AND seq < coalesce(?, 0) AND substr(name, 1, 1) != '['",
        (started.key, key, before),
    )
    tx.execute(  # what the source was allowed to execute, it alone was
        "DELETE FROM steps WHERE run = ? AND kind = 'human' AND name IN (SELECT step FROM reviews WHERE run = ? AND"
        " kind = ? AND NOT EXISTS (SELECT 1 FROM steps AS copied WHERE copied.run = ? AND"
        " copied.name || '/approval' = reviews.step))",
        (started.key, key, APPROVE, started.key),
    )
    tx.execute(
        "INSERT INTO events SELECT ?, name, number, payload, sent, event_id FROM events WHERE run = ?",
        (started.key, key),
    )
    sealing.make_own(tx, started.key, of=key)
    tx.execute("INSERT INTO tags SELECT ?, name, value FROM tags WHERE run = ?", (started.key, key))
    files.hold_as(tx, key, started.key)
    tx.execute(
        "UPDATE runs SET signals = 1, copied_seq = (SELECT coalesce(max(seq), 0) FROM steps WHERE run = ?)"
        " WHERE key = ?",  # a signal, since events were copied
        (started.key, started.key),
    )
    return started
