"""Writing what became of runs after their end, and numbers from before."""

from handrail_orchestrator.errors import UnknownRun, WrongState
from handrail_orchestrator.store.figures import BaselineRow, PutBaseline, RecordOutcome
from handrail_orchestrator.store.sql import rollups, sealing
from handrail_orchestrator.store.sql.transaction import Transaction

_STANDS = "SELECT id, value FROM outcomes WHERE run = ? AND name = ? AND superseded_by IS NULL"


def record(tx: Transaction, change: RecordOutcome) -> int:
    """Record an outcome of an ended run; the one that stood under its name is kept, and stands no more."""
    found = tx.execute("SELECT key, ended FROM runs WHERE id = ?", (change.run_id,)).fetchone()
    if found is None:
        raise UnknownRun(change.run_id)
    key, ended = found
    if ended is None:
        raise WrongState(
            f"run {change.run_id!r} has not ended: an outcome is what became of it afterwards; record it then"
        )
    before = tx.execute(_STANDS, (key, change.name)).fetchone()
    if before is not None and sealing.is_same(tx, before[1], change.value):
        return int(before[0])
    rollups.unfold(tx, [key])
    ((number,),) = tx.execute(
        "INSERT INTO outcomes (run, name, value, at, recorded, by) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (key, change.name, change.value, change.at, change.now, change.by),
    ).fetchall()
    if before is not None:
        tx.execute("UPDATE outcomes SET superseded_by = ? WHERE id = ?", (number, before[0]))
    return int(number)


def put_baseline(tx: Transaction, change: PutBaseline) -> None:
    """Keep numbers from before, in place of those that were kept."""
    tx.execute("DELETE FROM baseline")
    names = ", ".join(BaselineRow._fields)
    tx.executemany(
        f"INSERT INTO baseline ({names}, place) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- our own column names
        [(*row, place) for place, row in enumerate(change.rows)],
    )
