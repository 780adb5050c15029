"""The audit log: a row for each change of a review item, chained by hash; pruning leaves signed gaps in it."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from handrail_orchestrator.secret import SigningSecret, signing_secret
from handrail_orchestrator.store.chain import BEGINNING, HASHED, LogGap, LogHead, hash_after
from handrail_orchestrator.store.sql.database import NUMBERS, Database
from handrail_orchestrator.store.sql.transaction import Transaction

if TYPE_CHECKING:
    from handrail_orchestrator.store.rows import ReviewState

HEAD = "audit_head"
"""The name of the setting that says where the log ends: pruning may take the last rows, and no number is used twice."""

AT_ONCE = 1_000
"""Rows of an older store that are chained in one go."""

_HEAD = "SELECT value FROM settings WHERE name = ?"
_SET_HEAD = "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_APPEND = f"INSERT INTO review_log ({', '.join(HASHED)}, hash) VALUES ({', '.join('?' * len(HASHED))}, ?)"  # noqa: S608 -- our own column names
_GAP = f"INSERT INTO audit_gaps ({', '.join(LogGap._fields)}) VALUES ({', '.join('?' * len(LogGap._fields))})"  # noqa: S608 -- as above
_GAPS = f"SELECT {', '.join(LogGap._fields)} FROM audit_gaps"  # noqa: S608 -- as above
_DOOMED = f"SELECT id, hash FROM review_log WHERE review IN (SELECT id FROM reviews WHERE run IN {NUMBERS})"  # noqa: S608 -- as above


class LogEntry(NamedTuple):
    """A change of an item."""

    review: int
    """The item's number; 0: it is about none, as a change of people or a pruning."""
    at: float
    actor: str
    action: str
    state: "ReviewState | str"
    """The state it came to; empty where it is about no item."""
    version: int
    data: str | None = None
    """JSON text."""


def append(tx: Transaction, entry: LogEntry) -> None:
    """Append a change to the log, behind the row that was written last."""
    found = tx.execute(_HEAD, (HEAD,)).fetchone()
    head = LogHead.read(found[0] if found else None)
    row = (head.row + 1, entry.review, float(entry.at), *entry[2:])
    digest = hash_after(head.hash, row)
    tx.execute(_APPEND, (*row, digest))
    tx.execute(_SET_HEAD, (HEAD, str(LogHead(head.row + 1, digest))))


def chain_all(connection: Database) -> None:
    """Chain the log of a store that an older version wrote, as it is now."""
    head = LogHead(0, BEGINNING)
    select = f"SELECT {', '.join(HASHED)} FROM review_log WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608 -- our own column names
    while rows := connection.execute(select, (head.row, AT_ONCE)).fetchall():
        chained: list[tuple[str, int]] = []
        for row in rows:
            head = LogHead(row[0], hash_after(head.hash, row))
            chained.append((head.hash, head.row))
        connection.executemany("UPDATE review_log SET hash = ? WHERE id = ?", chained)
    connection.execute(_SET_HEAD, (HEAD, str(head)))


def take_out(tx: Transaction, runs: Sequence[int], now: float) -> int:
    """Take the rows about the items of some runs out of the log, and sign for the gaps; returns how many.

    Raises:
        SecretUnusable: there is nothing to sign with; nothing was taken out.
    """
    doomed = tx.execute(f"{_DOOMED} ORDER BY id", (json.dumps(list(runs)),)).fetchall()
    if not doomed:
        return 0
    secret = signing_secret(tx.place)
    tx.execute(
        f"DELETE FROM review_log WHERE id IN {NUMBERS}",  # noqa: S608 -- a constant
        (json.dumps([r[0] for r in doomed]),),
    )
    first = last = doomed[0]
    rows = 0
    for row in (*doomed, None):
        if row is not None and row[0] <= last[0] + 1:
            last, rows = row, rows + 1
            continue
        _leave_gap(tx, LogGap(first[0], last[0], "", last[1], rows, now, ""), secret)
        if row is not None:
            first, last, rows = row, row, 1
    return len(doomed)


def _leave_gap(tx: Transaction, gap: LogGap, secret: SigningSecret) -> None:
    """Sign for rows that are gone: of those that stand side by side without a row in between, once for all."""
    kept, before = tx.execute(
        "SELECT id, hash FROM review_log WHERE id < ? ORDER BY id DESC LIMIT 1", (gap.first,)
    ).fetchone() or (0, BEGINNING)
    follower = tx.execute("SELECT min(id) FROM review_log WHERE id > ?", (gap.last,)).fetchone()[0]
    gap = gap._replace(before=before)
    beside = f"{_GAPS} WHERE first > ? AND (? IS NULL OR first < ?) ORDER BY first"
    for other in map(LogGap._make, tx.execute(beside, (kept, follower, follower)).fetchall()):
        is_before = other.first < gap.first
        gap = gap._replace(
            first=min(gap.first, other.first),
            last=max(gap.last, other.last),
            before=other.before if is_before else gap.before,
            after=gap.after if is_before else other.after,
            rows=gap.rows + other.rows,
        )
        tx.execute("DELETE FROM audit_gaps WHERE first = ?", (other.first,))
    tx.execute(_GAP, gap._replace(signature=secret.sign("gap", *gap.signed_parts)))
