"""Writing and reading limits that hold across processes."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.store import sharing as s
from handrail_orchestrator.store.sql.transaction import Transaction

_LET_IN = """
UPDATE places SET has = 1 WHERE id IN (
    SELECT id FROM places WHERE name = ? AND key = ? AND has = 0 ORDER BY id
    LIMIT (
        SELECT CASE WHEN ? > count(*) THEN ? - count(*) ELSE 0 END FROM places WHERE name = ? AND key = ? AND has = 1
    )
) RETURNING id, worker, has
"""
"""Those who stand in line come first to last, whichever process they are in."""
_TAKE = """
INSERT INTO places (name, key, most, worker, has)
SELECT asked.name, asked.key, asked.most, asked.worker, CASE
    WHEN EXISTS (SELECT 1 FROM places WHERE places.name = asked.name AND places.key = asked.key AND has = 0) THEN 0
    WHEN (SELECT count(*) FROM places WHERE places.name = asked.name AND places.key = asked.key AND has = 1)
        < asked.most THEN 1
    ELSE 0 END
FROM (SELECT CAST(? AS TEXT) AS name, CAST(? AS TEXT) AS key, CAST(? AS INTEGER) AS most, CAST(? AS INTEGER) AS worker)
    AS asked
RETURNING id, has
"""
"""Where nobody stands in line, a free place is had at once: most bodies begin like that."""
_LEAVE = """
DELETE FROM places WHERE id = ? AND worker IS ? RETURNING name, key, most,
    EXISTS (
        SELECT 1 FROM places AS others
        WHERE others.name = places.name AND others.key = places.key AND others.has = 0
    )
"""
_OVER_SECONDS = 60.0


def take_place(tx: Transaction, change: s.TakePlace) -> s.PlaceRow:
    """Stand in line, and have a place at once where one is free."""
    ((number, has),) = tx.execute(_TAKE, (*change.of, change.most, tx.worker)).fetchall()
    if not has:  # other processes may have set another number before
        has = any(row.id == number for row in _let_in(tx, *change.of, change.most))
    return s.PlaceRow(number, tx.worker, bool(has))


def leave_place(tx: Transaction, change: s.LeavePlace) -> list[s.PlaceRow]:
    """Give a place back; one that was struck off has none to give."""
    gone = tx.execute(_LEAVE, (change.id, tx.worker)).fetchone()
    return [] if gone is None or not gone[-1] else _let_in(tx, *gone[:-1])


def take_turn(tx: Transaction, change: s.TakeTurn) -> float:
    """Take the first moment that is free; the next one is as long after it as the limit says."""
    found = tx.execute("SELECT free FROM turns WHERE name = ? AND key = ?", change.of).fetchone()
    step = 1.0 / change.per_second
    # a clock that was set back does not stop everybody for as long
    free = change.now if found is None or found[0] - change.now > _OVER_SECONDS + step else max(change.now, found[0])
    tx.execute(
        "INSERT INTO turns VALUES (?, ?, ?) ON CONFLICT (name, key) DO UPDATE SET free = excluded.free",
        (*change.of, free + step),
    )
    return float(free)


def give_back(tx: Transaction, worker: int | None, now: float | None = None) -> None:
    """Give back all places of a worker that is gone, and forget turns that are long over."""
    gone = tx.execute("DELETE FROM places WHERE worker = ? RETURNING name, key, most", (worker,)).fetchall()
    for each in dict.fromkeys(gone):
        _let_in(tx, *each)
    if now is not None:
        tx.execute("DELETE FROM turns WHERE free < ?", (now - _OVER_SECONDS,))


def _let_in(tx: Transaction, name: str, key: str, most: int) -> list[s.PlaceRow]:
    rows = tx.execute(_LET_IN, (name, key, most, most, name, key)).fetchall()
    return [s.PlaceRow(number, worker, bool(has)) for number, worker, has in rows]


class PlaceRows(ABC):
    """The part of the store that knows who has a place."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def places_of(self, worker: int) -> list[s.PlaceRow]:
        """Return the places of a worker, and where it stands in line, oldest first."""
        rows = self._rows("SELECT id, worker, has FROM places WHERE worker = ? ORDER BY id", (worker,))
        return [s.PlaceRow(number, owner, bool(has)) for number, owner, has in rows]
