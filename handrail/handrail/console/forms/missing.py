"""What stands where there is no JSON value: not even null."""

from enum import Enum
from typing import Final, Literal, TypeAlias


class Missing(Enum):
    """The type of ``MISSING``."""

    MISSING = "missing"

    def __repr__(self) -> str:
        """Return its name."""
        return self.name


MISSING: Final = Missing.MISSING
"""No value at all."""

MissingType: TypeAlias = Literal[Missing.MISSING]
