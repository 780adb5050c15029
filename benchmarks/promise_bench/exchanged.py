"""A model that comes from elsewhere: what was answered under the one before is scored again, and counts for it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from guarantee_bench.case import Predicted
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import ladder_of
from handrail_evals.decide.learning.exchanged import for_thresholds
from promise_bench.in_force import RuleInForce
from promise_bench.stream import LOOK_EVERY
from promise_bench.traffic import LADDER_PART, OUT_OF_SCOPE_TIMES, Traffic

CASES = 10_000
"""Under the model before."""
FIRST_PART = 0.5
"""Of delta: what the first model from elsewhere has, as another might see the same labels after it."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a model may accept at the moment when it takes the place of another."""

    coverage: float
    """Truly, 0 to 1."""
    oracle: float
    is_broken: bool
    before: float
    """The coverage of the model before, truly."""
    labels: int
    """Blind answers that counted."""


@dataclass(frozen=True, slots=True)
class TwoModels:
    """The same texts as two models answer them."""

    cases: tuple[tuple[Predicted, Predicted], ...]
    before: Traffic
    after: Traffic

    @classmethod
    def of(cls, before: Sequence[Predicted], after: Sequence[Predicted], *, seed: int) -> "TwoModels":
        """Return the texts dealt out to thresholds and to traffic, as ``Traffic.of`` deals them."""
        chance = random.Random(seed)
        both = list(zip(before, after, strict=True))
        texts = [list(copies) for _, copies in groupby(both, key=lambda each: each[0].name.split(".")[0])]
        chance.shuffle(texts)
        cut = len(texts) // LADDER_PART
        sides = [[each for copies in part for each in _weighed(copies)] for part in (texts[:cut], texts[cut:])]
        traffics = []
        for side in (0, 1):
            unlabelled = tuple(each[side].shares[0] for each in sides[0])
            cases = [(each[side].shares[0], each[side].right) for each in sides[1]]
            traffics.append(Traffic.on(("before", "after")[side], ladder_of(unlabelled), cases, unlabelled))
        return cls(tuple(sides[1]), *traffics)


def _weighed(copies: list[tuple[Predicted, Predicted]]) -> list[tuple[Predicted, Predicted]]:
    return copies * (OUT_OF_SCOPE_TIMES if len(copies) > 1 else 1)


def exchanged(two: TwoModels, target: float, delta: float, *, seed: int) -> Exchanged:
    """Keep a promise of the model before, score its cases again under the one after, and count them for it."""
    old = PromiseKeeper(two.before.ladder, KeeperSettings(target=target, delta=delta))
    ledger = _decided(old, two, random.Random(seed))
    chosen = {case.number for case, _ in for_thresholds(ledger)}
    ladder = ladder_of([answered.shares[0] for case, answered in ledger if case.number in chosen])
    new = PromiseKeeper(ladder, KeeperSettings(target=target, delta=delta * FIRST_PART))
    new.read([_scored_again(case, answered) for case, answered in ledger if case.number not in chosen])
    coverage, risk = two.after.truth(new.threshold)
    labels = sum(case.drawn for case, _ in ledger)
    return Exchanged(coverage, two.after.oracle(target), risk > target, two.before.truth(old.threshold)[0], labels)


def _decided(keeper: PromiseKeeper, two: TwoModels, chance: random.Random) -> list[tuple[DrawnCase, Predicted]]:
    """Decide the cases under the model before; returns each as its ledger has it, and as the other model answers."""
    found: list[tuple[DrawnCase, Predicted]] = []
    rule, read = RuleInForce(), 0
    for number in range(1, CASES + 1):
        old, new = chance.choice(two.cases)
        rule.follow(keeper, keeper.share())
        score = old.shares[0]
        _, share = rule.judged(score)
        case = rule.case(number, score, share, drawn=chance.random() < share, right=old.right)
        found.append((case, new))
        if number % LOOK_EVERY == 0:
            keeper.read([case for case, _ in found[read:]])
            read = number
    return found


def _scored_again(case: DrawnCase, answered: Predicted) -> DrawnCase:
    """Return a case under the other model, as ``drawn_cases`` reads it from a store: with the share of its time."""
    return DrawnCase(
        number=case.number,
        score=answered.shares[0],
        share=case.share,
        drawn=case.drawn,
        in_force=-1,
        accepted_share=case.accepted_share,
        below_share=min((case.below_share, *(share for _, share in case.grades))),
        verdict=("right" if answered.right else "wrong") if case.drawn else None,
    )
