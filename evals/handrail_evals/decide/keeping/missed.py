r"""The keeper of a bound on what is missed: how many cases of one label are accepted as another.

Promise: with a chance of 1 - delta, at all times at once, of the cases whose true label is the one in question at most
``target`` are accepted as another label.

Case t has a true label Y, and A = 1 if its answer is another label than the one in question, with a score at or above
a threshold: then it would be missed, were Y that label. A threshold is *bad* if at every t, given the past,
P(Y = label, A) >= target * P(Y = label). The share pi > 0 is chosen from the past, the answer and its score; whether
the case is drawn (xi) is independent of Y; a drawn case gets its true label, blind. Let

    Z = xi / pi * 1{Y = label} * (target - A).

Given the past, E[Z] = target * P(Y = label) - P(Y = label, A), which for a bad threshold is at most 0, since A is known
when the case is drawn. Z is never below -(1 - target) / pi, and that only where A = 1: with m the least share that any
case at or above the threshold could have, and a bet 0 <= b < m / (1 - target) chosen from the past, every factor
1 + b * Z is positive. So their product W is for a bad threshold a nonnegative supermartingale that starts at 1, and so
is a weighted mean of several: by Ville's inequality it ever reaches 1/level with a chance of at most ``level``. The
denominator is the label's own cases, so only they move W; how many there are needs not be known.

What is missed only grows as a threshold is loosened (A does, and P(Y = label) does not depend on it): the bad
thresholds are the loosest ones, and the strictest of them is reached first. Tried strict to loose, each at the whole of
delta, the chance that a bad one is ever accepted at is at most delta, with no start that takes a part of it; and
whatever accepts less than a threshold that was reached keeps the promise too, also where another part of a promise is
stricter.

A case that nobody will answer is taken for the label where it would be missed, and for another one elsewhere: that is
the least that Z can be. Cases that can never be accepted (without a confidence, blocked by a guard) are in no ledger:
they would only make the denominator larger.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from handrail_evals.decide.keeping.bets import LaidBets, np, shares_of
from handrail_evals.decide.keeping.draws import DrawnCase, PlacedGrades
from handrail_evals.decide.keeping.grading import ASKED
from handrail_evals.decide.keeping.keeper import MOST, KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment
from handrail_guards.promise_grades import NO_GRADES, Grades

MISSED_EFFORT = 6.0
"""The share falls as this / (target * cases of the label): a threshold whose cases are missed half as often as they may
be takes some 20 / target of them, and the first one some 4 / target."""
ALARMS = (1.0, 4.0)
"""What the alarm bets on: that so many times more is missed than may be, over what may be."""
LABELS_PER_FALSE_ALARM = 10_000
"""Of the label, on average, while the promise holds."""


class MissedKeeper(PromiseKeeper):
    """Reads the ledger of one label: the verdict of a case is ``wrong`` where its true label is that one."""

    def __init__(self, ladder: KeeperLadder, settings: KeeperSettings) -> None:
        whole = (LadderSegment(0, len(ladder.thresholds), 1.0),)
        super().__init__(replace(ladder, segments=whole, joint=False), settings)
        self._alarm = [0.0] * len(ALARMS)
        """How much speaks for it that more is missed than promised at the threshold in force, since some case."""

    @property
    def is_alarmed(self) -> bool:
        """Whether the labels that came since the threshold was set say that it does not hold."""
        return sum(self._alarm) >= LABELS_PER_FALSE_ALARM * len(ALARMS)

    def share(self, cases: int | None = None) -> float:
        """Return the share of all cases to ask blind next: it falls with the label's cases, not with all."""
        del cases
        if self.in_force < 0:
            return 1.0
        known = max(1.0, float(self.seen[0]))
        falls = ASKED[self.settings.answers] * MISSED_EFFORT / (self.settings.target * known)
        return min(1.0, max(self.settings.least_share, falls))

    def grades(self, share: float) -> Grades:
        """Return no grades: a case of the label may have any score."""
        del share
        return NO_GRADES

    def take(self, cases: Sequence[DrawnCase]) -> list[int]:
        """Count cases up to one with which it is alarmed; returns what is in force after each."""
        places = []
        for case in cases:
            self._count_one(case)
            places.append(self.in_force)
            if self.is_alarmed:
                break
        return places

    def _count_one(self, case: DrawnCase) -> None:
        self.cases += 1
        self.labels += case.drawn
        self.last = case.number
        if not case.drawn or case.verdict == "right":  # another label
            return
        first, weight = self.ladder.place_of(case.score), 1 / case.share
        is_known = case.verdict == "wrong"
        laid, target, before = self.bets_under(case), self.settings.target, self.in_force
        bets = np.concatenate([laid.fixed, laid.learned(self.loss, self.seen)[None]])
        if is_known:
            self.wealth[:, :first] += np.log1p(bets[:, :first] * target * weight)
            self.seen[:first] += weight
            self.answered[:first] += 1
        self.wealth[:, first:] += np.log1p(-bets[:, first:] * (1 - target) * weight)
        self.seen[first:] += weight
        self.loss[first:] += weight
        self.answered[first:] += 1
        self.erred[first:] += 1
        if is_known or first <= before:
            self._watch(case, weight, is_missed=first <= before)
        self.reckon()
        if self.in_force != before:
            self._alarm = [0.0] * len(ALARMS)

    def _watch(self, case: DrawnCase, weight: float, *, is_missed: bool) -> None:
        """Go on with the alarm: bets that more is missed than promised, one begun at each case of the label.

        Their sum exceeds what it should by a factor of n after n such cases on average, or later, if the promise holds.
        """
        if self.in_force < 0:
            return
        target, least = self.settings.target, min(case.accepted_share, case.below_share)
        moved = weight * ((1 - target) if is_missed else -target)
        for place, more in enumerate(ALARMS):
            bet = min(more * least / (1 - target), MOST * least / target)
            self._alarm[place] = (1 + self._alarm[place]) * (1 + bet * moved)

    def stakes_under(
        self, in_force: int, band: int, accepted: float, below: float, grades: PlacedGrades = ()
    ) -> LaidBets:
        """Return the bets that are laid while a rule is in force."""
        share = shares_of(len(self.ladder.thresholds), in_force, band, accepted, below, grades)
        edge = (1 - self.settings.target) / np.minimum.accumulate(share)
        most = MOST / edge
        return LaidBets(self.settings.target, edge, most, np.minimum((1 - self.bet_risks) / edge, most))

    def as_json(self) -> dict[str, Any]:
        """Return its state as JSON data: a checkpoint, with which reading goes on behind ``last``; never the truth."""
        return {**super().as_json(), "alarm": self._alarm}

    def restore(self, data: Any) -> None:
        """Take over what a checkpoint says besides the state of the bets."""
        super().restore(data)
        self._alarm = [float(each) for each in data["alarm"]]
