"""How a person writes numbers and days, and what comes of a text that could not be read."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingHabits:
    """What is known of how a person writes; where nothing is known, ``1,234`` and ``03/04/2024`` are asked about."""

    decimal: Literal[".", ","] | None = None
    """The decimal mark."""
    day_first: bool | None = None
    """Whether the day stands before the month, as in ``03/04/2024`` for the third of April."""


@dataclass(frozen=True, slots=True)
class Misread:
    """What was typed has no meaning here, or more than one."""

    words: str
    """What is wrong, and what to type instead."""
