"""A bar: what a figure must hold, and what it aims for."""

from dataclasses import dataclass
from typing import Literal

Mark = Literal["aim", "holds", "missed", "failed"]
"""How a figure stands: reaches the aim, holds what it must, does neither, or could not be measured."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Two limits of one figure, in the figure's own unit."""

    better: Literal["higher", "lower"]
    """Which way is better."""
    must: float
    """The first version must hold this."""
    aim: float | None = None
    """What we are after; None where nothing beyond ``must`` is promised."""

    def mark(self, value: float) -> Mark:
        """Return how the value stands."""
        if self.aim is not None and self._reaches(value, self.aim):
            return "aim"
        return "holds" if self._reaches(value, self.must) else "missed"

    @property
    def sign(self) -> str:
        """Return the sign before a limit."""
        return "≥" if self.better == "higher" else "≤"

    def _reaches(self, value: float, limit: float) -> bool:
        return value >= limit if self.better == "higher" else value <= limit


def at_least(must: float, aim: float | None = None) -> Bar:
    """Return a bar for a figure of which more is better."""
    return Bar("higher", must, aim)


def at_most(must: float, aim: float | None = None) -> Bar:
    """Return a bar for a figure of which less is better."""
    return Bar("lower", must, aim)
