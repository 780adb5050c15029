"""The audit log: one row for each change of a review item, never changed or deleted."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from handrail_orchestrator.store.rows import ReviewState
    from handrail_orchestrator.store.sqlite.transaction import Transaction


class LogEntry(NamedTuple):
    """A change of an item."""

    review: int
    at: float
    actor: str
    action: str
    state: "ReviewState"
    """The state it came to."""
    version: int
    data: str | None = None
    """JSON text."""


def append(tx: "Transaction", entry: LogEntry) -> None:
    """Append a change to the log."""
    tx.execute(
        "INSERT INTO review_log (review, at, actor, action, state, version, data) VALUES (?, ?, ?, ?, ?, ?, ?)", entry
    )
