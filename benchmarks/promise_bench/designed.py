"""The keeper of the first design, on the same streams: what its bars come to where they are held against ours."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from handrail_evals.decide.keeping.bets import mean_of
from handrail_evals.decide.keeping.ladder import KeeperLadder, ladder_of
from handrail_evals.decide.keeping.order import SegmentOrder
from promise_bench.stream import LOOK_EVERY, Mark, Played
from promise_bench.traffic import Traffic

RISKS = (0.05, 0.25, 0.5, 0.7, 0.85)
"""What is bet on, over the target; one bet more learns it."""
STARTS, PARTS = (0.15, 0.35, 0.55), (0.3, 0.4, 0.3)
RUNGS = 200
SPENT = {0.02: 1_200.0, 0.05: 600.0}
"""By target: the share that is asked of the accepted cases is this over the cases so far ..."""
LEAST = 0.02
"""... and no less."""
MOST = 0.97
DELTA = 0.05


class DesignedKeeper:
    """Bets at even shares; each threshold shows its own evidence, at its segment's part of delta."""

    def __init__(self, ladder: KeeperLadder, target: float) -> None:
        count = len(ladder.thresholds)
        self.ladder, self.in_force, self.share = ladder, -1, 1.0
        self._target, self._cases = target, 0
        self._order = SegmentOrder(ladder, DELTA)
        self._rising, self._mass = -np.asarray(ladder.thresholds), np.asarray(ladder.wrong)
        self._wealth, self._best = np.zeros((len(RISKS) + 1, count)), np.full(count, -np.inf)
        self._seen, self._loss = np.zeros(count), np.zeros(count)
        self._weights = np.full((len(RISKS) + 1, count), 1 / (len(RISKS) + 1))

    @property
    def threshold(self) -> float | None:
        """Return the score from which on it accepts; None: it accepts nothing yet."""
        return None if self.in_force < 0 else self.ladder.thresholds[self.in_force]

    def _bets(self) -> Any:
        share = np.where(np.arange(len(self._mass)) <= self.in_force, self.share, 1.0)
        costs = np.cumsum(self._mass / share) / np.cumsum(self._mass)
        most = MOST / (np.maximum.accumulate(1 / share) - self._target)
        learned = np.clip((self._loss + self._target) / (self._target * self._seen + 2), 0.02, 1.0)
        risks = np.vstack([np.repeat(np.asarray(RISKS)[:, None], len(most), axis=1), learned])
        return np.minimum((1 - risks) / (costs - self._target), most)

    def read(self, cases: Sequence[tuple[float, float]]) -> None:
        """Take cases of one rule: the score of each, and one over its share where it was asked and is wrong, or 0."""
        bets, firsts = self._bets(), np.searchsorted(self._rising, [-score for score, _ in cases])
        reached = np.bincount(firsts, minlength=len(self._seen) + 1)[:-1].cumsum()
        won = np.log1p(bets * self._target)
        self._wealth += reached * won
        self._seen += reached
        for first, (_, paid) in zip(firsts, cases, strict=True):
            if paid:
                lost = np.log1p(bets[:, first:] * (self._target - paid))
                self._wealth[:, first:] += lost - won[:, first:]
                self._loss[first:] += paid
        self._cases += len(cases)
        self._best = np.maximum(self._best, mean_of(self._weights, self._wealth))
        self._order.advance(self._best)
        self.in_force = self._order.loosest
        if self.in_force >= 0:
            self.share = min(1.0, max(LEAST, SPENT[self._target] / self._cases))


def play_designed(traffic: Traffic, target: float, marks: Sequence[int], *, seed: int) -> Played:
    """Decide the stream of a seed, the same cases in the same order as ``stream.play`` does."""
    ladder = ladder_of(traffic.unlabelled, rungs=RUNGS, starts=STARTS, parts=PARTS, graded=False, joint=False)
    chance, keeper, looked = random.Random(seed), DesignedKeeper(ladder, target), set(marks)
    found, waiting = list[Mark](), list[tuple[float, float]]()
    reviews, is_broken = 0, False
    for number in range(1, max(marks) + 1):
        score, right = chance.choice(traffic.cases)
        is_accepted = keeper.threshold is not None and score >= keeper.threshold
        share = keeper.share if is_accepted else 1.0
        is_drawn, _ = chance.random() < share, chance.random()  # that one turns labels into their contrary elsewhere
        reviews += is_accepted and is_drawn
        waiting.append((score, 0.0 if right or not is_drawn else 1 / share))
        if number % LOOK_EVERY == 0:
            keeper.read(waiting)
            waiting.clear()
            is_broken |= traffic.truth(keeper.threshold)[1] > target
        if number in looked:
            found.append(Mark(number, traffic.truth(keeper.threshold)[0], is_broken, reviews))
    return Played(tuple(found), 0.0, traffic.oracle(target))
