"""The outbox: what people are told, written with its cause in one transaction, and what became of it."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, get_args

NoticeKind: TypeAlias = Literal[
    "urgent", "reminder", "escalation", "at_risk", "failure", "promise", "breaker", "hold", "trigger", "report",
    "digest", "test",
]  # fmt: skip
"""What is told: a new urgent item, one that is late, sent up, or soon late; a run that failed; a promise that may not
hold; a system that is down; a roll-out that was held; a trigger that failed; the weekly report; what waits; a trial."""

NOTICE_KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)

NoticeState: TypeAlias = Literal["new", "routed", "unrouted", "withdrawn"]
"""``unrouted``: no route was for it; ``withdrawn``: by the time it was to be told, its item waited no more."""

DeliveryState: TypeAlias = Literal["waiting", "sent", "set_aside"]
"""``set_aside``: refused, or not delivered for too long; nothing happens to it until somebody retries it."""


class Notice(NamedTuple):
    """Something that people are to be told, once by its key."""

    kind: NoticeKind
    key: str
    """What happened, such as ``late:12:1``: the same key is told once, however often it is said."""
    title: str
    """One line without values of the case, as far as its cause knows."""
    at: float
    """When it is to be told, in seconds since the epoch: now, or later."""
    body: str = ""
    queue: str | None = None
    """Whose review queue it is about; None: about none."""
    run: int | None = None
    """The key of its run."""
    item: int | None = None
    """The number of its review item. One that is to be told later is dropped when the item waits no more by then."""


class Tell(NamedTuple):
    """Tell something that no other change causes. Reply: whether anybody wants to know, and its key is new."""

    notice: Notice


class DeclareNotices(NamedTuple):
    """Say what is to be told in this store, in place of what was said before; of what nobody wants, nothing is kept."""

    kinds: tuple[NoticeKind, ...]
    urgent_from: int
    """The priority from which a new item is urgent."""
    at_risk_share: float
    """The share of an item's time until it is due after which it is at risk."""


NOTHING: Final = DeclareNotices((), 100, 1.0)
"""Says that nothing is to be told."""


class Addressed(NamedTuple):
    """Where a notice goes: through a channel, to one person or to whoever is behind the channel."""

    channel: str
    person: str | None
    topic: str
    """Notices of one topic that wait for one recipient become one message."""
    due: float
    """When it may be sent, so that others can join it until then."""
    is_loud: bool
    """Whether quiet hours do not hold it back."""


class RoutedNotice(NamedTuple):
    """What becomes of a new notice."""

    notice: int
    state: NoticeState
    to: Sequence[Addressed] = ()
    at: float | None = None
    """Of one that stays ``new``: when it is to be looked at again."""


class RouteNotices(NamedTuple):
    """Turn new notices into deliveries; those that another process has routed are left alone. Reply: how many were."""

    routed: Sequence[RoutedNotice]
    now: float
    pause_seconds: float
    """Between two messages of one topic to one recipient, at least."""


class ClaimDelivery(NamedTuple):
    """Have one delivery of a channel to oneself for a while. Reply: its ``DeliveryRow``, or None: none is due.

    From then on no notice joins it, so that every try sends the same. A channel that is down is tried once in a while.
    """

    channel: str
    claim: str
    """Names whoever claims it."""
    now: float
    until: float
    is_quiet: bool
    """Whether only loud ones are sent now."""
    probe_seconds: float


class EndTry(NamedTuple):
    """Record what came of a try. Reply: whether the claim still held."""

    delivery: int
    claim: str
    now: float
    state: DeliveryState
    due: float = 0.0
    """Of one that goes on waiting: when it is tried again."""
    error: str | None = None
    is_channel_down: bool = False
    """Whether it was the channel that failed, rather than this delivery."""
    dead_after: int = 0
    """So many such failures in a row, and the channel is down."""


class RetryDeliveries(NamedTuple):
    """Try again at once what was set aside or waits for another try. Reply: how many there were."""

    now: float
    channel: str | None = None
    """None: of every channel."""
    delivery: int | None = None


class SweepOutbox(NamedTuple):
    """Delete what was told before a time, and requests seen before it. Reply: how many notices that were."""

    before: float
    most: int


class SeeRequest(NamedTuple):
    """Note that a signed request came. Reply: whether for the first time."""

    digest: str
    at: float


OutboxChange = (
    Tell | DeclareNotices | RouteNotices | ClaimDelivery | EndTry | RetryDeliveries | SweepOutbox | SeeRequest
)


class NoticeRow(NamedTuple):
    """A notice as it is kept, with what has become of its item since."""

    id: int
    kind: NoticeKind
    key: str
    title: str
    body: str
    at: float
    queue: str | None
    run: int | None
    item: int | None
    state: NoticeState
    run_id: str | None = None
    item_state: str | None = None
    item_created: float | None = None
    item_due: float | None = None


class DeliveryRow(NamedTuple):
    """One message to one recipient."""

    id: int
    channel: str
    person: str | None
    topic: str
    message_id: str
    due: float
    state: DeliveryState
    is_loud: int
    tries: int
    made: float
    ended: float | None
    error: str | None
    notices: int
    """How many it tells of."""


class ChannelRow(NamedTuple):
    """How a channel fares."""

    name: str
    failures: int
    """In a row."""
    dead_since: float | None
    probe_at: float | None
    error: str | None


class DeliveryCount(NamedTuple):
    """How many deliveries of a channel are in a state."""

    channel: str
    state: DeliveryState
    deliveries: int


class OutboxStore(Protocol):
    """The part of a store that knows what people are told.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def new_notices(self, now: float, limit: int) -> list[NoticeRow]:
        """Return notices that are to be routed now, oldest first."""
        ...

    def is_delivery_due(self, channel: str, now: float, *, is_quiet: bool) -> bool:
        """Return whether a delivery of a channel could be claimed now: a look that writes nothing."""
        ...

    def deliveries(
        self, state: DeliveryState | None, limit: int, *, channel: str | None = None, before: int | None = None
    ) -> list[DeliveryRow]:
        """Return deliveries, newest first; None: of every state, of every channel, from the newest on."""
        ...

    def delivery_counts(self) -> list[DeliveryCount]:
        """Return how many deliveries there are, by channel and state."""
        ...

    def notices_of(self, delivery: int, limit: int) -> list[NoticeRow]:
        """Return the notices that a delivery tells of, oldest first."""
        ...

    def channels(self) -> list[ChannelRow]:
        """Return how channels fare that have failed or were used again since, by name."""
        ...

    def notice_counts(self) -> dict[NoticeState, int]:
        """Return how many notices there are, by state."""
        ...
