"""Keeping the traces of runs."""

from typing import TYPE_CHECKING

from handrail_orchestrator.store.traces import KeepTrace

if TYPE_CHECKING:
    from handrail_orchestrator.store.sqlite.transaction import Transaction


def keep(tx: "Transaction", change: KeepTrace) -> None:
    """Keep a run's trace, if the run is this worker's."""
    tx.execute("UPDATE runs SET trace = ? WHERE key = ? AND owner = ?", (change.trace, change.run, tx.worker))
