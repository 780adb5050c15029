"""Writing step records, waits and audits."""

import json
from collections.abc import Sequence
from typing import Any

from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.shown import question_of
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.files import may_name_files
from handrail_orchestrator.store.recorded import RecordResult
from handrail_orchestrator.store.rows import QUESTION, StepRow
from handrail_orchestrator.store.sql import audit, files, lifecycle, noting, outbox, promises, sealing
from handrail_orchestrator.store.sql.transaction import Transaction

_PLAIN = StepRow._fields.index("owner")
"""A plain result fills the columns before this one ..."""
_OWNED = StepRow._fields.index("due")
"""... and with an owner or a decider those before this one."""
_OUTPUT = StepRow._fields.index("output")
_NO_OWNER = (None,) * (len(StepRow._fields) - _PLAIN)
_NO_DUE = (None,) * (len(StepRow._fields) - _OWNED)


def _record(*names: str) -> str:
    """Return the statement that records these columns of a row, once."""
    noted = ("due", "error")  # of a try before this one
    updates = ", ".join(f"{name} = excluded.{name}" for name in {*names, *noted} - {"run", "name", "seq"})
    return (
        f"INSERT INTO steps ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 -- our own column names
        f" ON CONFLICT (run, name) DO UPDATE SET {updates} WHERE steps.status IN ('started', 'waiting', 'registered')"
    )


# sqlite3 looks an adapter up for every None it binds: leaving nine of them out halves the time of a row.
_RECORD_PLAIN = _record(*StepRow._fields[:_PLAIN])
_RECORD_DECIDED = _record(*StepRow._fields[:_PLAIN], "decided_by")
_RECORD_OWNED = _record(*StepRow._fields[:_OWNED])
_RECORD_ALL = _record(*StepRow._fields)

_ASKED = tuple(name for name in c.AskedItem._fields if name != "schema")


def record(tx: Transaction, change: c.RecordStep) -> None:
    """Record a result with its audit, if it has one; a second result for the same step is refused."""
    row = change.row
    if tx.execute(*_recording(change)).rowcount != 1:
        raise _recorded_before(tx, row.run, row.name)
    files.hold(tx, row.run, row.output)
    if change.audit is not None:
        ask(tx, change.audit)
    for case in change.cases:
        promises.record_case(tx, row.run, row.seq, case)


def record_result(tx: Transaction, change: RecordResult) -> None:
    """Record a result that is a value alone; a second result for the same step is refused."""
    if tx.execute(*_recording(change)).rowcount != 1:
        raise _recorded_before(tx, change.run, change.name)
    files.hold(tx, change.run, change.output)


def record_each(tx: Transaction, changes: Sequence[c.RecordStep | RecordResult]) -> list[Fenced | None]:
    """Record results of as many runs and nothing beside them; return for each why it is refused, if it is."""
    alike: dict[str, tuple[list[int], list[tuple[Any, ...]]]] = {}
    for at, change in enumerate(changes):
        statement, row = _recording(change)
        if (same := alike.get(statement)) is None:
            same = alike[statement] = ([], [])
        same[0].append(at)
        same[1].append(row)
    replies: list[Fenced | None] = [None] * len(changes)
    for statement, (places, rows) in alike.items():
        for at, written, count in zip(places, rows, tx.execute_each(statement, rows), strict=True):
            run, name, output = written[0], written[1], written[_OUTPUT]
            if count != 1:
                replies[at] = _recorded_before(tx, run, name)
            elif may_name_files(output):
                files.hold(tx, run, output)
    return replies


def _recorded_before(tx: Transaction, run: int, name: str) -> Fenced:
    return Fenced(tx.path, f"run {run} has a recorded result for step {name!r}; a second one is refused")


def _recording(change: c.RecordStep | RecordResult) -> tuple[str, tuple[object, ...]]:
    """Return the statement that records a result, and its values."""
    if isinstance(change, RecordResult):
        if change.owner is not None:
            return _RECORD_OWNED, change[:_OWNED]
        if change.decided_by is not None:
            return _RECORD_DECIDED, (*change[:_PLAIN], change.decided_by)
        return _RECORD_PLAIN, change[:_PLAIN]
    row = change.row
    values: tuple[object, ...] = row
    if row[_PLAIN:] == _NO_OWNER:
        statement, values = _RECORD_PLAIN, row[:_PLAIN]
    elif row[_OWNED:] != _NO_DUE:
        statement = _RECORD_ALL
    elif row.owner is None:
        statement, values = _RECORD_DECIDED, (*row[:_PLAIN], row.decided_by)
    else:
        statement, values = _RECORD_OWNED, row[:_OWNED]
    return statement, values


def ask_again(tx: Transaction, change: c.AskAgain) -> bool:
    """Put a question to people once more; one that is there already is left as it is."""
    item = change.item
    known = tx.execute("SELECT id FROM reviews WHERE run = ? AND step = ?", (item.run, item.step)).fetchone()
    number = ask(tx, item) if known is None else int(known[0])
    if change.is_third:  # also where another part of the promise has asked
        tx.execute("UPDATE promise_cases SET third = ? WHERE id = ? AND third IS NULL", (number, change.case))
    return known is None


def note_started(tx: Transaction, change: c.NoteStarted) -> None:
    """Note that a step has begun, unless more is known already."""
    if tx.execute(noting.NOTE, change.row).rowcount != 1:
        row = change.row
        tx.execute(
            "UPDATE steps SET attempt = ?, started = ?, due = ?, error = coalesce(?, error), status = 'started'"
            " WHERE run = ? AND name = ? AND status IN ('started', 'registered')",
            (row.attempt, row.started, row.due, row.error, row.run, row.name),
        )


def open_wait(tx: Transaction, change: c.OpenWait) -> None:
    """Record a wait with its question or its child run; one that is there already is left as it is."""
    if tx.execute(noting.NOTE, change.row).rowcount != 1:
        return
    if change.review is not None:
        ask(tx, change.review)
    if change.child is not None:
        lifecycle.start_child(tx, change.child, change.row)


def reopen_wait(tx: Transaction, change: c.ReopenWait) -> None:
    """Archive what a wait took and let it wait again."""
    at = (change.row.run, change.row.name)
    tx.execute("INSERT INTO archived_steps SELECT * FROM steps WHERE run = ? AND name = ?", at)
    tx.execute("DELETE FROM steps WHERE run = ? AND name = ?", at)
    tx.execute(noting.NOTE, change.row)


def ask(tx: Transaction, item: c.AskedItem) -> int:
    """Put a question to people; return its number."""
    tx.execute("INSERT INTO schemas (body) VALUES (?) ON CONFLICT DO NOTHING", (item.schema,))
    values = {name: getattr(item, name) for name in _ASKED} | {"state": "open", "version": 1}
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    ((number,),) = tx.execute(
        f"INSERT INTO reviews ({names}, schema) VALUES ({marks}, (SELECT id FROM schemas WHERE body = ?)) RETURNING id",  # noqa: S608 -- our own column names
        (*values.values(), item.schema),
    ).fetchall()
    data = json.dumps(
        {"code": item.code, "shown": item.digest, QUESTION: question_of(sealing.opened(tx, item)).digest()}
    )
    audit.append(tx, audit.LogEntry(number, item.created, f"run:{item.run}", "ask", "open", 1, data))
    outbox.item_asked(tx, int(number), item)
    return int(number)
