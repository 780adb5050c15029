"""Writing and reading a person's views of lists."""

from typing import TYPE_CHECKING

from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.store.sql.transaction import Transaction

if TYPE_CHECKING:
    from handrail_orchestrator.store.kept_settings import PutView

MOST_VIEWS = 50
"""Of one person."""

OF_PERSON = "SELECT name, query FROM views WHERE person = ? ORDER BY name"


def put(tx: Transaction, change: "PutView") -> None:
    """Keep a view, or drop it."""
    if not change.query:
        tx.execute("DELETE FROM views WHERE person = ? AND name = ?", (change.person, change.name))
        return
    sql = "SELECT count(*) FROM views WHERE person = ? AND name != ?"
    (count,) = tx.execute(sql, (change.person, change.name)).fetchone()
    if count >= MOST_VIEWS:
        raise ReviewError(f"{MOST_VIEWS} views are kept at most: drop one first")
    tx.execute(
        "INSERT INTO views (person, name, query) VALUES (?, ?, ?)"
        " ON CONFLICT (person, name) DO UPDATE SET query = excluded.query",
        change,
    )
