"""What a person may see of what others answered, while an item that several answer blind is not decided."""

from collections.abc import Iterable
from typing import Final

from handrail_orchestrator.records.item import ReviewChange, ReviewItem
from handrail_orchestrator.review.moves import actor

SETTLED: Final = frozenset({"decided", "expired", "cancelled"})
"""States in which nobody is asked any more, so that nothing is to be kept from anybody."""

TELLING: Final = frozenset({"decision", "despite", "note", "agreement"})
"""What the log keeps with an answer, and what says something of it."""

ANSWERING: Final = frozenset({"decide", "commit", "undo"})
"""The changes that an answer is kept with."""


def is_blind(item: ReviewItem) -> bool:
    """Return whether answers to an item are kept from those who are to answer it without them."""
    return item.rules.reviewers > 1 and item.rules.blind and item.state not in SETTLED


def log_for(item: ReviewItem, log: Iterable[ReviewChange], by: str) -> list[ReviewChange]:
    """Return the changes of an item as a person may see them: that others answered, and not what."""
    if not is_blind(item):
        return list(log)
    return [_veiled(change) if change.actor != actor(by) and change.action in ANSWERING else change for change in log]


def _veiled(change: ReviewChange) -> ReviewChange:
    data = {name: value for name, value in (change.data or {}).items() if name not in TELLING}
    return ReviewChange(
        id=change.id,
        review=change.review,
        at=change.at,
        actor=change.actor,
        action=change.action,
        state=change.state,
        version=change.version,
        data=data or None,
        hash=change.hash,
    )
