"""Writing and reading what triggers did."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.errors import OrchestratorError
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.fired import Fired, FiredRow, NoteFired
from handrail_orchestrator.store.sqlite import files, lifecycle

if TYPE_CHECKING:
    from handrail_orchestrator.store.sqlite.transaction import Transaction

_SELECT = "SELECT source, key, run_id, at, state FROM fired WHERE source = ? AND key = ?"


def fire(tx: "Transaction", change: c.Fire) -> Fired:
    """Keep a file and start its run, both or neither, unless that was done for this key."""
    found = tx.execute(_SELECT, (change.trigger, change.key)).fetchone()
    if found is not None:
        row = FiredRow._make(found)
        if change.file is not None and change.file.number is not None:
            files.abandon(tx, change.file.number)
        return Fired(row.run_id, new=False, state=row.state)
    tx.execute("SAVEPOINT fire")
    try:
        if change.file is not None:
            files.keep(tx, change.file)
        lifecycle.start(tx, change.start)
        fired = (change.trigger, change.key, change.start.id, change.start.created, change.state)
        tx.execute("INSERT INTO fired (source, key, run_id, at, state) VALUES (?, ?, ?, ?, ?)", fired)
    except OrchestratorError:
        tx.execute("ROLLBACK TO fire")
        raise
    finally:
        tx.execute("RELEASE fire")
    return Fired(change.start.id, new=True, state="")


def note(tx: "Transaction", change: NoteFired) -> bool:
    """Note how far a trigger is with a key."""
    noted = tx.execute(
        "UPDATE fired SET state = ? WHERE source = ? AND key = ? AND state != ?",
        (change.state, change.trigger, change.key, change.state),
    )
    return bool(noted.rowcount)


class FiredRows(ABC):
    """The part of the store that remembers what triggers did."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def fired(self, trigger: str, key: str) -> FiredRow | None:
        """Return what a trigger did with a key; None: nothing yet."""
        rows = self._rows(_SELECT, (trigger, key))
        return FiredRow._make(rows[0]) if rows else None
