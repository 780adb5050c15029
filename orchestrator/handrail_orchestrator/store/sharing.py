"""Limits that hold across processes: places, and turns, as a store keeps them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from handrail_orchestrator.limit_key import LimitKey


class TakePlace(NamedTuple):
    """Take a place of a limit, or stand in line for one. Reply: ``PlaceRow``."""

    of: LimitKey
    most: int
    run: int | None = None
    """For a body of this run; None: of none."""


class LeavePlace(NamedTuple):
    """Give a place back, or leave the line; the next in line has it. Reply: the ``PlaceRow``s that have one now."""

    id: int


class TakeTurn(NamedTuple):
    """Take the next turn of a limit that is evenly spaced. Reply: when it is, in seconds since the epoch."""

    of: LimitKey
    per_second: float
    now: float


class PlaceRow(NamedTuple):
    """A place, or where somebody stands in line for one."""

    id: int
    worker: int | None
    """Whose it is: when that worker is struck off, its places are the next ones'."""
    has: bool


SharedLimitChange = TakePlace | LeavePlace | TakeTurn


class SharedLimitStore(Protocol):
    """The part of a store that knows who has a place.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def places_of(self, worker: int) -> Sequence[PlaceRow]:
        """Return the places of a worker, and where it stands in line, oldest first."""
        ...
