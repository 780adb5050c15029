r"""The keeper of a promise: which threshold it may accept at, after every label, from the ledger alone.

Promise: with a chance of 1 - delta, at all times at once, at most ``target`` of what is accepted is wrong.

Theorem. Let the thresholds and segments of the ladder be fixed beforehand. Case t has a score S and is wrong (L = 1)
or right. A threshold is *bad* if at every t, given the past, P(L = 1, S >= threshold) >= target * P(S >= threshold).
Each case has a share pi > 0, chosen from the past and its score alone; whether it is drawn (xi) is independent of L;
a drawn case gets its true label, blind. Let m be the least share that any case at or above a threshold could have at
t, and bet 0 <= b < 1 / (1/m - target), chosen from the past. Then W, the product of 1 + b * (target - xi * L / pi)
over the cases with S >= threshold, is for a bad threshold a nonnegative supermartingale that starts at 1, and so is
a weighted mean of several such products. By Ville's inequality it ever reaches 1/level with a chance of at most
``level``. Within a segment thresholds are tried strict to loose, and the first that is not *believed* ends it; each
segment has a part of delta, together 1. A threshold is believed, and stays so, once for each way to take one threshold
that is not believed, or none, of each stricter segment, p * W added up over these and itself is at 1/delta or above at
one time; p is the part of its segment and of those before it of which none was taken, back to one of which one was.
The keeper accepts at the loosest threshold reached. The chance that it ever accepts at a bad one is at most delta.

Proof. Let b be the first bad threshold of each segment that has one, and M the sum of p * W over these, each p with the
parts of the segments before it that have none: disjoint sums, so that M is a nonnegative supermartingale that begins at
1 at most, and ever reaches 1/delta with a chance of at most delta. The first bad threshold that is ever believed is the
b of its segment. None of the stricter segments' b is believed then, so that they are among the ways, and M reaches
1/delta. (That each evidence may stand in for another's is Vovk's and Wang's (2021) closure of means of e-values.)

A promise that began before adds nothing up: each threshold has to reach 1/(p * delta) by itself, with the parts of
segments that are believed as a whole. A sum is not below its largest part, so that this asks for more.

A promise with several parts has a keeper for each, at its part of delta. A bar for one label reads the cases that are
answered with that label, which is known before anybody says whether they are right; a bar for a field has L = 1 where
the field is wrong; each group has a ledger of its own, and ``missed.py`` says what is bounded of a label's cases. What
several parts bound at once is accepted at a threshold that each of them believes (``promise_call.py``).

Assumptions: cases come independently of each other from one traffic (drift is for the watch), the model was neither
trained nor chosen with the labels that count, answers are blind and true. Betting: Waudby-Smith and Ramdas (2024),
"Estimating means of bounded random variables by betting"; anytime validity: Ville (1939); fixed sequences in segments:
Wiens (2003), "A fixed sequence Bonferroni procedure for testing multiple endpoints".
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, takewhile
from typing import Any, Self, TypeAlias

from handrail_evals.decide.keeping.bets import LaidBets, mean_of, mixture_of, np, paths_of, shares_of, weights_of
from handrail_evals.decide.keeping.draws import DrawnCase, PlacedGrades
from handrail_evals.decide.keeping.grading import even_share, front_loaded, graded_shares, joint_share, worth_behind
from handrail_evals.decide.keeping.ladder import KeeperLadder
from handrail_evals.decide.keeping.order import SegmentOrder
from handrail_evals.errors import InvalidLabels
from handrail_guards.promise_grades import NO_GRADES, Grades
from handrail_guards.promise_part import Answers

MOST = 0.97
"""Of the largest bet that cannot lose everything."""
EFFORT = 20.0
LEAST_SHARE = 0.02
CASES_AT_ONCE = 100
"""Cases whose bets are reckoned together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperSettings:
    """What is promised, and what it may cost.

    Raises:
        InvalidLabels: a number cannot be.
    """

    target: float
    """At most so much of what is accepted is wrong, 0 to 1."""
    delta: float = 0.05
    """The chance that the promise is ever broken, at most."""
    effort: float = EFFORT
    """The share that is answered blind falls with (effort / target + 150) / cases ..."""
    least_share: float = LEAST_SHARE
    """... down to this."""
    answers: Answers = "usual"
    """``few``: half of that share, above the same least one."""
    counted: float = 1.0
    """The least share of wrong values that is counted as wrong, where reviewers miss some, above 0 and up to 1."""
    reserve: bool = False
    """Whether ``counted`` may change: then the bets do not depend on it."""

    @property
    def tested(self) -> float:
        """Return the risk that is tested, so that the true one is at most the target."""
        return self.target * self.counted

    stops_at: float | None = None
    """The risk at which one more case costs as much as its review: nothing is accepted from there on."""
    is_missed: bool = False
    """Whether it bounds what is missed of one label, and not what is wrong."""

    def __post_init__(self) -> None:
        for name in ("target", "delta", "least_share", *(["stops_at"] if self.stops_at is not None else [])):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise InvalidLabels(f"{name} {value!r}: give a share above 0 and below 1")
        if not 0 < self.counted <= 1:
            raise InvalidLabels(f"counted {self.counted!r}: give a share above 0 and up to 1")
        if not 0 < self.effort < math.inf:
            raise InvalidLabels(f"effort {self.effort!r}: give a number above 0")


Rule: TypeAlias = tuple[int, int, float, float, PlacedGrades]
"""The threshold in force and the end of the band, by their places, with the shares of what is accepted and below."""


def rule_of(case: DrawnCase) -> Rule:
    """Return the rule that a case was drawn by."""
    return case.in_force, case.band, case.accepted_share, case.below_share, case.grades


class PromiseKeeper:
    """Reads a ledger in the order of its draws; its state is a function of what it has read, and of nothing else."""

    def __init__(self, ladder: KeeperLadder, settings: KeeperSettings) -> None:
        self.ladder, self.settings = ladder, settings
        self.in_force = -1
        """The threshold to accept at, by its place on the ladder; -1: none yet."""
        self.cases = 0
        """How many were read, drawn or not."""
        self.labels = 0
        """How many drawn ones had an answer."""
        self.last: int | None = None
        """The number of the last case that was read."""
        count = len(ladder.thresholds)
        self._mass = np.asarray(ladder.wrong)
        self._whole_mass = np.cumsum(self._mass)
        self.bet_risks = np.asarray(mixture_of(ladder).risks)[:, None]
        self.wealth = np.zeros((len(self.bet_risks) + 1, count))
        """The logarithm of what each way of betting has made, by threshold."""
        self._best = np.full(count, -math.inf)
        """The most that their weighted mean has ever been, less what the order asks more, of those enough for delta."""
        self.seen, self.loss = np.zeros(count), np.zeros(count)
        self.answered, self.erred = np.zeros(count), np.zeros(count)
        """The same two without weights."""
        self._weights = weights_of(ladder)
        self._rising = -np.asarray(ladder.thresholds)
        self._rule: Rule | None = None
        self._laid: LaidBets | None = None
        self._order = SegmentOrder(ladder, settings.delta)

    @property
    def threshold(self) -> float | None:
        """Return the score from which on the promise lets accept; None: nothing is accepted yet."""
        return None if self.in_force < 0 else self.ladder.thresholds[self.in_force]

    @property
    def believed(self) -> tuple[float, ...]:
        """Return all thresholds that it may accept at, falling, down to the one in force.

        By the theorem all of them are good at once, so that any may be accepted at, for whatever reason.
        """
        return tuple(self.ladder.thresholds[place] for place in self._order.believed if place <= self.in_force)

    @property
    def has_stopped(self) -> bool:
        """Return whether looser thresholds are believed, at which one more case costs more than its review."""
        return self._order.loosest > self.in_force

    @property
    def doubtful(self) -> tuple[tuple[int, float], ...]:
        """Return the thresholds that are tried now, by their place, each with the level at which it is believed."""
        places = self._order.unbelieved
        return self._order.levels(mean_of(self._weights[:, places], self.wealth[:, places]))

    @property
    def is_alarmed(self) -> bool:
        """Whether the labels say that what is promised does not hold; here a watch says so."""
        return False

    @property
    def answers(self) -> int:
        """Return how many blind answers there were at or above the threshold in force; 0: there is none."""
        return 0 if self.in_force < 0 else int(self.answered[self.in_force])

    @property
    def errors(self) -> int:
        """Return how many of them say that the model was wrong, or will never be given."""
        return 0 if self.in_force < 0 else int(self.erred[self.in_force])

    @property
    def risk(self) -> float | None:
        """Return the share of wrong values among those at or above the threshold, as the weighted answers have it."""
        if self.in_force < 0 or not self.seen[self.in_force]:
            return None
        return float(self.loss[self.in_force] / self.seen[self.in_force])

    def share(self, cases: int | None = None) -> float:
        """Return the share of accepted cases to ask blind next, after so many cases; until there is a threshold, 1."""
        if self.in_force < 0:
            return 1.0
        by_target, read = self.settings.effort / self.settings.target, self.cases if cases is None else cases
        falls = even_share(by_target, read, self.settings.answers, joint=self.ladder.joint)
        if self.ladder.joint:
            worth = worth_behind(self.in_force, self.seen, self.loss, self.cases, self.settings.target)
            falls = joint_share(falls, worth)
        elif self.ladder.graded:
            falls = front_loaded(falls)
        return min(1.0, max(self.settings.least_share, falls))

    def grades(self, share: float) -> Grades:
        """Return which share of what is accepted to ask by its score, if it is to be so much of all."""
        if not self.ladder.graded or self.in_force < 0:
            return NO_GRADES
        tried = slice(self.in_force + 1)
        seen, lost = self.seen[tried].tolist(), self.loss[tried].tolist()
        return graded_shares(self.ladder.thresholds[tried], seen, lost, share, self.settings.target)

    def read(self, ledger: Iterable[DrawnCase]) -> int:
        """Read on, in the order of the draws, up to the first drawn case without an answer; returns how many were read.

        A case behind one that is still open is never read before it: hard cases are answered late.

        Raises:
            InvalidLabels: the cases are not in order; then none of them was read.
        """
        return len(self.follow(ledger))

    def follow(self, ledger: Iterable[DrawnCase]) -> list[int]:
        """Read on in the same way; returns the threshold in force after each case that was read, by its place.

        Raises:
            InvalidLabels: the cases are not in order; then none of them was read.
        """
        last, cases = self.last, list(takewhile(lambda case: not case.drawn or case.verdict is not None, ledger))
        for case in cases:
            if last is not None and case.number <= last:
                raise InvalidLabels(f"case {case.number} comes after case {last}: a ledger is read in order, once")
            last = case.number
        places: list[int] = []
        for chunk in self._chunks(cases):
            places += self.take(chunk)
            if self.is_alarmed:
                break
        return places

    def _chunks(self, cases: Sequence[DrawnCase]) -> Iterator[Sequence[DrawnCase]]:
        """Yield cases that were drawn by the same rule."""
        for _, group in groupby(cases, key=rule_of):
            same = list(group)
            yield from (same[start : start + CASES_AT_ONCE] for start in range(0, len(same), CASES_AT_ONCE))

    def take(self, cases: Sequence[DrawnCase]) -> list[int]:
        """Count some cases of one rule; returns what is in force after each.

        Thresholds that are believed stay so: their bets are closed.
        """
        places: list[int] = []
        while len(places) < len(cases):
            places += self._take(cases[len(places) :])
        return places

    def _take(self, cases: Sequence[DrawnCase]) -> list[int]:
        """Count cases up to one that lowers what others have to show; returns what is in force after each."""
        firsts = np.searchsorted(self._rising, [-case.score for case in cases])
        paid = np.asarray([1 / case.share if case.drawn and case.verdict != "right" else 0.0 for case in cases])
        rungs, bets = self._order.unbelieved, self.bets_under(cases[0])
        reached, weights = firsts[:, None] <= rungs, self._weights[:, rungs]
        before = self.seen[rungs], self.loss[rungs], self.wealth[:, rungs]
        paths = paths_of(bets.on(rungs), self.settings.tested, paid, reached, *before)

        def dearer(rows: Any, told: int) -> Any:
            return self._order.dearer(rungs[:told], len(rows), partial(paths.means, weights, rows))

        best = paths.best(weights, self._best[rungs], self._order.enough, dearer if self._order.weighs_more else None)
        closed, places = np.full(len(rungs), len(cases)), list[int]()
        while (row := len(places)) < len(cases):
            end = row + self._unmoved(rungs, best[row:])
            places += [self.in_force] * (end - row)
            self._count(cases[row : end + 1], firsts[row : end + 1], paid[row : end + 1])
            if end < len(cases):
                self._best[rungs] = best[end]
                weighed = self._order.weighs_more
                moved = self._advance()
                places.append(self.in_force)
                if moved:
                    is_closed = np.zeros(len(self.seen), dtype=bool)
                    is_closed[[*self._order.believed]] = True
                    closed[is_closed[rungs] & (closed > end)] = end
                if weighed and any(each + 1 < len(self.ladder.segments) for each in moved):
                    break  # looser segments have less to show from here on
        until, columns = np.minimum(closed, len(places) - 1), np.arange(len(rungs))
        self.wealth[:, rungs], self._best[rungs] = paths.wealth[:, until, columns], best[until, columns]
        return places

    def _unmoved(self, rungs: Any, best: Any) -> int:
        """Return after how many cases nothing else is believed; where costs count, each may move what is in force."""
        if self.settings.stops_at is not None:
            return 0
        tried = self._order.tried()
        return int(min((best[:, rungs.searchsorted(at)].searchsorted(asked) for at, asked in tried), default=len(best)))

    def _count(self, cases: Sequence[DrawnCase], firsts: Any, paid: Any) -> None:
        self.cases += len(cases)
        self.labels += sum(case.drawn for case in cases)
        self.last = cases[-1].number
        size = len(self.seen)
        self.seen += np.bincount(firsts, minlength=size)[:size].cumsum()
        asked = [case.drawn for case in cases]
        self.answered += np.bincount(firsts[asked], minlength=size)[:size].cumsum()
        wrong = np.flatnonzero(paid)
        if len(wrong):  # added up one by one: sums of shares depend on how they are grouped
            lost = np.where(firsts[wrong, None] <= np.arange(size), paid[wrong, None], 0.0)
            self.loss = np.cumsum(np.concatenate([self.loss[None], lost]), axis=0)[-1].copy()
            self.erred += np.bincount(firsts[wrong], minlength=size)[:size].cumsum()

    def bets_under(self, case: DrawnCase) -> LaidBets:
        """Return the bets that are laid under the rule that a case was drawn by."""
        rule = rule_of(case)
        if self._laid is None or self._rule != rule:
            self._rule, self._laid = rule, self.stakes_under(*rule)
        return self._laid

    def stakes_under(
        self, in_force: int, band: int, accepted: float, below: float, grades: PlacedGrades = ()
    ) -> LaidBets:
        """Return the bets that are laid while a rule is in force."""
        target, share = self.settings.target, shares_of(len(self._mass), in_force, band, accepted, below, grades)
        dearest = np.maximum.accumulate(1 / share)  # of a wrong value at or above each threshold, at most
        if grades:  # the surest cases have the least share, and are at or above every threshold
            dearest = np.maximum(dearest, 1 / min(each for _, each in grades))
        expected = np.cumsum(self._mass / share) / self._whole_mass
        edge = np.maximum(expected - target, 1e-12)
        most = MOST / np.maximum(dearest - (0.0 if self.settings.reserve else target), 1e-12)
        return LaidBets(target, edge, most, np.minimum((1 - self.bet_risks) / edge, most))

    def reckon(self) -> None:
        """See what is believed, now that the bets on all thresholds have moved."""
        self._best = np.maximum(self._best, mean_of(self._weights, self.wealth))
        self._advance()

    def _advance(self) -> tuple[int, ...]:
        """Move to the loosest threshold that the order of the theorem reaches; return the segments that moved."""
        moved = self._order.advance(self._best)
        loosest = self._order.loosest
        self.in_force = loosest if self.settings.stops_at is None or loosest < 0 else self._cheapest(loosest)
        return moved

    def _cheapest(self, loosest: int) -> int:
        """Return the believed threshold down to which accepting costs the least, with what people decide below it.

        There the risk of one more case passes what its review costs of a wrong value: where risk less that share, added
        up from the strictest threshold on, is the least. The one in force stays until another saves a wrong value.
        """
        excess = self.loss[: loosest + 1] - self.settings.stops_at * self.seen[: loosest + 1]
        excess[[place for place in self._order.unbelieved if place <= loosest]] = math.inf
        best = loosest - int(excess[::-1].argmin())
        stays = 0 <= self.in_force <= loosest and excess[self.in_force] <= excess[best] + 1
        return self.in_force if stays else best

    def as_json(self) -> dict[str, Any]:
        """Return its state as JSON data: a checkpoint, with which reading goes on behind ``last``; never the truth."""
        return {
            "in_force": self.in_force,
            "cases": self.cases,
            "labels": self.labels,
            "last": self.last,
            "wealth": self.wealth.tolist(),
            "best": [None if each == -math.inf else each for each in self._best.tolist()],
            "seen": self.seen.tolist(),
            "loss": self.loss.tolist(),
            "answers": self.answered.tolist(),
            "errors": self.erred.tolist(),
        }

    @classmethod
    def of_json(cls, data: Any, ladder: KeeperLadder, settings: KeeperSettings) -> Self:
        """Return a keeper from a checkpoint of the same ladder and settings.

        Raises:
            InvalidLabels: it is none of this ladder.
        """
        keeper = cls(ladder, settings)
        try:
            wealth = np.asarray(data["wealth"], dtype=float)
            best = np.asarray([-math.inf if each is None else each for each in data["best"]], dtype=float)
            counted = ("seen", "loss", "answers", "errors")
            seen, loss, answers, errors = (np.asarray(data[name], dtype=float) for name in counted)
            fits = wealth.shape == keeper.wealth.shape and all(
                each.shape == keeper.seen.shape for each in (best, seen, loss, answers, errors)
            )
            if not fits:
                raise InvalidLabels("this checkpoint is of another ladder: begin again from the ledger")
            keeper.wealth, keeper._best, keeper.seen, keeper.loss = wealth, best, seen, loss
            keeper.answered, keeper.erred = answers, errors
            keeper.restore(data)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidLabels(f"this is no checkpoint of a keeper: {error}") from error
        return keeper

    def restore(self, data: Any) -> None:
        """Take over what a checkpoint says besides the state of the bets; what is believed follows from those."""
        self.in_force, self.cases, self.labels = (int(data[name]) for name in ("in_force", "cases", "labels"))
        self.last = None if data["last"] is None else int(data["last"])
        self._advance()
