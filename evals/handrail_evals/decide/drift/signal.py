"""Whether a kind of case has become more frequent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from handrail_evals.decide.drift.bet import Bet
from handrail_evals.decide.drift.kind import Kind
from handrail_evals.decide.drift.seen import Seen


@dataclass(frozen=True, slots=True)
class Signal:
    """A kind of case, counted, with bets that it has become more frequent.

    It is compared with the reference and with all cases since: with the reference alone, what chance put into that
    would sooner or later look like drift.
    """

    kind: Kind
    hits: int
    """How many of the cases compared with are of the kind."""
    bets: tuple[Bet, ...]
    recent: int = 0
    """How many are of the kind since the alarm was raised."""

    @classmethod
    def of(cls, kind: Kind, cases: Iterable[Seen], bets: tuple[Bet, ...]) -> Self:
        """Return the signal that compares with these cases."""
        return cls(kind, sum(map(kind.fits, cases)), bets)

    def chance(self, known: int) -> float:
        """Return how often the kind is to be expected, above 0 and below 1, after ``known`` cases to compare with."""
        return (self.hits + 0.5) / (known + 1)  # what was never seen is rare, not impossible

    def chance_before(self, bet: Bet, known: int) -> float:
        """Return how often the kind was to be expected before the cases that a bet was won with."""
        return (self.hits - bet.hits + 0.5) / (known - bet.cases + 1)

    def after(self, case: Seen, known: int) -> "Signal":
        """Return the signal after a case; ``known`` is how many there were to compare with before it."""
        hit = self.kind.fits(case)
        chance = self.chance(known)
        bets = tuple([bet.after(hit=hit, chance=chance) for bet in self.bets])
        return Signal(self.kind, self.hits + hit, bets, self.recent)

    def collecting(self, case: Seen) -> "Signal":
        """Return the signal after a case while the alarm is raised: counted apart, nothing is bet."""
        return Signal(self.kind, self.hits, self.bets, self.recent + self.kind.fits(case))

    def settled(self) -> "Signal":
        """Return the signal compared with the cases since the alarm, with new bets."""
        return Signal(self.kind, self.recent, tuple(Bet(bet.ratio, bet.least) for bet in self.bets))
