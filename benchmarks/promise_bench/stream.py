"""One stream of cases, decided under a promise by its keeper, case by case."""

import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from promise_bench.in_force import RuleInForce
from promise_bench.traffic import Traffic

if TYPE_CHECKING:
    from handrail_evals.decide.keeping.draws import DrawnCase

LOOK_EVERY = 10
"""Cases between two looks of the keeper: it looks every 15 seconds, so that this is slow traffic."""
Looks: TypeAlias = Literal["one", "two"]
"""``two``: a label that contradicts the model counts only if a second one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """How labels come."""

    wrong: float = 0.0
    """So many are turned into their contrary."""
    looks: Looks = "one"
    late: int = 0
    """So many cases later each of them comes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a stream stands after so many cases."""

    cases: int
    coverage: float
    """Of the rule in force, truly; 0 to 1."""
    is_broken: bool
    """Whether a rule up to here truly accepted more wrong values than promised."""
    reviews: int
    """Accepted cases that were asked blind so far."""


@dataclass(frozen=True, slots=True)
class Played:
    """A stream after its last case."""

    marks: tuple[Mark, ...]
    keeper_seconds: float
    oracle: float
    """The largest coverage that truly keeps the promise, 0 to 1."""

    def at(self, cases: int) -> Mark:
        """Return where it stood after so many cases, at which it was looked."""
        return next(mark for mark in self.marks if mark.cases == cases)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)

    @classmethod
    def of_json(cls, data: Any) -> Self:
        """Return one from JSON data."""
        return cls(tuple(Mark(**each) for each in data["marks"]), data["keeper_seconds"], data["oracle"])


def play(
    traffic: Traffic, settings: KeeperSettings, marks: Sequence[int], *, seed: int, labels: Labels | None = None
) -> Played:
    """Decide a stream: all that is not accepted is answered, of the rest the share that the keeper asks for."""
    chance, keeper, how = random.Random(seed), PromiseKeeper(traffic.ladder, settings), labels or Labels()
    found, looked = list[Mark](), set(marks)
    spent, reviews, is_broken, rule = 0.0, 0, False, RuleInForce()
    threshold: float | None = None
    waiting: deque[DrawnCase] = deque()
    for number in range(1, max(marks) + 1):
        score, right = chance.choice(traffic.cases)
        rule.follow(keeper, keeper.share())
        is_accepted, share = rule.judged(score)
        drawn = chance.random() < share
        reviews += is_accepted and drawn
        said = right != (chance.random() < how.wrong)
        if how.looks == "two" and not said:
            said = right != (chance.random() < how.wrong)
        case = rule.case(number, score, share, drawn=drawn, right=said)
        waiting.append(case)
        if number % LOOK_EVERY == 0:
            began = time.process_time()
            keeper.read([waiting.popleft() for _ in range(len(waiting) - how.late)])
            spent += time.process_time() - began
        if keeper.threshold != threshold:
            threshold = keeper.threshold
            is_broken |= traffic.truth(threshold)[1] > settings.target
        if number in looked:
            found.append(Mark(number, traffic.truth(threshold)[0], is_broken, reviews))
    return Played(tuple(found), spent, traffic.oracle(settings.target))
