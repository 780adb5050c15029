"""Writing and reading changes of many runs: each batch, and how far it has come, in one transaction."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, assert_never

from handrail_orchestrator.errors import Misuse, OrchestratorError
from handrail_orchestrator.store.changes import Cancel, Fork, RetryRun
from handrail_orchestrator.store.control import BulkBatch, BulkRow
from handrail_orchestrator.store.sql import again, audit, lifecycle
from handrail_orchestrator.store.sql.transaction import Transaction

_SELECT = f"SELECT {', '.join(BulkRow._fields)} FROM bulks WHERE id = ?"  # noqa: S608 -- our own column names


def change_many(tx: Transaction, change: BulkBatch) -> BulkRow:
    """Change some runs, count what was refused and why, and note where to go on."""
    found = tx.execute(_SELECT, (change.id,)).fetchone()
    if found is None:
        row = BulkRow(change.id, change.action, change.told, change.by, change.now, "", 0, "{}", None)
        _log(tx, change, "begin", {"runs": json.loads(change.told)})
    else:
        row = BulkRow._make(found)
    if (row.action, row.told) != (change.action, change.told):
        raise Misuse(f"bulk change {change.id!r} was begun with another action or filter: give it another id")
    if row.ended is not None or (change.after is not None and change.after != row.place):
        return row  # somebody else has gone on with it
    done, refused = row.done, json.loads(row.refused)
    for run_id in change.runs:
        why = _refusal(tx, change, run_id)
        if why is None:
            done += 1
        else:
            refused[why] = refused.get(why, 0) + 1
    ended = None if change.place else change.now
    row = row._replace(place=change.place, done=done, refused=json.dumps(refused), ended=ended)
    tx.execute(
        "INSERT INTO bulks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET place = excluded.place,"
        " done = excluded.done, refused = excluded.refused, ended = excluded.ended",
        row,
    )
    if ended is not None:
        _log(tx, change, "end", {"done": done, "refused": refused})
    return row


def _refusal(tx: Transaction, change: BulkBatch, run_id: str) -> str | None:
    """Do it to one run; return why not, where it was refused."""
    try:
        match change.action:
            case "retry":
                again.retry(tx, RetryRun(run_id, change.now))
            case "cancel":
                by = (change.by or "code").removeprefix("person:")
                status = lifecycle.cancel(tx, Cancel(run_id, change.now, f"cancelled with others by {by}"))
                return None if status in {"cancelled", "running"} else f"it is {status}"
            case "fork":
                again.fork(tx, Fork(run_id, change.step, f"{run_id}-{change.id}", change.now, change.by))
            case _:
                assert_never(change.action)
    except OrchestratorError as error:
        return str(error).replace(repr(run_id), "it").replace(run_id, "it")
    return None


def _log(tx: Transaction, change: BulkBatch, moment: str, told: dict[str, object]) -> None:
    data = json.dumps({"bulk": change.id, "action": change.action, "moment": moment, **told})
    audit.append(tx, audit.LogEntry(0, change.now, change.by or "code", "bulk", "", 0, data))


class BulkRows(ABC):
    """The part of the store that knows changes of many runs."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def bulk(self, name: str) -> BulkRow | None:
        """Return a change of many runs, and how far it has come."""
        rows = self._rows(_SELECT, (name,))
        return BulkRow._make(rows[0]) if rows else None
