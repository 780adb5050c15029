"""What one guard said about one value."""

from dataclasses import dataclass
from typing import Literal

OnFail = Literal["reask", "fix", "drop", "review", "fallback", "refuse", "observe", "raise"]
"""What a failed guard leads to; set where the guard is attached."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters in a text, as evidence."""

    start: int
    """Index of the first character, 0 or more."""
    end: int
    """Index after the last character, at least ``start``."""
    document: str | None = None
    """The name of the document, or None for the only input."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guard said: passed or not, why, about which field, with evidence."""

    guard: str
    """The guard's name."""
    passed: bool
    reason: str = ""
    """Why, in plain words; empty only when it passed."""
    field: str | None = None
    """The field it speaks of (``address.city``, ``lines.0.total``), or None for the whole value."""
    spans: tuple[Span, ...] = ()
    seconds: float = 0.0
    """How long the check took."""
    on_fail: OnFail = "review"
    """What its failing leads to; ``observe`` only records what it would have done."""
    crashed: bool = False
    """True when the guard itself raised; a crash counts as failed."""

    @property
    def blocks(self) -> bool:
        """Whether the value may not be used as it is."""
        return not self.passed and self.on_fail != "observe"
