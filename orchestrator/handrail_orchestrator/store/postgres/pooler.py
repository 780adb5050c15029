"""Poolers between us and the server: one that gives a session to whoever has a transaction is refused.

Workers listen, hold locks that say that they live, and note their last transaction by their connection: all of that
belongs to a session. A pooler that takes it away after each transaction loses it, without an error that says so.
"""

from typing import TYPE_CHECKING, Any

from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store.postgres.connection import close, connect

if TYPE_CHECKING:
    import psycopg

ROUNDS = 10
"""A busy pooler gives a connection the session that it had before about every second time."""
_WHO = "SELECT pg_backend_pid(), pg_postmaster_start_time()"


def must_be_a_session(connection: "psycopg.Connection[Any]", address: str, path: str) -> None:
    """Check that a connection keeps its session for as long as it is open.

    Raises:
        StoreError: a pooler lends it one for a transaction.
    """
    before = _who(connection)
    if before[0] == connection.info.backend_pid:
        return  # nobody stands between
    other = connect(address)
    try:
        is_lent = any(_who(other) == before or _who(connection) != before for _ in range(ROUNDS))
    finally:
        close(other)
    if is_lent:
        raise StoreError(
            path,
            "a pooler at this address lends the server's sessions for a transaction each (PgBouncer: pool_mode ="
            " transaction), and would lose locks and rings: give the server's own address, or one of pool_mode ="
            " session",
        )


def _who(connection: "psycopg.Connection[Any]") -> tuple[Any, ...]:
    return tuple(connection.execute(_WHO, prepare=False).fetchone() or ())
