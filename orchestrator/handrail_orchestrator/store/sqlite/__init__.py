"""The store in one SQLite file."""

from handrail_orchestrator.store.sqlite.connection import Durability
from handrail_orchestrator.store.sqlite.store import SqliteStore

__all__ = ["Durability", "SqliteStore"]
