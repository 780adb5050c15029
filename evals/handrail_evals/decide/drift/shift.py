"""The alarm that needs no labels: have the scores, or the share that is reviewed, moved away from a reference?

It is made of bets, kept up case after case, that a kind of case has become more frequent than it should be.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self, TypeAlias, assert_never

from handrail_evals.decide.drift.seen import Seen
from handrail_evals.errors import InvalidScore, TooFewCases
from handrail_ground.shares import in_percent

KindName: TypeAlias = Literal["lowest", "highest", "reviewed", "accepted", "unscored"]
"""Among the lowest or highest scores of the reference, in doubt or not, without a score."""

FEWEST = 200
"""Cases of a reference at least: of fewer, the lowest 5% are a handful, and false alarms come more often than said."""

LOWEST = (0.05, 0.1, 0.2, 0.4)
"""The lowest scores of the reference; finer than the highest, as cases of a new kind mostly have low scores."""

HIGHEST = (0.1, 0.3)
"""The highest scores of the reference."""

RATIOS = (1.5, 3.0)
"""How many times as often as before: the bets of each signal."""

LEAST = 0.05
"""And at least that often: what was hardly ever seen, such as a case without a score, is noticed when it comes."""


class Bet(NamedTuple):
    """A bet at fixed odds, and how it stands.

    Each case multiplies what was bet by the likelihood of what happened under the bet, over its likelihood when nothing
    is wrong: a factor whose mean is at most 1 as long as nothing is. A new bet of 1 is laid before every case, because
    nobody knows when things go wrong; ``evidence`` is what all of them are worth together. So it exceeds the number of
    cases in the mean at no time, and the mean number of cases until it first reaches A is at least A (the
    Shiryaev-Roberts form of Shin, Ramdas and Rinaldo, 2022, "E-detectors").
    """

    ratio: float
    """How many times as often as it should it happens, by this bet; more than 1."""
    least: float = 0.0
    """How often it happens at least, by this bet, 0 to below 1: three times nearly never would be hardly a bet."""
    evidence: float = 0.0
    """Worth of all bets laid so far, 0 or more."""
    run: float = 1.0
    """Worth of the best of them: the one laid when things most likely went wrong, if they did."""
    hits: int = 0
    """How often it happened since that one was laid."""
    cases: int = 0
    """Cases since that one was laid."""

    def after(self, *, hit: bool, chance: float, weight: float = 1.0) -> "Bet":
        """Return the bet after a case in which it happened or not; it should with ``chance``, above 0 and below 1."""
        return Bet._make(stepped((self,), hit=hit, chance=chance, weight=weight)[0])


Parts: TypeAlias = tuple[float, float, float, float, int, int]
"""The parts of a bet, in their order: for whoever goes on with many of them."""


def stepped(bets: Iterable[Parts], *, hit: bool, chance: float, weight: float = 1.0) -> list[Parts]:
    """Return the parts of bets of one signal after a case: as ``Bet.after``, for all of them at once.

    Where cases are picked unevenly, one counts by its ``weight``, in proportion to one over its share. Up to 1 that is
    the mean over leaving it out with the chance 1 - weight, as if all had the least share; above it the same holds, as
    the mean over all cases is what it would be with an even share. The weight is below 2, so that no bet is lost whole.
    """
    most, missed = (1 + chance) / 2, 1 - chance  # never a certainty: a single miss would end the bet
    after: list[Parts] = []
    for ratio, least, evidence, run, hits, cases in bets:
        expected = ratio * chance
        if expected < least:  # noqa: PLR1730 -- a call takes twice as long, and this is most of what a case costs
            expected = least
        if expected > most:  # noqa: PLR1730 -- as above
            expected = most
        factor = expected / chance if hit else (1 - expected) / missed
        worth = (evidence + 1.0) * factor
        if weight != 1.0:
            worth, factor = evidence + weight * (worth - evidence), 1 + weight * (factor - 1)
        after.append(
            (ratio, least, worth, factor, int(hit), 1)
            if run <= 1.0
            else (ratio, least, worth, run * factor, hits + hit, cases + 1)
        )
    return after


def chance_of(hits: int, known: int) -> float:
    """Return how often something is to be expected that was seen so often among so many, above 0 and below 1."""
    return (hits + 0.5) / (known + 1)  # what was never seen is rare, not impossible


def mean_evidence(bets: tuple[Bet, ...]) -> float:
    """Return what several bets are worth together, each with an equal stake: this is evidence as one bet's is."""
    return sum(bet.evidence for bet in bets) / len(bets)


def strongest(bets: tuple[Bet, ...]) -> Bet:
    """Return the bet with most evidence."""
    return max(bets, key=lambda bet: bet.evidence)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a case can be."""

    name: KindName
    share: float = 0.0
    """The share of the reference that is meant by lowest or highest, 0 to 1; 0 for the other kinds."""
    edge: float = 0.0
    """The score that such cases lie below or above; 0 for the other kinds."""

    def fits(self, case: Seen) -> bool:
        """Return whether a case is of the kind."""
        return self.holds(case.score, accepted=case.accepted)

    def holds(self, score: float | None, *, accepted: bool) -> bool:
        """Return whether a case with a score is of the kind; one without a score is below every score."""
        match self.name:
            case "lowest":
                return score is None or score < self.edge
            case "highest":
                return score is not None and score > self.edge
            case "reviewed":
                return not accepted
            case "accepted":
                return accepted
            case "unscored":
                return score is None
            case _ as unknown:
                assert_never(unknown)

    def __str__(self) -> str:
        """Return what a case of the kind is, as people read it."""
        match self.name:
            case "lowest" | "highest":
                return f"with a score among the {self.name} {in_percent(self.share)} of the reference"
            case "reviewed":
                return "sent to review"
            case "accepted":
                return "accepted"
            case "unscored":
                return "without a score"
            case _ as unknown:
                assert_never(unknown)


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

    def chance(self, known: int) -> float:
        """Return how often the kind is to be expected, above 0 and below 1, after ``known`` cases to compare with."""
        return chance_of(self.hits, known)

    def chance_before(self, bet: Bet, known: int) -> float:
        """Return how often the kind was to be expected before the cases that a bet was won with."""
        return chance_of(self.hits - bet.hits, known - bet.cases)

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


@dataclass(frozen=True, slots=True)
class Shift:
    """Signals of drift, and what they are worth together.

    While nothing changes, the mean number of cases until ``evidence`` reaches A is at least A, so it may be looked at
    after every case. Kinds of cases rather than a distance between distributions, because they say what moved, and are
    as fast: see ``docs/drift.md``.
    """

    signals: tuple[Signal, ...]
    known: int
    """Cases compared with: the reference, and every one since."""
    recent: int = 0
    """Cases since the alarm was raised."""

    @classmethod
    def of(cls, reference: Iterable[Seen], *, ratios: tuple[float, ...] = RATIOS) -> Self:
        """Return what later cases are compared with.

        The reference must be cases as they were routed by the rule in use, in their natural mix. ``ratios`` are the
        bets of each signal, each more than 1.

        Raises:
            TooFewCases: there are fewer than 200.
        """
        cases = tuple(reference)
        scores = [case.score for case in cases if case.score is not None]
        return cls._counted(scores, sum(case.accepted for case in cases), len(cases), ratios)

    @classmethod
    def of_scores(cls, scores: Sequence[float], threshold: float) -> Self:
        """Return the same where all cases have a score, and are accepted from a threshold on.

        Raises:
            TooFewCases: there are fewer than 200.
            InvalidScore: one is not a finite number.
        """
        for score in scores:
            if not math.isfinite(score):
                raise InvalidScore(where="a reference case", score=score)
        return cls._counted(scores, sum([score >= threshold for score in scores]), len(scores), RATIOS)

    @classmethod
    def _counted(cls, scores: Sequence[float], accepted: int, known: int, ratios: tuple[float, ...]) -> Self:
        if known < FEWEST:
            raise TooFewCases(found=known, needed=FEWEST, what="reference cases")
        bets = tuple(Bet(ratio, LEAST) for ratio in ratios)
        found = _kinds(sorted(scores), accepted, known)
        return cls(tuple(Signal(kind, hits, bets) for kind, hits in found), known)

    @property
    def evidence(self) -> float:
        """Return what all bets are worth together, 0 or more."""
        return sum([mean_evidence(signal.bets) for signal in self.signals]) / len(self.signals)

    @property
    def can_settle(self) -> bool:
        """Return whether the cases since the alarm are enough to be a reference."""
        return self.recent >= FEWEST

    def after(self, case: Seen) -> "Shift":
        """Return the state after a case."""
        return Shift(tuple([signal.after(case, self.known) for signal in self.signals]), self.known + 1, self.recent)

    def collecting(self, case: Seen) -> "Shift":
        """Return the state after a case while the alarm is raised."""
        return Shift(tuple([signal.collecting(case) for signal in self.signals]), self.known, self.recent + 1)

    def settled(self) -> "Shift":
        """Return the state with the cases since the alarm as the reference."""
        return Shift(tuple(signal.settled() for signal in self.signals), self.recent)

    def leading(self) -> tuple[Signal, Bet]:
        """Return the signal that moved most, and its best bet."""
        signal = max(self.signals, key=lambda each: strongest(each.bets).evidence)
        return signal, strongest(signal.bets)


def _kinds(rising: Sequence[float], accepted: int, known: int) -> Iterator[tuple[Kind, int]]:
    """Yield the kinds of cases, each with how many there are, from the scores of those that have one."""
    unscored = known - len(rising)
    yield Kind("reviewed"), known - accepted
    yield Kind("accepted"), accepted
    yield Kind("unscored"), unscored
    if rising:
        for share in LOWEST:
            edge = rising[int(share * len(rising))]
            yield Kind("lowest", share, edge), unscored + bisect_left(rising, edge)
        for share in HIGHEST:
            edge = rising[-1 - int(share * len(rising))]
            yield Kind("highest", share, edge), len(rising) - bisect_right(rising, edge)
