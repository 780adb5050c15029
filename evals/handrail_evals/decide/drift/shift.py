"""The alarm that needs no labels: have the scores, or the share that is reviewed, moved away from a reference?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from handrail_evals.decide.drift.bet import Bet, mean_evidence, strongest
from handrail_evals.decide.drift.kind import Kind
from handrail_evals.decide.drift.seen import Seen
from handrail_evals.decide.drift.signal import Signal
from handrail_evals.errors import TooFewCases

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
        if len(cases) < FEWEST:
            raise TooFewCases(found=len(cases), needed=FEWEST, what="reference cases")
        bets = tuple(Bet(ratio, LEAST) for ratio in ratios)
        return cls(tuple(Signal.of(kind, cases, bets) for kind in _kinds(cases)), len(cases))

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


def _kinds(cases: Sequence[Seen]) -> Iterator[Kind]:
    yield Kind("reviewed")
    yield Kind("accepted")
    yield Kind("unscored")
    scores = sorted(case.score for case in cases if case.score is not None)
    if scores:
        yield from (Kind("lowest", share, scores[int(share * len(scores))]) for share in LOWEST)
        yield from (Kind("highest", share, scores[-1 - int(share * len(scores))]) for share in HIGHEST)
