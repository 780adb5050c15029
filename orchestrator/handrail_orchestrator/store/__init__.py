"""What a store holds, how it is written and read, and the store in SQLite."""

from handrail_orchestrator.store.address import open_store
from handrail_orchestrator.store.port import Claimed, Durability, HistoryRows, JudgedQuery, ReviewQuery, Store
from handrail_orchestrator.store.sqlite import SqliteStore

__all__ = ["Claimed", "Durability", "HistoryRows", "JudgedQuery", "ReviewQuery", "SqliteStore", "Store", "open_store"]
