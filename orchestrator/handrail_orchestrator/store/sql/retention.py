"""How long runs of a workflow are kept after their end, as its code declared it."""

import json
from typing import TYPE_CHECKING

from handrail_orchestrator.store.sql.runs import Rows
from handrail_orchestrator.store.sql.transaction import Transaction

if TYPE_CHECKING:
    from handrail_orchestrator.store.kept_settings import DeclareRetention

_PREFIX = "keep:"
"""What the names of these settings begin with; the workflow's name follows."""


def declare(tx: Transaction, change: "DeclareRetention") -> None:
    """Keep what a workflow's code declares, or that it declares nothing any more."""
    name = f"{_PREFIX}{change.workflow}"
    tx.execute("DELETE FROM settings WHERE name = ?", (name,))
    if change.seconds is not None:
        tx.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (name, json.dumps(change.seconds)))


def declared(rows: Rows) -> dict[str, float]:
    """Return in seconds how long runs are kept, by workflow."""
    found = rows("SELECT name, value FROM settings WHERE name >= ? AND name < ?", (_PREFIX, "keep;"))
    return {name.removeprefix(_PREFIX): float(json.loads(value)) for name, value in found}
