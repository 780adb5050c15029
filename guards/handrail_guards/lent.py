"""Values lent to other people's functions: a copy, so that what is done to it does not change what was checked."""

import copy
from typing import TypeVar

from handrail_ground.errors import is_order

T = TypeVar("T")

_UNCHANGEABLE = frozenset({str, bytes, int, float, bool, type(None)})


def lent(value: T) -> T:
    """Return a value to hand to foreign code: a copy of what can be changed, itself where it cannot be copied."""
    if type(value) in _UNCHANGEABLE:
        return value
    try:
        return copy.deepcopy(value)
    except BaseException as error:  # of a class of the user's
        if is_order(error):
            raise
        return value
