"""The outbox: what people are told, written with its cause in one transaction, and what became of it."""

from typing import Final, Literal, NamedTuple, TypeAlias, get_args

NoticeKind: TypeAlias = Literal[
    "urgent", "reminder", "escalation", "at_risk", "failure", "promise", "breaker", "hold", "trigger", "report",
    "digest", "test",
]  # fmt: skip
"""What is told: a new urgent item, one that is late, sent up, or soon late; a run that failed; a promise that may not
hold; a system that is down; a roll-out that was held; a trigger that failed; the weekly report; what waits; a trial."""

NOTICE_KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)


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


OutboxChange = Tell | DeclareNotices
