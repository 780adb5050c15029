"""What a store holds, how it is written and read; the stores themselves are loaded with the first address of theirs."""

from handrail_orchestrator.store.address import open_store
from handrail_orchestrator.store.port import (
    Claimed,
    Durability,
    HistoryRows,
    JudgedQuery,
    ReviewQuery,
    RunQuery,
    Store,
)

__all__ = [
    "Claimed",
    "Durability",
    "HistoryRows",
    "JudgedQuery",
    "ReviewQuery",
    "RunQuery",
    "Store",
    "open_store",
]
