"""The store in one SQLite file."""

from handrail_orchestrator.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
