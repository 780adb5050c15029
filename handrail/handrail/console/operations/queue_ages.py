"""How old the questions are that wait now, of the queues that somebody may look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_orchestrator.review.permission import QueueScope
from handrail_orchestrator.statistics.stats import AGE_LIMITS, QueueAge

AGES = ("hour", "four", "eight", "day", "older")
"""What the parts of ``AGE_LIMITS`` are called: the words are ``operations.age.NAME``."""


@dataclass(frozen=True, slots=True)
class QueueAges:
    """What waits, by age, and by queue."""

    ages: Sequence[tuple[str, int]]
    queues: Sequence[QueueAge]

    @property
    def most(self) -> int:
        """Return how many are of the age that most are of."""
        return max((count for _, count in self.ages), default=0)

    @property
    def waiting(self) -> int:
        """Return how many wait."""
        return sum(each.waiting for each in self.queues)


def queue_ages(queues: Sequence[QueueAge], seen: QueueScope) -> QueueAges:
    """Return what waits in the queues that somebody may look at."""
    assert len(AGES) == len(AGE_LIMITS) + 1  # noqa: S101 -- both are written down
    own = [each for each in queues if seen.holds(each.queue)]
    counts = [sum(each.by_age[place] for each in own) for place in range(len(AGES))]
    return QueueAges(list(zip(AGES, counts, strict=True)), sorted(own, key=lambda each: -(each.oldest or 0.0)))
