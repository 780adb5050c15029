"""What a store holds, how it is written and read, and the store in SQLite."""

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
from handrail_orchestrator.store.sqlite import SqliteStore

__all__ = [
    "Claimed",
    "Durability",
    "HistoryRows",
    "JudgedQuery",
    "ReviewQuery",
    "RunQuery",
    "SqliteStore",
    "Store",
    "open_store",
]
