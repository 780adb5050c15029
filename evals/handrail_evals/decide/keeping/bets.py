"""Bets against thresholds: how those that are laid under one rule move with many cases at once."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from handrail_evals.decide.keeping.draws import PlacedGrades
from handrail_evals.decide.keeping.ladder import KeeperLadder
from handrail_ground.optional import OptionalLibrary

np: Any = OptionalLibrary("numpy", extra="evals")


@dataclass(frozen=True, slots=True)
class BetMixture:
    """Several ways to bet on a threshold at once."""

    risks: tuple[float, ...]
    """One bet for each: the best one where the true risk is so much of the target; one more learns the risk."""
    first: tuple[float, ...]
    """What each begins with on the first threshold of a segment, the one that learns last: a mean of several costs the
    logarithm of one over its best bet's part, and there labels are dearest and the risk is lowest ..."""
    last: tuple[float, ...]
    """... and what they begin with from the middle of the segment on, where the risk nears the target."""


SPREAD = BetMixture((0.1, 0.4, 0.75), first=(0.6, 0.25, 0.05, 0.1), last=(0.1, 0.25, 0.3, 0.35))
"""Of promises that began before segments were believed jointly."""
GATHERED = BetMixture((0.2, 0.4, 0.65), first=(0.4, 0.4, 0.15, 0.05), last=(0.02, 0.1, 0.75, 0.13))
"""Where thresholds are believed: at a fifth to two thirds of the target. Bets on less or more cost labels there."""
ROUNDED = 1e-9
"""A weighted mean of logarithms is not above the largest of them by more."""


@dataclass(frozen=True, slots=True)
class LaidBets:
    """The bets on some thresholds while a rule is in force, one column for each."""

    target: float
    edge: Any
    """What a wrong value is expected to cost a bet, beyond what a right one wins."""
    most: Any
    """The largest bets."""
    fixed: Any
    """The bets that do not learn, a row for each way."""

    def on(self, rungs: Any) -> "LaidBets":
        """Return those on some of the thresholds."""
        return LaidBets(self.target, self.edge[rungs], self.most[rungs], self.fixed[:, rungs])

    def learned(self, loss: Any, seen: Any) -> Any:
        """Return the bet that learns the risk, from what earlier cases came to."""
        own = np.minimum(np.maximum((loss + self.target) / (self.target * seen + 2), 0.02), 1.0)
        return np.minimum((1 - own) / self.edge, self.most)


@dataclass(frozen=True, slots=True)
class BetPaths:
    """What each way of betting has made after each case."""

    wealth: Any
    """Its logarithm, by way, case and threshold."""
    reached: Any
    """Whether a case is at or above a threshold, and so moves the bets on it; by case and threshold."""

    def best(self, weights: Any, before: Any, enough: float, dearer: Callable[[Any, int], Any] | None = None) -> Any:
        """Return the most that the weighted mean has been up to each case, of those that come to ``enough``.

        The mean is not above the largest of its parts, so that it is reckoned where that one tells something new.
        ``dearer`` says how much is taken off after some cases, from so many of the thresholds.
        """
        top = self.wealth.max(axis=0)
        tells = self.reached & (top > np.maximum(before, enough) - ROUNDED)
        columns, found = np.flatnonzero(tells.any(axis=0)), np.repeat(before[None], len(top), axis=0)
        if len(columns):
            means, peak = np.full(top.shape, -np.inf), top[tells]
            parts = weights[:, np.nonzero(tells)[1]] * np.exp(self.wealth[:, tells] - peak)
            means[tells] = peak + np.log(parts.sum(axis=0))
            if dearer is not None:
                rows, told = np.flatnonzero(tells.any(axis=1)), int(columns[-1]) + 1
                means[rows, :told] -= dearer(rows, told)
            found[:, columns] = np.maximum.accumulate(np.maximum(means[:, columns], before[columns]), axis=0)
        return found

    def means(self, weights: Any, rows: Any, columns: Any) -> Any:
        """Return the logarithm of the weighted mean after some cases, on some thresholds; a row for each case."""
        return mean_of(weights[:, None, columns], self.wealth[:, rows[:, None], columns])


def mean_of(weights: Any, wealth: Any) -> Any:
    """Return the logarithm of the weighted mean of what bets have made, by way along the first axis."""
    peak = wealth.max(axis=0)
    return peak + np.log((weights * np.exp(wealth - peak)).sum(axis=0))


def paths_of(bets: LaidBets, won: float, paid: Any, reached: Any, seen: Any, loss: Any, wealth: Any) -> BetPaths:
    """Return how bets move with cases: by what is bet, times what is won with each case less what is paid for it.

    ``seen``, ``loss`` and ``wealth`` are of before the first case; every bet is made from earlier cases alone.
    """
    ways, count = bets.fixed.shape[0], len(paid)
    moved = np.empty((count + 1, ways + 1, reached.shape[1]))
    moved[0] = wealth
    np.multiply(reached[:, None], np.log1p(bets.fixed * won), out=moved[1:, :ways])
    wrong = np.flatnonzero(paid)
    if len(wrong):
        lost_each = np.where(reached[wrong], won - paid[wrong, None], 0.0)
        moved[wrong + 1, :ways] = np.log1p(bets.fixed * lost_each[:, None])
    own = bets.learned(_lost_before(wrong, paid, reached, loss), seen + (np.cumsum(reached, axis=0) - reached))
    moved[1:, ways] = np.log1p(own * np.where(reached, won - paid[:, None], 0.0))
    for before, after in pairwise(moved):  # one case after the other, as np.cumsum does it in three times as long
        np.add(before, after, out=after)
    return BetPaths(moved[1:].transpose(1, 0, 2), reached)


def _lost_before(wrong: Any, paid: Any, reached: Any, loss: Any) -> Any:
    """Return what was paid before each case, on each threshold, added up one by one."""
    if not len(wrong):
        return loss
    lost = np.empty(reached.shape)
    begin = 0
    for case in wrong.tolist():
        lost[begin : case + 1] = loss
        begin, loss = case + 1, loss + paid[case] * reached[case]
    lost[begin:] = loss
    return lost


def mixture_of(ladder: KeeperLadder) -> BetMixture:
    """Return the ways to bet on the thresholds of a ladder."""
    return GATHERED if ladder.joint else SPREAD


def weights_of(ladder: KeeperLadder) -> Any:
    """Return what each bet begins with, by way and threshold; those of a threshold add up to one."""
    mixture = mixture_of(ladder)
    first, last = np.asarray(mixture.first)[:, None], np.asarray(mixture.last)[:, None]
    weights = np.empty((len(first), len(ladder.thresholds)))
    for segment in ladder.segments:
        count = segment.end - segment.begin
        moved = np.minimum(np.arange(count) / max(1.0, count / 2), 1.0)
        weights[:, segment.begin : segment.end] = first + (last - first) * moved
    return weights


def shares_of(count: int, in_force: int, band: int, accepted: float, below: float, grades: PlacedGrades) -> Any:
    """Return the share of the cases between each threshold and the one before it, while a rule is in force."""
    place = np.arange(count)
    share = np.where(place <= in_force, accepted, np.where(place <= band, 1.0, below))
    for down_to, graded in reversed(grades):
        share[: down_to + 1] = graded
    return share
