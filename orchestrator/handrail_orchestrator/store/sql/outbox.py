"""Writing what people are told, in the transaction of its cause."""

import json
from typing import NamedTuple

from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.outbox import DeclareNotices, Notice, NoticeKind, Tell
from handrail_orchestrator.store.rows import AUDIT, ReviewRow
from handrail_orchestrator.store.sql.transaction import Transaction

_DECLARED = "SELECT value FROM settings WHERE name = 'notices'"


def declare(tx: Transaction, change: DeclareNotices) -> None:
    """Keep what is to be told in this store."""
    tx.execute(
        "INSERT INTO settings (name, value) VALUES ('notices', ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (json.dumps(change),),
    )


def declared(tx: Transaction) -> DeclareNotices | None:
    """Return what is to be told in this store; None: nothing."""
    found = tx.execute(_DECLARED).fetchone()
    return None if found is None else DeclareNotices(*json.loads(found[0]))


def tell(tx: Transaction, notice: Notice) -> bool:
    """Put a notice into the outbox, if anybody wants to know; for effects that cause one, and for ``Tell``."""
    wanted = declared(tx)
    return wanted is not None and (notice.kind in wanted.kinds or notice.kind == "test") and _put(tx, notice)


def told(tx: Transaction, change: Tell) -> bool:
    """Tell something that no other change causes."""
    return tell(tx, change.notice)


def _put(tx: Transaction, notice: Notice) -> bool:
    put = tx.execute(
        "INSERT INTO notices (kind, key, title, at, body, queue, run, item, state) VALUES"
        " (?, ?, ?, ?, ?, ?, ?, ?, 'new') ON CONFLICT (key) DO NOTHING",
        notice,
    )
    return bool(put.rowcount)


class Asked(NamedTuple):
    """What is told of an item: where it is, and its title."""

    number: int
    run: int
    queue: str
    title: str


def item_asked(tx: Transaction, number: int, item: c.AskedItem) -> None:
    """Tell of a new item that is urgent, and later, should it still wait, that it is at risk."""
    wanted = declared(tx)
    if wanted is None or item.kind == AUDIT:
        return
    asked = Asked(number, item.run, item.queue, item.title)
    if item.priority >= wanted.urgent_from and "urgent" in wanted.kinds:
        _put(tx, _of(asked, "urgent", f"urgent:{number}", item.created))
    if item.due is not None and "at_risk" in wanted.kinds:
        at = item.created + wanted.at_risk_share * (item.due - item.created)
        _put(tx, _of(asked, "at_risk", f"at_risk:{number}", at))


def item_moved(tx: Transaction, change: c.MoveReview, row: ReviewRow) -> None:
    """Tell what a move of an item means to others than who made it."""
    asked = Asked(row.id, row.run, row.queue, row.title)
    match change.action:
        case "remind":
            tell(tx, _of(asked, "reminder", f"late:{row.id}:{row.late_step}", change.now))
        case "raise_priority":
            tell(tx, _of(asked, "urgent", f"urgent:{row.id}:{row.late_step}", change.now))
        case "escalate" | "reassign" | "send_up":
            tell(tx, _of(asked, "escalation", f"up:{row.id}:{row.version}", change.now))
        case _:
            pass


def _of(asked: Asked, kind: NoticeKind, key: str, at: float) -> Notice:
    return Notice(kind, key, asked.title, at, queue=asked.queue, run=asked.run, item=asked.number)


def run_failed(tx: Transaction, key: int, error: str | None, now: float) -> None:
    """Tell that a run failed, or was set aside; of a child run, its parent's end tells."""
    wanted = declared(tx)
    if wanted is None or "failure" not in wanted.kinds:
        return
    run_id, workflow, parent = tx.execute(
        "SELECT runs.id, workflows.name, parent FROM runs JOIN workflows ON workflows.id = runs.workflow WHERE key = ?",
        (key,),
    ).fetchone()
    if parent is not None:
        return
    kind = json.loads(error or "{}").get("type", "")  # what the error says may hold values of the case
    title = f"{workflow}: run {run_id} failed" + (f" ({kind})" if kind else "")
    _put(tx, Notice("failure", f"failure:{key}:{now!r}", title, now, run=key))
