"""Whether a store is sealed, and what its own changes know of runs and items while values are sealed in them."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, TypeVar

from handrail_orchestrator.errors import SealBroken, StoreNotSealed
from handrail_orchestrator.store.rows import EventRow, StepRow
from handrail_orchestrator.store.sealing import SETTING, PutSealing
from handrail_orchestrator.store.sql.transaction import Transaction

R = TypeVar("R")
CopiedRow = TypeVar("CopiedRow", StepRow, EventRow)

STATE = f"SELECT value FROM settings WHERE name = '{SETTING}'"  # noqa: S608 -- a constant


class TransactionIds:
    """What runs and items are called, as the open transaction sees them."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def run(self, key: int) -> str:
        """Return the id of a run."""
        return str(self._tx.execute("SELECT id FROM runs WHERE key = ?", (key,)).fetchone()[0])

    def step_of(self, number: int) -> tuple[str, str]:
        """Return the id of an item's run, and the step that it is about."""
        sql = "SELECT runs.id, reviews.step FROM reviews JOIN runs ON runs.key = reviews.run WHERE reviews.id = ?"
        run, step = self._tx.execute(sql, (number,)).fetchone()
        return str(run), str(step)


def opened(tx: Transaction, row: R) -> R:
    """Return a row with its values opened."""
    return tx.sealing.opened(row, TransactionIds(tx))


def sealed(tx: Transaction, change: R) -> R:
    """Return what the store itself writes with its values sealed."""
    return tx.sealing.sealed(change, TransactionIds(tx))


def said(tx: Transaction, text: str | None) -> str | None:
    """Return JSON text with all that is sealed in it opened."""
    return text if text is None else tx.sealing.opened_text(text)


def is_same(tx: Transaction, recorded: str, given: str) -> bool:
    """Return whether two JSON texts say the same, sealed or not; one that was changed says nothing."""
    try:
        one, other = said(tx, recorded) or "", said(tx, given) or ""
    except SealBroken:
        return False
    return one.lstrip() == other.lstrip()  # earlier versions put no space before it


def make_own(tx: Transaction, run: int, *, of: int) -> None:
    """Seal what a run has copied from another as its own: a value that is another run's is refused where it stands."""
    if not tx.sealing.has_keys:
        return
    columns = ", ".join(StepRow._fields)
    for found in tx.execute(f"SELECT {columns} FROM steps WHERE run = ?", (run,)).fetchall():  # noqa: S608 -- our own column names
        copied = StepRow._make(found)
        own = _own(tx, copied._replace(run=of), run)
        if own != copied:
            values = (own.input, own.output, own.error, own.verdicts)
            sql = "UPDATE steps SET input = ?, output = ?, error = ?, verdicts = ? WHERE run = ? AND name = ?"
            tx.execute(sql, (*values, run, own.name))
    columns = ", ".join(EventRow._fields)
    for found in tx.execute(f"SELECT {columns} FROM events WHERE run = ?", (run,)).fetchall():  # noqa: S608 -- as above
        event = EventRow._make(found)
        sent = _own(tx, event._replace(run=of), run)
        if sent != event:
            sql = "UPDATE events SET payload = ? WHERE run = ? AND name = ? AND number = ?"
            tx.execute(sql, (sent.payload, run, event.name, event.number))


def _own(tx: Transaction, row: CopiedRow, run: int) -> CopiedRow:
    plain = opened(tx, row)
    moved = plain._replace(run=run)
    return moved if plain is row else sealed(tx, moved)


def put(tx: Transaction, change: PutSealing) -> str:
    """Say that the store is sealed, and by which keys, if it still says what it said; return what it says."""
    found = tx.execute(STATE).fetchone()
    state = None if found is None else str(found[0])
    if state != change.before:
        return state or ""
    if change.if_empty and tx.execute("SELECT 1 FROM runs LIMIT 1").fetchone() is not None:
        raise StoreNotSealed(
            tx.path,
            "this process has keys, and the store's values are not sealed: end its workers, seal it with"
            " `handrail keys rotate`, and give all of them the keys; or start this process without keys",
        )
    put_state(tx, change.after)
    return change.after


def put_state(tx: Transaction, state: str) -> None:
    """Keep what a sealed store says of itself."""
    tx.execute(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (SETTING, state),
    )


class SealingRows(ABC):
    """The part of the store that knows whether it is sealed."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def sealing(self) -> str | None:
        """Return what the store says of its keys; None: it is not sealed."""
        rows = self._rows(STATE)
        return str(rows[0][0]) if rows else None
