"""Child runs that their parent does not wait for."""

from typing import TYPE_CHECKING

from handrail_orchestrator.store.sql import noting, starting
from handrail_orchestrator.store.sql.transaction import Transaction

if TYPE_CHECKING:
    from handrail_orchestrator.store.running import StartDetached


def start(tx: Transaction, change: "StartDetached") -> None:
    """Start the child run, unless it has been started, and record where it is.

    Raises:
        RunConflict: its id is that of a run of another workflow or input.
    """
    started_by, priority = starting.of_parent(tx, change.row.run)
    started = starting.start(tx, change.child._replace(started_by=started_by, priority=priority))
    if started.new:
        tx.execute("UPDATE runs SET policy = ? WHERE key = ?", (change.policy, started.key))
    tx.execute(noting.NOTE, change.row)
