"""Writing and reading what becomes of notices: routed, claimed, tried, sent or set aside."""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.store import outbox as o
from handrail_orchestrator.store.outbox import (
    ChannelRow,
    DeliveryCount,
    DeliveryRow,
    DeliveryState,
    NoticeRow,
    NoticeState,
)
from handrail_orchestrator.store.sql.transaction import Transaction

_DERIVED = {
    "run_id": "runs.id",
    "item_state": "reviews.state",
    "item_created": "reviews.created",
    "item_due": "reviews.due",
}
_NOTICE = (
    f"SELECT {', '.join(_DERIVED.get(name, f'notices.{name}') for name in NoticeRow._fields)} FROM notices"  # noqa: S608 -- our own column names
    " LEFT JOIN runs ON runs.key = notices.run LEFT JOIN reviews ON reviews.id = notices.item"
)
_COUNTED = {"notices": "(SELECT count(*) FROM delivered_notices WHERE delivery = deliveries.id)"}
_DELIVERY = f"SELECT {', '.join(_COUNTED.get(name, name) for name in DeliveryRow._fields)} FROM deliveries"  # noqa: S608 -- as above
_NO_ID = 2**63 - 1
"""Above every id."""

_JOINABLE = """
SELECT id FROM deliveries WHERE channel = ? AND topic = ? AND person IS ? AND state = 'waiting' AND is_loud = ?
AND tries = 0 AND claim IS NULL
"""
_LAST = "SELECT max(ended) FROM deliveries WHERE channel = ? AND topic = ? AND person IS ? AND state = 'sent'"
_DUE = """
state = 'waiting' AND channel = ? AND due <= ? AND is_loud >= ? AND (claimed_until IS NULL OR claimed_until <= ?)
"""
_NOT_DOWN = "NOT EXISTS (SELECT 1 FROM channels WHERE name = ? AND dead_since IS NOT NULL AND probe_at > ?)"
_FAILED = """
INSERT INTO channels (name, failures, error) VALUES (?, 1, ?)
ON CONFLICT (name) DO UPDATE SET failures = channels.failures + 1, error = excluded.error
"""


def route(tx: Transaction, change: o.RouteNotices) -> int:
    """Turn new notices into deliveries."""
    count = 0
    for each in change.routed:
        moved = tx.execute(
            "UPDATE notices SET state = ?, at = coalesce(?, at) WHERE id = ? AND state = 'new'",
            (each.state, each.at, each.notice),
        )
        if not moved.rowcount:  # another process was faster
            continue
        count += 1
        for to in each.to:
            delivery = _delivery_for(tx, to, change)
            tx.execute(
                "INSERT INTO delivered_notices (delivery, notice) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (delivery, each.notice),
            )
    return count


def _delivery_for(tx: Transaction, to: o.Addressed, change: o.RouteNotices) -> int:
    """Return the delivery that a notice joins, or a new one."""
    recipient = (to.channel, to.topic, to.person)
    found = tx.execute(_JOINABLE, (*recipient, to.is_loud)).fetchone()
    if found is not None:
        return int(found[0])
    (last,) = tx.execute(_LAST, recipient).fetchone()
    due = to.due if last is None else max(to.due, float(last) + change.pause_seconds)
    ((number,),) = tx.execute(
        "INSERT INTO deliveries (channel, topic, person, message_id, due, state, is_loud, made)"
        " VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?) RETURNING id",
        (*recipient, uuid.uuid4().hex, due, to.is_loud, change.now),
    ).fetchall()
    return int(number)


def claim(tx: Transaction, change: o.ClaimDelivery) -> DeliveryRow | None:
    """Have one delivery to oneself for a while."""
    channel = tx.execute("SELECT dead_since, probe_at FROM channels WHERE name = ?", (change.channel,)).fetchone()
    is_down = channel is not None and channel[0] is not None
    if is_down and channel[1] is not None and channel[1] > change.now:
        return None
    due = (change.channel, change.now, int(change.is_quiet), change.now)
    found = tx.execute(f"{_DELIVERY} WHERE {_DUE} ORDER BY due, id LIMIT 1", due).fetchone()
    if found is None:
        return None
    row = DeliveryRow._make(found)
    tx.execute("UPDATE deliveries SET claim = ?, claimed_until = ? WHERE id = ?", (change.claim, change.until, row.id))
    if is_down:
        tx.execute(
            "UPDATE channels SET probe_at = ? WHERE name = ?", (change.now + change.probe_seconds, change.channel)
        )
    return row


def end_try(tx: Transaction, change: o.EndTry) -> bool:
    """Record what came of a try."""
    ended = None if change.state == "waiting" else change.now
    row = tx.execute(
        "UPDATE deliveries SET state = ?, tries = tries + 1, claim = NULL, claimed_until = NULL, ended = ?, error = ?,"
        " due = CASE WHEN ? = 'waiting' THEN ? ELSE due END"
        " WHERE id = ? AND claim = ? AND state = 'waiting' RETURNING channel",
        (change.state, ended, change.error, change.state, change.due, change.delivery, change.claim),
    ).fetchone()
    if row is None:
        return False
    if change.is_channel_down:
        tx.execute(_FAILED, (row[0], change.error))
        tx.execute(
            "UPDATE channels SET dead_since = ?, probe_at = ? WHERE name = ? AND failures >= ? AND dead_since IS NULL",
            (change.now, change.due, row[0], change.dead_after),
        )
    else:
        _lives(tx, row[0], change.now)
    return True


def _lives(tx: Transaction, channel: str, now: float) -> None:
    """Note that a channel answered, whatever it said; what waited for one that was down is tried at once."""
    found = tx.execute("SELECT dead_since FROM channels WHERE name = ? AND failures > 0", (channel,)).fetchone()
    if found is None:
        return
    tx.execute(
        "UPDATE channels SET failures = 0, dead_since = NULL, probe_at = NULL, error = NULL WHERE name = ?", (channel,)
    )
    if found[0] is not None:
        tx.execute(
            "UPDATE deliveries SET due = CASE WHEN due < ? THEN due ELSE ? END"
            " WHERE channel = ? AND state = 'waiting' AND tries > 0",
            (now, now, channel),
        )


def retry(tx: Transaction, change: o.RetryDeliveries) -> int:
    """Try again at once what was set aside or waits for another try."""
    chosen = "state != 'sent' AND (? IS NULL OR channel = ?) AND (? IS NULL OR id = ?)"
    values = (change.channel, change.channel, change.delivery, change.delivery)
    retried = tx.execute(
        f"UPDATE deliveries SET state = 'waiting', due = ?, made = ?, ended = NULL WHERE {chosen}"  # noqa: S608 -- a constant
        " AND (state = 'set_aside' OR tries > 0)",
        (change.now, change.now, *values),
    )
    tx.execute(
        "UPDATE channels SET probe_at = ? WHERE dead_since IS NOT NULL AND (? IS NULL OR name = ?)",
        (change.now, change.channel, change.channel),
    )
    return retried.rowcount


def sweep(tx: Transaction, change: o.SweepOutbox) -> int:
    """Delete what was told long ago; what is still to be delivered, or was set aside, stays."""
    tx.execute("DELETE FROM seen_requests WHERE at < ?", (change.before,))
    old = tx.execute(
        "SELECT id FROM notices WHERE at < ? AND state != 'new' AND NOT EXISTS ("
        " SELECT 1 FROM delivered_notices JOIN deliveries ON deliveries.id = delivery"
        " WHERE notice = notices.id AND deliveries.state != 'sent') LIMIT ?",
        (change.before, change.most),
    ).fetchall()
    for (notice,) in old:
        deliveries = tx.execute(
            "DELETE FROM delivered_notices WHERE notice = ? RETURNING delivery", (notice,)
        ).fetchall()
        tx.execute("DELETE FROM notices WHERE id = ?", (notice,))
        for row in deliveries:
            tx.execute(
                "DELETE FROM deliveries WHERE id = ? AND NOT EXISTS"
                " (SELECT 1 FROM delivered_notices WHERE delivery = deliveries.id)",
                row,
            )
    return len(old)


def see(tx: Transaction, change: o.SeeRequest) -> bool:
    """Note that a signed request came."""
    return bool(
        tx.execute("INSERT INTO seen_requests (hash, at) VALUES (?, ?) ON CONFLICT DO NOTHING", change).rowcount
    )


class OutboxRows(ABC):
    """The part of the store that knows what people are told."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def new_notices(self, now: float, limit: int) -> list[NoticeRow]:
        """Return notices that are to be routed now, oldest first."""
        sql = f"{_NOTICE} WHERE notices.state = 'new' AND notices.at <= ? ORDER BY notices.at, notices.id LIMIT ?"
        return [NoticeRow._make(row) for row in self._rows(sql, (now, limit))]

    def is_delivery_due(self, channel: str, now: float, *, is_quiet: bool) -> bool:
        """Return whether a delivery of a channel could be claimed now."""
        sql = f"SELECT 1 FROM deliveries WHERE {_DUE} AND {_NOT_DOWN} LIMIT 1"  # noqa: S608 -- constants
        return bool(self._rows(sql, (channel, now, int(is_quiet), now, channel, now)))

    def deliveries(
        self, state: DeliveryState | None, limit: int, *, channel: str | None = None, before: int | None = None
    ) -> list[DeliveryRow]:
        """Return deliveries, newest first."""
        sql = (
            f"{_DELIVERY} WHERE (? IS NULL OR state = ?) AND (? IS NULL OR channel = ?) AND id < ?"
            " ORDER BY id DESC LIMIT ?"
        )
        newest = _NO_ID if before is None else before
        return [DeliveryRow._make(row) for row in self._rows(sql, (state, state, channel, channel, newest, limit))]

    def delivery_counts(self) -> list[DeliveryCount]:
        """Return how many deliveries there are, by channel and state."""
        sql = "SELECT channel, state, count(*) FROM deliveries GROUP BY channel, state ORDER BY channel, state"
        return [DeliveryCount._make(row) for row in self._rows(sql)]

    def notices_of(self, delivery: int, limit: int) -> list[NoticeRow]:
        """Return the notices that a delivery tells of, oldest first."""
        sql = (
            f"{_NOTICE} JOIN delivered_notices ON delivered_notices.notice = notices.id"
            " WHERE delivered_notices.delivery = ? ORDER BY notices.at, notices.id LIMIT ?"
        )
        return [NoticeRow._make(row) for row in self._rows(sql, (delivery, limit))]

    def channels(self) -> list[ChannelRow]:
        """Return how channels fare that have failed, or were used again since."""
        rows = self._rows(f"SELECT {', '.join(ChannelRow._fields)} FROM channels ORDER BY name")  # noqa: S608 -- our own column names
        return [ChannelRow._make(row) for row in rows]

    def notice_counts(self) -> dict[NoticeState, int]:
        """Return how many notices there are, by state."""
        return dict(self._rows("SELECT state, count(*) FROM notices GROUP BY state"))
