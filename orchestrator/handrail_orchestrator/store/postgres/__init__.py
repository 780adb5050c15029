"""The store in a PostgreSQL database."""

from handrail_orchestrator.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
