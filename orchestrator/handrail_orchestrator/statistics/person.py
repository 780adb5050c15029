"""What one person's work at the desk comes to; each sees their own, and nobody is ranked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any, Final

from handrail_orchestrator.records.decided import AnswerGiven, KnownAnswer

LAST: Final = 50
"""Answers that the pace and the alert look at."""
TOO_FAST_SECONDS: Final = 1.0
"""Nobody reads, and looks at a suggestion, in less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RubberStamping:
    """Somebody took every suggestion of late, faster than anybody reads."""

    person: str
    queue: str
    answers: int
    """How many in a row."""
    seconds: float
    """Median time at an item."""
    since: float
    """When the first of them was given, in seconds since the epoch."""

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"{self.person} took each of the last {self.answers} suggestions in queue {self.queue!r} as it was, in"
            f" {self.seconds:.1f} s each: that is faster than anybody reads"
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFigures:
    """One person's work."""

    person: str
    today: int | None
    """Answers given today, those taken back aside; None: it is nobody else's business."""
    pace: float | None
    """Median seconds at an item, of the last ``LAST`` answers; None: nobody knows, or is told."""
    known: int
    """Known cases decided of late."""
    known_right: int
    """How many of them rightly."""
    stamping: Sequence[RubberStamping] = ()
    """Queues in which every suggestion was taken, faster than anybody reads."""

    def without_pace(self) -> "PersonFigures":
        """Return what others may be told."""
        return replace(self, today=None, pace=None)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "person": self.person,
            "today": self.today,
            "pace": self.pace,
            "known": self.known,
            "known_right": self.known_right,
            "stamping": [each.as_json() for each in self.stamping],
        }


def person_figures(
    person: str, *, today: int, given: Sequence[AnswerGiven], known: Sequence[KnownAnswer]
) -> PersonFigures:
    """Return a person's figures; ``given`` are their last answers, newest first."""
    seconds = [each.seconds for each in given[:LAST] if each.seconds is not None]
    queues = dict.fromkeys(each.queue for each in given)
    found = (rubber_stamping(person, [each for each in given if each.queue == queue]) for queue in queues)
    return PersonFigures(
        person=person,
        today=today,
        pace=median(seconds) if seconds else None,
        known=len(known),
        known_right=sum(each.is_right for each in known),
        stamping=tuple(each for each in found if each is not None),
    )


def rubber_stamping(person: str, given: Sequence[AnswerGiven]) -> RubberStamping | None:
    """Return whether a person's last answers in one queue, newest first, look as if nobody had read them.

    Every one of the last ``LAST`` is the suggestion as it was, and the median time at an item is below
    ``TOO_FAST_SECONDS``. With fewer answers nothing is said, nor where the time of most of them is not known.
    """
    last = given[:LAST]
    seconds = [each.seconds for each in last if each.seconds is not None]
    if len(last) < LAST or 2 * len(seconds) <= len(last) or not all(each.is_suggestion for each in last):
        return None
    middle = median(seconds)
    if middle >= TOO_FAST_SECONDS:
        return None
    return RubberStamping(
        person=person, queue=last[0].queue, answers=len(last), seconds=middle, since=min(each.at for each in last)
    )
