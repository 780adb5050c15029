"""What a person may see of what others answered, while an item that several answer blind is not decided."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeVar

from handrail_orchestrator.records.item import ReviewChange, ReviewDetail, ReviewItem
from handrail_orchestrator.review.moves import actor

Item = TypeVar("Item", bound=ReviewItem)

SETTLED: Final = frozenset({"decided", "expired", "cancelled"})
"""States in which nobody is asked any more, so that nothing is to be kept from anybody."""

TELLING: Final = frozenset({"decision", "despite", "note", "agreement", "spans"})
"""What the log keeps with an answer, and what says something of it."""

ANSWERING: Final = frozenset({"decide", "commit", "undo"})
"""The changes that an answer is kept with."""


def is_blind(item: ReviewItem) -> bool:
    """Return whether answers to an item are kept from those who are to answer it without them."""
    return item.rules.reviewers > 1 and item.rules.blind and item.state not in SETTLED


def item_for(item: Item, by: str) -> Item:
    """Return an item as a person may see it: without the answers of others, and what they said with them."""
    if not is_blind(item):
        return item
    own = tuple(answer for answer in item.answers if answer.by == by)
    # the note is the last one of anybody, also of an answer that was taken back: whose it is, only the log says
    seen = replace(item, answers=own, note=item.note if item.note in {answer.note for answer in own} else None)
    if isinstance(seen, ReviewDetail):
        return replace(seen, history=tuple(log_for(item, seen.history, by)))
    return seen


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
