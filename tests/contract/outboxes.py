"""What the contract of stores tells, routes, claims and ends of an outbox."""

from typing import Any

from handrail_orchestrator.store import Store
from handrail_orchestrator.store.outbox import (
    NOTICE_KINDS,
    Addressed,
    ClaimDelivery,
    DeclareNotices,
    DeliveryRow,
    DeliveryState,
    EndTry,
    Notice,
    NoticeKind,
    RoutedNotice,
    RouteNotices,
    Tell,
)
from tests.contract.stores import NOW, wrote

LATER = NOW + 100
"""When a claim of a test is over."""


def declared(store: Store, *kinds: NoticeKind) -> None:
    wrote(store, DeclareNotices(kinds or NOTICE_KINDS, 80, 0.8))


def told(store: Store, *keys: str, at: float = NOW, kind: NoticeKind = "breaker") -> list[bool]:
    return wrote(store, *(Tell(Notice(kind, key, f"Told of {key}", at)) for key in keys))


def to(
    channel: str = "ops", person: str | None = None, *, topic: str = "news", due: float = NOW, is_loud: bool = False
) -> Addressed:
    return Addressed(channel, person, topic, due, is_loud)


def routed(store: Store, *where: Addressed, now: float = NOW, pause: float = 0.0) -> int:
    """Send all new notices to the same recipients and return how many there were."""
    each = [RoutedNotice(row.id, "routed", where) for row in store.new_notices(now, 100)]
    return int(wrote(store, RouteNotices(each, now, pause))[0])


def made(store: Store, key: str = "k", where: Addressed | None = None, *, now: float = NOW) -> DeliveryRow:
    """Tell something of which one delivery is made, and return that."""
    assert told(store, key, at=now) == [True]
    assert routed(store, where or to(), now=now) == 1
    return store.deliveries("waiting", 1)[0]


def claimed(
    store: Store, by: str = "one", *, channel: str = "ops", now: float = NOW, until: float = LATER, quiet: bool = False
) -> DeliveryRow | None:
    """Return what is claimed; a look beforehand says the same."""
    is_due = store.is_delivery_due(channel, now, is_quiet=quiet)
    row: DeliveryRow | None = wrote(store, ClaimDelivery(channel, by, now, until, quiet, 60.0))[0]
    assert is_due == (row is not None)
    return row


def ended(
    store: Store, row: DeliveryRow, by: str = "one", state: DeliveryState = "sent", *, now: float = NOW, **more: Any
) -> bool:
    return bool(wrote(store, EndTry(row.id, by, now, state, **more))[0])


def delivery(store: Store, number: int) -> DeliveryRow:
    (row,) = [each for each in store.deliveries(None, 100) if each.id == number]
    return row


def keys(store: Store, row: DeliveryRow) -> list[str]:
    return [each.key for each in store.notices_of(row.id, 100)]
