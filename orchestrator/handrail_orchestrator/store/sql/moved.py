"""Where a store went, and where one came from: marks that outlive the move."""

import json
from typing import NamedTuple

from handrail_orchestrator.errors import StoreMoved
from handrail_orchestrator.store.sql.database import Database

_TO = "moved_to"
_FROM = "moved_from"
_SET = "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class Move(NamedTuple):
    """One move of all that a store held."""

    id: str
    """The same in both stores."""
    address: str
    """Of the other store, without a password."""
    at: float

    @property
    def refusal(self) -> str:
        """Return what is said to whoever would change the store that was left."""
        return f"all that it held was moved to {self.address}: use that address; nothing is recorded here any more"


def where_to(connection: Database) -> Move | None:
    """Return the move by which this store was left; None: it was not."""
    return _read(connection, _TO)


def where_from(connection: Database) -> Move | None:
    """Return the move by which this store got all it holds; None: it began empty."""
    return _read(connection, _FROM)


def must_not_have_moved(connection: Database, path: str) -> None:
    """Refuse to open a store for changes that was left.

    Raises:
        StoreMoved: it was.
    """
    move = where_to(connection)
    if move is not None:
        raise StoreMoved(path, move.refusal)


def note_from(connection: Database, move: Move) -> None:
    """Say in the new store where all of it comes from; nothing of an earlier move is said any more."""
    connection.execute("DELETE FROM settings WHERE name = ?", (_TO,))
    connection.execute(_SET, (_FROM, json.dumps(move)))


def note_to(connection: Database, move: Move) -> None:
    """Say in the old store where all of it went."""
    connection.execute(_SET, (_TO, json.dumps(move)))


def forget_to(connection: Database) -> None:
    """Take back that a store was left."""
    connection.execute("DELETE FROM settings WHERE name = ?", (_TO,))


def _read(connection: Database, name: str) -> Move | None:
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return None if row is None else Move(*json.loads(row[0]))
