"""Writing that a run starts: executed here at once, or due, each id once."""

from collections.abc import Sequence

from handrail_orchestrator.errors import RunConflict
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.files import may_name_files
from handrail_orchestrator.store.rows import DUE
from handrail_orchestrator.store.sql import files, pauses, sealing
from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.store.starts import Started, StartRun

_START = """
INSERT INTO runs (id, workflow, status, wake, created, deadline, parent, parent_step, code, input, started_by,
    priority, trace)
VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""
_START_HERE = """
INSERT INTO runs (id, workflow, status, owner, claim, created, started, code, input)
VALUES (?, ?, 'running', ?, 1, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""
_NO_MORE = (None, None, 0, None)


def start(tx: Transaction, change: StartRun) -> Started:
    """Make a run, or find the one that was started with the same id, workflow and input."""
    rests = change.execute and change.workflow in pauses.paused_workflows(tx)
    if _is_executed(tx, change) and not rests:
        (key,) = tx.insert_each(_START_HERE, [_values_here(tx, change)])
        if key is not None and _more(change) != _NO_MORE:
            tx.execute(
                "UPDATE runs SET deadline = ?, started_by = ?, priority = ?, trace = ? WHERE key = ?",
                (*_more(change), key),
            )
    else:
        values = (
            change.id, tx.workflow_ids.get(change.workflow, change.version), change.at or DUE, change.created,
            change.deadline, change.parent, change.parent_step, change.code, change.input, change.started_by,
            change.priority, change.trace,
        )  # fmt: skip
        (key,) = tx.insert_each(_START, [values])
    return _existing(tx, change) if key is None else _made(tx, change, key, rests=rests)


def starts_here(tx: Transaction, change: StartRun) -> bool:
    """Return whether a run is executed at once by whoever starts it, and nothing more is known of it."""
    is_plain = _is_executed(tx, change) and _more(change) == _NO_MORE
    return is_plain and change.workflow not in pauses.paused_workflows(tx)


def start_each(tx: Transaction, changes: Sequence[StartRun]) -> list[Started | RunConflict]:
    """Make runs that are executed here; one whose id is there already is found, or refused, by itself."""
    values = [_values_here(tx, each) for each in changes]
    started: list[Started | RunConflict] = []
    for change, key in zip(changes, tx.insert_each(_START_HERE, values), strict=True):
        try:
            started.append(_existing(tx, change) if key is None else _made(tx, change, key))
        except RunConflict as conflict:
            started.append(conflict)
    return started


def start_many(tx: Transaction, change: c.StartMany) -> list[Started]:
    """Make several runs, all or none."""
    tx.execute("SAVEPOINT start_many")
    try:
        started = [start(tx, run) for run in change.runs]
    except RunConflict:  # after any other error, of a full disk say, all is rolled back, and no savepoint is left
        tx.execute("ROLLBACK TO start_many")
        tx.execute("RELEASE start_many")
        raise
    tx.execute("RELEASE start_many")
    return started


def of_parent(tx: Transaction, key: int) -> tuple[str | None, int]:
    """Return who started a run and how urgent it is: its child runs are theirs, and as urgent."""
    started_by, priority = tx.execute("SELECT started_by, priority FROM runs WHERE key = ?", (key,)).fetchone()
    return None if started_by is None else str(started_by), int(priority)


def _is_executed(tx: Transaction, change: StartRun) -> bool:
    """Return whether the worker that writes executes it; one that was struck off owns nothing to take over from it."""
    return change.execute and tx.worker is not None and tx.alive


def _values_here(tx: Transaction, change: StartRun) -> tuple[object, ...]:
    workflow = tx.workflow_ids.get(change.workflow, change.version)
    return change.id, workflow, tx.worker, change.created, change.created, change.code, change.input


def _more(change: StartRun) -> tuple[object, ...]:
    return change.deadline, change.started_by, change.priority, change.trace


def _made(tx: Transaction, change: StartRun, key: int, *, rests: bool = False) -> Started:
    if may_name_files(change.input):
        files.hold(tx, key, change.input)
    return Started(key, new=True, rests=rests)


def _existing(tx: Transaction, change: StartRun) -> Started:
    key, name, recorded = tx.execute(
        "SELECT key, workflows.name, coalesce(first_input, input) FROM runs"
        " JOIN workflows ON workflows.id = runs.workflow WHERE runs.id = ?",
        (change.id,),
    ).fetchone()
    if name != change.workflow:
        raise RunConflict(change.id, f"exists with workflow {name!r}, not {change.workflow!r}")
    if not sealing.is_same(tx, recorded, change.input):
        raise RunConflict(change.id, "exists with another input")
    return Started(int(key), new=False)
