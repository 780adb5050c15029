"""What several seeds come to together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from circle_bench.played import Round, Story
from handrail_evals.numbers.statistics.intervals import wilson


@dataclass(frozen=True, slots=True)
class Share:
    """How often something happened, with the interval of 95%."""

    count: int
    of: int

    def __str__(self) -> str:
        """Return it as ``1 of 60 (1.7%; 0.3 to 8.9)``."""
        if not self.of:
            return "0 of 0"
        found = wilson([1.0] * self.count + [0.0] * (self.of - self.count))
        return (
            f"{self.count} of {self.of} ({100 * found.estimate:.1f}%; {100 * found.low:.1f} to {100 * found.high:.1f})"
        )


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm over all seeds."""

    name: str
    stories: tuple[Story, ...]
    target: float
    """Promised share of wrong values among the accepted, 0 to 1."""

    def rounds(self, number: int) -> tuple[Round, ...]:
        """Return one round, counted from 1, of every seed."""
        return tuple(story.rounds[number - 1] for story in self.stories)

    def mean(self, number: int, value: Callable[[Round], float | None]) -> float | None:
        """Return the mean of what is known about a round; None when nothing is."""
        known = [found for each in self.rounds(number) if (found := value(each)) is not None]
        return sum(known) / len(known) if known else None

    @property
    def length(self) -> int:
        """Return the number of rounds."""
        return len(self.stories[0].rounds)

    @property
    def rounds_broken(self) -> Share:
        """How many rounds broke the promise, of those that accepted something."""
        rounds = [each for story in self.stories for each in story.rounds if each.threshold is not None]
        return Share(sum(each.truth.risk > self.target for each in rounds), len(rounds))

    @property
    def thresholds_broken(self) -> Share:
        """How many of the thresholds that were set break it, put to use or not."""
        return Share(
            sum(story.calibrations_broken(self.target) for story in self.stories),
            sum(len(story.calibrated) for story in self.stories),
        )

    @property
    def seeds_broken(self) -> Share:
        """With how many seeds any threshold breaks it: the joint promise says at most delta of them."""
        return Share(sum(story.calibrations_broken(self.target) > 0 for story in self.stories), len(self.stories))


def arms(stories: Iterable[Sequence[Story]], target: float) -> list[Arm]:
    """Return the arms of all seeds; each seed has the same ones in the same order."""
    return [Arm(column[0].arm, column, target) for column in zip(*stories, strict=True)]


def risk(each: Round) -> float | None:
    """Return the true risk of a round's threshold, 0 to 1; None when it accepts nothing."""
    return None if each.threshold is None else each.truth.risk
