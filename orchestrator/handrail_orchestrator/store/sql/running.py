"""Writing what runs say of themselves."""

from typing import TYPE_CHECKING

from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.sql import steps
from handrail_orchestrator.store.sql.transaction import Transaction

if TYPE_CHECKING:
    from handrail_orchestrator.store.running import PutProgress, PutTags


def put_tags(tx: Transaction, change: "PutTags") -> None:
    """Record the call, and what the run is found by."""
    steps.record(tx, c.RecordStep(change.row))
    for name, value in change.tags.items():
        tx.execute(
            "INSERT INTO tags (run, name, value) VALUES (?, ?, ?)"
            " ON CONFLICT (run, name) DO UPDATE SET value = excluded.value",
            (change.row.run, name, value),
        )


def put_progress(tx: Transaction, change: "PutProgress") -> None:
    """Record the call, and what the run says now."""
    steps.record(tx, c.RecordStep(change.row))
    tx.execute("UPDATE runs SET progress = ? WHERE key = ?", (change.text, change.row.run))
