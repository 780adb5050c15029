"""The funnel: the runs that were started, by what became of them; its bars add up to all of them."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from handrail_ground.shares import Proportion

BarName: TypeAlias = Literal["rules_decided", "ai_accepted", "reviewed", "failed", "cancelled", "still_open"]
"""The bars of the funnel, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """The runs that were started, by what became of them; the counts mean what ``RunSummary``'s do.

    Raises:
        ValueError: the counts do not add up to ``started``.
    """

    started: int
    by_rule: int = 0
    """Completed without a judgement."""
    by_model: int = 0
    """Completed with every judgement accepted."""
    by_person: int = 0
    """Completed with an answer from a person to each question."""
    by_policy: int = 0
    """Completed with a question that nobody answered in time, so that a policy did."""
    failed: int = 0
    set_aside: int = 0
    """Not tried again before somebody says so: their process died of them, again and again."""
    cancelled: int = 0
    waiting_for_person: int = 0
    waiting: int = 0
    """Still open, for something else than a person."""

    def __post_init__(self) -> None:
        total = sum(count for _, count in self.bars)
        if total != self.started or min(each for name, each in asdict(self).items()) < 0:
            raise ValueError(
                f"the bars of a funnel add up to {total}, not to the {self.started} runs that were started"
            )

    @property
    def bars(self) -> tuple[tuple[BarName, int], ...]:
        """Return the bars in order; they add up to ``started``, always."""
        return (
            ("rules_decided", self.by_rule),
            ("ai_accepted", self.by_model),
            ("reviewed", self.by_person + self.by_policy),
            ("failed", self.failed + self.set_aside),
            ("cancelled", self.cancelled),
            ("still_open", self.waiting_for_person + self.waiting),
        )

    def share(self, bar: BarName) -> Proportion:
        """Return a bar as a share of the runs that were started."""
        return Proportion(dict(self.bars)[bar], self.started)

    @property
    def still_open(self) -> int:
        """Return how many have not ended."""
        return self.waiting_for_person + self.waiting

    @property
    def ended(self) -> int:
        """Return how many have ended, however."""
        return self.started - self.still_open

    @property
    def completed(self) -> int:
        """Return how many have ended as they should."""
        return self.by_rule + self.by_model + self.by_person + self.by_policy

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data: the counts, and under ``bars`` what adds up to 100%."""
        bars = [{"name": name, "runs": count, "share": self.share(name).rate} for name, count in self.bars]
        return {**asdict(self), "bars": bars}
