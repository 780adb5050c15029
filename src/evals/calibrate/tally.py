"""Counts of labels and errors at or above any threshold."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol


class HasScore(Protocol):
    """A labelled case, whatever it may be used for."""

    @property
    def score(self) -> float:
        """Return how sure the value was."""
        ...

    @property
    def right(self) -> bool:
        """Return whether it was right."""
        ...


@dataclass(frozen=True, slots=True)
class Counts:
    """What lies at or above a threshold."""

    accepted: int
    """How many labels."""
    errors: int
    """How many of them are wrong."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Labels sorted once, so that every threshold is counted in logarithmic time."""

    scores: tuple[float, ...]
    """Rising."""
    errors_from: tuple[int, ...]
    """How many of the labels from each place on are wrong; one entry more than scores."""

    @classmethod
    def of(cls, labels: Iterable[HasScore]) -> "Tally":
        """Return the tally of labelled cases."""
        pairs = sorted((label.score, not label.right) for label in labels)
        from_the_end = accumulate((wrong for _, wrong in reversed(pairs)), initial=0)
        return cls(tuple(score for score, _ in pairs), tuple(from_the_end)[::-1])

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return len(self.scores)

    def at_least(self, threshold: float) -> Counts:
        """Return what would have been accepted at a threshold."""
        place = bisect_left(self.scores, threshold)
        return Counts(len(self.scores) - place, self.errors_from[place])
