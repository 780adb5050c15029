"""Keeping the traces of runs."""

from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.store.traces import KeepTrace


def keep(tx: Transaction, change: KeepTrace) -> None:
    """Keep a run's trace, if the run is this worker's."""
    tx.execute("UPDATE runs SET trace = ? WHERE key = ? AND owner = ?", (change.trace, change.run, tx.worker))
