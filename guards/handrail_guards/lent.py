"""Values lent to other people's functions: a copy, so that what is done to it does not change what was checked."""

import copy
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Final, TypeVar
from uuid import UUID

from handrail_ground.errors import is_order

T = TypeVar("T")

_UNCHANGEABLE: Final = (
    type(None), str, int, float, complex, bytes, Enum, date, time, timedelta, Decimal, PurePath, UUID
)  # fmt: skip


def lent(value: T) -> T:
    """Return a value to hand to foreign code: a copy of what can be changed, itself where it cannot be copied."""
    if isinstance(value, _UNCHANGEABLE):
        return value
    try:
        return copy.deepcopy(value)
    except BaseException as error:  # of a class of the user's
        if is_order(error):
            raise
        return value
