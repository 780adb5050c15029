"""An answer that a person gave to an item, which may still wait for its undo window or for another person's."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handrail_orchestrator.records.sameness import same
from handrail_orchestrator.unmarking import plain


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One person's answer."""

    by: str
    """Who gave it."""
    at: float
    """When, in seconds since the epoch."""
    decision: str
    """The answer as it is recorded, JSON text."""
    note: str | None = None
    despite: tuple[str, ...] = ()
    """The guards that it was confirmed against."""

    @property
    def value(self) -> Any:
        """Return the answer as plain JSON data."""
        return plain(self.decision)

    def says_the_same_as(self, other: "GivenAnswer") -> bool:
        """Return whether two answers are one."""
        return self.decision == other.decision or same(self.value, other.value)

    @staticmethod
    def text_of(answers: Sequence["GivenAnswer"]) -> str | None:
        """Return answers as they are stored; None: there are none."""
        if not answers:
            return None
        return json.dumps([[each.by, each.at, each.decision, each.note, list(each.despite)] for each in answers])

    @staticmethod
    def read(stored: str | None) -> tuple["GivenAnswer", ...]:
        """Return answers as they were stored."""
        return tuple(
            GivenAnswer(by, at, decision, note, tuple(despite))
            for by, at, decision, note, despite in json.loads(stored or "[]")
        )
