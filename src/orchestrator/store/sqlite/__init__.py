"""The store in one SQLite file."""

from orchestrator.store.sqlite.connection import Durability
from orchestrator.store.sqlite.store import SqliteStore

__all__ = ["Durability", "SqliteStore"]
