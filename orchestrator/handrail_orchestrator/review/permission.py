"""Who may do what: the least role for each action, in the queue that it is about; every door asks here.

A role may do all that the ones before it may: ``viewer < reviewer < senior < admin``. What belongs to no queue, such as
runs and people, is asked of the role for every queue (``*``). In a store without people nobody is asked who they are.
"""

from typing import Literal, NamedTuple, Protocol, TypeAlias, get_args

from handrail_orchestrator.errors import NotAllowed
from handrail_orchestrator.records.person import EVERY_QUEUE, ROLES, Person, Role

ItemAction: TypeAlias = Literal[
    "look", "take", "extend", "skip", "release", "decide", "undo", "note", "snooze", "send_up", "assign"
]
"""What is done to a review item, in its queue."""

StoreAction: TypeAlias = Literal[
    "look_runs",
    "start",
    "cancel",
    "retry",
    "fork",
    "send",
    "set_result",
    "prune",
    "pause",
    "outcome",
    "forget",
    "audit",
    "people",
    "rollout",
    "resend",
]
"""What is done to runs, to the records, and to people."""

Action: TypeAlias = ItemAction | StoreAction

ITEM_ACTIONS: tuple[ItemAction, ...] = get_args(ItemAction)
STORE_ACTIONS: tuple[StoreAction, ...] = get_args(StoreAction)

_ASKING_FOR_ANSWERS: frozenset[Action] = frozenset(
    {"take", "extend", "skip", "release", "decide", "undo", "note", "snooze", "send_up"}
)


class Governed(Protocol):
    """What an item must tell for somebody to be let at it."""

    @property
    def queue(self) -> str:
        """Return the queue that it is in."""
        ...

    @property
    def tier(self) -> int:
        """Return 1, or more once it was sent up."""
        ...


class Place(NamedTuple):
    """What a queue's items are before any is known."""

    queue: str
    tier: int = 1


class QueueScope(NamedTuple):
    """The queues in which a person may do something."""

    only: tuple[str, ...] | None
    """Those alone; None: all, but for ``but``."""
    but: tuple[str, ...] = ()
    """Those not."""

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return self.only is None or bool(self.only)

    def holds(self, queue: str) -> bool:
        """Return whether a queue is among them."""
        return queue not in self.but if self.only is None else queue in self.only


def role_for(action: Action, tier: int = 1) -> Role:
    """Return the least role that may do something, to an item of this tier."""
    if action in {"look", "look_runs"}:
        return "viewer"
    if action in _ASKING_FOR_ANSWERS:
        return "reviewer" if tier <= 1 else "senior"
    if action in {"prune", "forget", "audit", "people", "rollout"}:
        return "admin"
    return "senior"


def may(person: Person | None, action: Action, item: Governed | None = None) -> bool:
    """Return whether a person may do something, to this item or to what belongs to no queue.

    ``person`` is None in a store without people: then everything is allowed.
    """
    if person is None:
        return True
    role = None if person.is_disabled else person.role_in(None if item is None else item.queue)
    least = role_for(action, 1 if item is None else item.tier)
    return role is not None and ROLES.index(role) >= ROLES.index(least)


def check(person: Person | None, action: Action, item: Governed | None = None) -> None:
    """Check that a person may do something.

    Raises:
        NotAllowed: they may not; the message says which role could.
    """
    if person is None or may(person, action, item):
        return
    if person.is_disabled:
        raise NotAllowed(f"{person.name} is disabled in this store: an admin can enable them again")
    queue = None if item is None else item.queue
    role = person.role_in(queue)
    least = role_for(action, 1 if item is None else item.tier)
    place = "" if queue is None else f" in queue {queue!r}"
    has = "has no role" if role is None else f"is {role}"
    higher = "" if item is None or item.tier <= 1 or least != "senior" else ", as the item was sent up"
    raise NotAllowed(f"{person.name} {has}{place}; to {_WORDS[action]} takes the role {least}{higher}")


def scope(person: Person | None, action: ItemAction, tier: int = 1) -> QueueScope:
    """Return the queues in which a person may do something to items of a tier.

    Lists ask for tier 1, and for tier 2 to know where items that were sent up are among them.
    """
    if person is None:
        return QueueScope(None)
    if person.is_disabled:
        return QueueScope(())
    least = ROLES.index(role_for(action, tier))
    named = {queue: ROLES.index(role) >= least for queue, role in person.roles.items() if queue != EVERY_QUEUE}
    everywhere = person.roles.get(EVERY_QUEUE)
    if everywhere is not None and ROLES.index(everywhere) >= least:
        return QueueScope(None, tuple(queue for queue, allowed in named.items() if not allowed))
    return QueueScope(tuple(queue for queue, allowed in named.items() if allowed))


_WORDS: dict[Action, str] = {
    "look": "look at its items",
    "take": "take an item",
    "extend": "keep an item",
    "skip": "skip an item",
    "release": "give an item back",
    "decide": "decide an item",
    "undo": "take an answer back",
    "note": "add a note",
    "snooze": "put an item away",
    "send_up": "send an item up",
    "assign": "assign an item",
    "look_runs": "look at runs",
    "start": "start a run",
    "cancel": "cancel a run",
    "retry": "retry a run",
    "fork": "fork a run",
    "send": "send an event",
    "set_result": "set a step's result",
    "prune": "prune runs",
    "pause": "pause or resume",
    "outcome": "say what became of a run",
    "forget": "have values forgotten",
    "audit": "export the audit trail",
    "people": "change people",
    "rollout": "promote, hold or resume a rollout, or pause or resume a promise",
    "resend": "send notices again",
}
