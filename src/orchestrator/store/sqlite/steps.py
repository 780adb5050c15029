"""Writing step records and waits."""

import json
from typing import TYPE_CHECKING

from orchestrator.errors import Fenced
from orchestrator.store import changes as c
from orchestrator.store.rows import ReviewRow, StepRow
from orchestrator.store.sqlite import lifecycle

if TYPE_CHECKING:
    from orchestrator.store.sqlite.transaction import Transaction

_COLUMNS = ", ".join(StepRow._fields)
_MARKS = ", ".join("?" * len(StepRow._fields))
_UPDATES = ", ".join(f"{name} = excluded.{name}" for name in StepRow._fields if name not in {"run", "name", "seq"})

RECORD = (
    f"INSERT INTO steps ({_COLUMNS}) VALUES ({_MARKS}) ON CONFLICT (run, name) DO UPDATE SET {_UPDATES}"  # noqa: S608 -- our own column names
    " WHERE steps.status IN ('started', 'waiting')"
)
NOTE = f"INSERT OR IGNORE INTO steps ({_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608 -- as above


def record(tx: "Transaction", change: c.RecordStep) -> None:
    """Record a result; a second one for the same step is refused."""
    if tx.execute(RECORD, change.row).rowcount != 1:
        row = change.row
        raise Fenced(tx.path, f"run {row.run} has a recorded result for step {row.name!r}; a second one is refused")


def note_started(tx: "Transaction", change: c.NoteStarted) -> None:
    """Note that a step has begun, unless more is known already."""
    if tx.execute(NOTE, change.row).rowcount != 1:
        row = change.row
        tx.execute(
            "UPDATE steps SET attempt = ?, started = ? WHERE run = ? AND name = ? AND status = 'started'",
            (row.attempt, row.started, row.run, row.name),
        )


def open_wait(tx: "Transaction", change: c.OpenWait) -> None:
    """Record a wait with its question or its child run; one that is there already is left as it is."""
    if tx.execute(NOTE, change.row).rowcount != 1:
        return
    if change.review is not None:
        _ask(tx, change.review)
    if change.child is not None:
        lifecycle.start_child(tx, change.child, change.row)


def _ask(tx: "Transaction", item: ReviewRow) -> None:
    tx.execute("INSERT OR IGNORE INTO schemas (body) VALUES (?)", (item.schema,))
    values = item._replace(schema="")._asdict()
    for derived in ("id", "run_id", "workflow", "schema"):
        del values[derived]
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    row = tx.execute(
        f"INSERT INTO reviews ({names}, schema) VALUES ({marks}, (SELECT id FROM schemas WHERE body = ?)) RETURNING id",  # noqa: S608 -- our own column names
        (*values.values(), item.schema),
    ).fetchone()
    tx.execute(
        "INSERT INTO review_log (review, at, actor, action, state, version, data) VALUES (?, ?, ?, 'ask', ?, ?, ?)",
        (row[0], item.created, f"run:{item.run}", item.state, item.version, json.dumps({"code": item.code})),
    )
