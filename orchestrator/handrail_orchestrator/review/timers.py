"""Timers of review items that are over: undo windows, and policies for what is late; whoever is alive fires them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.reading import review_item
from handrail_orchestrator.review.late import late, left_to_all
from handrail_orchestrator.review.moves import commit
from handrail_orchestrator.review.reach import out_of_reach
from handrail_orchestrator.store.changes import MoveReview
from handrail_orchestrator.store.queries import ReviewQuery

if TYPE_CHECKING:
    from handrail_orchestrator.store.port import Store

_log = logging.getLogger("handrail.reviews")

AT_ONCE = 500
"""Items moved in one transaction."""


async def fire(store: "Store", write: Callable[[MoveReview], Awaitable[Any]], now: float) -> int:
    """Make every move that is due, each once however many processes do this at a time; return how many were made here.

    Raises:
        StoreError: the store cannot be read or written.
    """
    fired = 0
    while moved := await _fire_each(store, write, now):
        fired += moved
    return fired


async def _fire_each(store: "Store", write: Callable[[MoveReview], Awaitable[Any]], now: float) -> int:
    """Make one move of each item whose timer is over; its next may be over too."""
    moved, after = 0, None
    while rows := store.reviews(ReviewQuery(timer_due=now, after=after, limit=AT_ONCE)):
        after = rows[-1].priority, rows[-1].id
        moves = [move for row in rows if (move := _move_of(store, review_item(row), now)) is not None]
        moved += sum(await asyncio.gather(*(_made(write, move) for move in moves)))
    return moved


def _move_of(store: "Store", item: ReviewItem, now: float) -> MoveReview | None:
    move = due_move(item, now=now)
    if move is None or move.action != "reassign":
        return move
    why = out_of_reach(store, item, str((move.data or {}).get("to")))
    return move if why is None else left_to_all(item, move, why)


def due_move(item: ReviewItem, *, now: float) -> MoveReview | None:
    """Return the move that time makes of an item; None: none, or not yet."""
    return commit(item, now=now) or late(item, now=now)


async def _made(write: Callable[[MoveReview], Awaitable[Any]], move: MoveReview) -> bool:
    try:
        await write(move)
    except ReviewError:  # somebody was faster: another process, or a person
        return False
    if move.actor.startswith("policy:"):
        _log.info("review item %d is late: %s", move.id, move.action, extra={"item": move.id})
    return True
