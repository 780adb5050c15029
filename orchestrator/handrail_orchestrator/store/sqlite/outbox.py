"""Writing what people are told, in the transaction of its cause."""

import json
from typing import TYPE_CHECKING

from handrail_orchestrator.store.outbox import DeclareNotices, Notice, Tell

if TYPE_CHECKING:
    from handrail_orchestrator.store.sqlite.transaction import Transaction

_DECLARED = "SELECT value FROM settings WHERE name = 'notices'"


def declare(tx: "Transaction", change: DeclareNotices) -> None:
    """Keep what is to be told in this store."""
    tx.execute("INSERT OR REPLACE INTO settings (name, value) VALUES ('notices', ?)", (json.dumps(change),))


def declared(tx: "Transaction") -> DeclareNotices | None:
    """Return what is to be told in this store; None: nothing."""
    found = tx.execute(_DECLARED).fetchone()
    return None if found is None else DeclareNotices(*json.loads(found[0]))


def tell(tx: "Transaction", notice: Notice) -> bool:
    """Put a notice into the outbox, if anybody wants to know; for effects that cause one, and for ``Tell``."""
    wanted = declared(tx)
    if wanted is None or (notice.kind not in wanted.kinds and notice.kind != "test"):
        return False
    put = tx.execute(
        "INSERT INTO notices (kind, key, title, at, body, queue, run, item, state) VALUES"
        " (?, ?, ?, ?, ?, ?, ?, ?, 'new') ON CONFLICT (key) DO NOTHING",
        notice,
    )
    return bool(put.rowcount)


def told(tx: "Transaction", change: Tell) -> bool:
    """Tell something that no other change causes."""
    return tell(tx, change.notice)
