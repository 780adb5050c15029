"""One page of a list that is read from its beginning."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.exceptions import HTTPException

ROWS = 50
"""Rows of a page."""
MOST_PAGES = 20
"""Pages that a list is looked at on; commands show more."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListSlice(Generic[T]):
    """The rows of one page, and whether others follow."""

    rows: Sequence[T]
    number: int
    following: int | None
    """The number of the next page; None: this is the last one."""


def slice_of(params: Mapping[str, str], read: Callable[[int], Sequence[T]]) -> ListSlice[T]:
    """Return the page that an address asks for; ``read`` returns so many rows from the beginning.

    Raises:
        HTTPException: the address asks for a page that there cannot be.
    """
    text = params.get("page", "").strip() or "1"
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST_PAGES):
        raise HTTPException(400)
    number = int(text)
    found = read(number * ROWS + 1)
    is_more = len(found) > number * ROWS and number < MOST_PAGES
    return ListSlice(found[(number - 1) * ROWS : number * ROWS], number, number + 1 if is_more else None)
