"""How each channel of the outbox fares: what waits, what went out, what was set aside, and whether it is down."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from handrail_orchestrator.notices.outbox import NoticeOutbox


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStanding:
    """One channel, with its deliveries counted; times are seconds since the epoch (UTC)."""

    name: str
    waiting: int
    sent: int
    set_aside: int
    """Refused, or not taken for too long: nothing happens to them until somebody retries them."""
    failures: int
    """In a row."""
    dead_since: float | None
    """Since when it is down; None: it is not."""
    probe_at: float | None
    """When it is tried again."""
    error: str | None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


def channel_standings(outbox: NoticeOutbox) -> Sequence[ChannelStanding]:
    """Return every channel that has deliveries, or has failed, by name."""
    counted = {(each.channel, each.state): each.deliveries for each in outbox.delivery_counts()}
    known = {each.name: each for each in outbox.channels()}
    found: list[ChannelStanding] = []
    for name in sorted({*known, *(channel for channel, _ in counted)}):
        row = known.get(name)
        found.append(
            ChannelStanding(
                name=name,
                waiting=counted.get((name, "waiting"), 0),
                sent=counted.get((name, "sent"), 0),
                set_aside=counted.get((name, "set_aside"), 0),
                failures=0 if row is None else row.failures,
                dead_since=None if row is None else row.dead_since,
                probe_at=None if row is None else row.probe_at,
                error=None if row is None else row.error,
            )
        )
    return found
