"""Writing and reading what triggers did."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.errors import OrchestratorError
from handrail_orchestrator.store.fired import OVERLAP, PAUSED, Fired, FiredRow, NoteFired
from handrail_orchestrator.store.sql import files, starting
from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.store.starts import Fire

_SELECT = "SELECT source, key, run_id, at, state FROM fired WHERE source = ? AND key = ?"
_GOING_ON = """
SELECT runs.id FROM (SELECT run_id FROM fired WHERE source = ? ORDER BY at DESC LIMIT ?) AS latest
JOIN runs ON runs.id = latest.run_id WHERE runs.ended IS NULL LIMIT 1
"""
LOOKED_BACK = 100
"""So many of a trigger's last runs are looked at for one that goes on."""


def fire(tx: Transaction, change: Fire) -> Fired:
    """Keep files and start their run, both or neither, unless that was done for this key or must not be now."""
    held = _holds_back(tx, change)
    if held is not None:
        for file in change.files:
            if file.number is not None:
                files.abandon(tx, file.number)
        return held
    tx.execute("SAVEPOINT fire")
    try:
        for file in change.files:
            files.keep(tx, file)
        starting.start(tx, change.start)
        tx.execute(
            "INSERT INTO fired (source, key, run_id, at, state, actor, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                change.trigger, change.key, change.start.id, change.start.created, change.state, change.actor,
                change.reason,
            ),
        )  # fmt: skip
    except OrchestratorError:  # after any other error, of a full disk say, all is rolled back, and no savepoint is left
        tx.execute("ROLLBACK TO fire")
        tx.execute("RELEASE fire")
        raise
    tx.execute("RELEASE fire")
    return Fired(change.start.id, new=True, state="")


def _holds_back(tx: Transaction, change: Fire) -> Fired | None:
    """Return why nothing is started; None: nothing speaks against it."""
    found = tx.execute(_SELECT, (change.trigger, change.key)).fetchone()
    if found is not None:
        row = FiredRow._make(found)
        return Fired(row.run_id, new=False, state=row.state)
    if tx.execute("SELECT 1 FROM triggers WHERE name = ? AND paused IS NOT NULL", (change.trigger,)).fetchone():
        return Fired("", new=False, state=PAUSED)
    if change.alone and (going := tx.execute(_GOING_ON, (change.trigger, LOOKED_BACK)).fetchone()) is not None:
        return Fired(str(going[0]), new=False, state=OVERLAP)
    return None


def note(tx: Transaction, change: NoteFired) -> bool:
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
