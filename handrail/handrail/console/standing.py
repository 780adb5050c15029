"""How an item stands to whoever looks at it: theirs, free, somebody else's, answered, closed."""

from typing import Literal, TypeAlias, assert_never

from handrail_orchestrator.records.item import ReviewItem

Standing: TypeAlias = Literal[
    "mine", "free", "look", "taken", "given", "answered", "pending", "decided", "expired", "cancelled"
]
"""``mine``: taken by them; ``free``: by nobody; ``look``: not for them to answer; ``taken``: by somebody else;
``given``: assigned to somebody else; ``answered``: it has their answer and awaits another person's; ``pending``:
answered, and within its undo window."""

ANSWERABLE: frozenset[Standing] = frozenset({"mine", "free"})
"""Standings in which the person may answer."""


def standing(item: ReviewItem, person: str, now: float, *, may_decide: bool = True) -> Standing:
    """Return how an item stands to a person, whose role lets them answer it or not."""
    match item.state:
        case "open" | "leased":
            stands = _waiting(item, person, now)
            return stands if may_decide or stands not in ANSWERABLE else "look"
        case "pending" | "decided" | "expired" | "cancelled":
            return item.state
        case _:
            assert_never(item.state)


def _waiting(item: ReviewItem, person: str, now: float) -> Standing:
    if item.state == "leased" and item.lease_owner == person:
        return "mine"
    if item.state == "leased" and (item.lease_until or 0.0) > now:
        return "taken"
    if any(answer.by == person for answer in item.answers):
        return "answered"
    if item.assignee is not None and item.assignee != person:
        return "given"
    return "free"


def is_own_answer(item: ReviewItem, person: str) -> bool:
    """Return whether what was answered last is this person's."""
    if item.state == "decided":
        return item.decided_by == f"person:{person}"
    return bool(item.answers) and item.answers[-1].by == person
