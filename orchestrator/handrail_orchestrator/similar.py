"""The port to whoever finds decided cases that resemble the one a person looks at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from handrail_orchestrator.records.item import ReviewItem


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarCase:
    """A decided case that resembles another one."""

    item: int
    """Its review item's number."""
    text: str
    """What it was about, in one line."""
    value: Any
    """What was decided, as JSON data."""
    by: str
    """``person:<name>``, or ``policy:<name>``."""
    decided: float
    """When, in seconds since the epoch."""
    likeness: float
    """How much of what is said in one is said in the other, 0 to 1."""

    @property
    def person(self) -> str | None:
        """Return who decided; None: a policy did."""
        kind, _, name = self.by.partition(":")
        return name if kind == "person" else None

    def age(self, now: float) -> float:
        """Return how long ago it was decided, in seconds."""
        return max(0.0, now - self.decided)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "item": self.item,
            "text": self.text,
            "value": self.value,
            "by": self.by,
            "decided": self.decided,
            "likeness": round(self.likeness, 4),
        }


class Similar(Protocol):
    """Finds decided cases of the same workflow, step and queue that resemble an item.

    It answers at once or not at all: a page that waits for help is none. Of an item that is to be decided without a
    suggestion it finds nothing, since what others decided is a suggestion too.
    """

    def similar(self, item: ReviewItem, limit: int = 3) -> Sequence[SimilarCase]:
        """Return the cases that resemble an item most, the likest first."""
        ...
