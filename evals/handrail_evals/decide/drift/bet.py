"""One bet that something happens more often than it should, kept up case after case."""

from typing import NamedTuple


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

    def after(self, *, hit: bool, chance: float) -> "Bet":
        """Return the bet after a case in which it happened or not; it should with ``chance``, above 0 and below 1."""
        # Never a certainty: a single miss would end the bet.
        expected = min(max(self.ratio * chance, self.least), (1 + chance) / 2)
        factor = expected / chance if hit else (1 - expected) / (1 - chance)
        anew = self.run <= 1.0
        return Bet(
            self.ratio,
            self.least,
            (self.evidence + 1.0) * factor,
            factor if anew else self.run * factor,
            hit if anew else self.hits + hit,
            1 if anew else self.cases + 1,
        )


def mean_evidence(bets: tuple[Bet, ...]) -> float:
    """Return what several bets are worth together, each with an equal stake: this is evidence as one bet's is."""
    return sum(bet.evidence for bet in bets) / len(bets)


def strongest(bets: tuple[Bet, ...]) -> Bet:
    """Return the bet with most evidence."""
    return max(bets, key=lambda bet: bet.evidence)
