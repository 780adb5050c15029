"""What is let through after a drift: by a promise with its watch, and by a threshold that somebody chose."""

import random
from dataclasses import dataclass

from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.state import KeeperState
from promise_bench.in_force import RuleInForce
from promise_bench.traffic import Traffic

BEFORE, AFTER = 5_000, 5_000
"""Cases."""
NEW = 0.25
"""Of the cases after the drift: those of new traffic."""


@dataclass(frozen=True, slots=True)
class LetThrough:
    """Wrong values that were accepted after the drift, and looked at by nobody."""

    ours: int
    by_hand: int
    stopped: bool
    """Whether the promise stopped."""


def let_through(traffic: Traffic, new: Traffic, target: float, by_hand: float, *, seed: int) -> LetThrough:
    """Play a stream whose traffic changes for good."""
    chance = random.Random(seed)
    state = KeeperState(PromiseKeeper(traffic.ladder, KeeperSettings(target=target)))
    ours = theirs = 0
    stopped, rule = False, RuleInForce()
    for number in range(1, BEFORE + AFTER + 1):
        is_new = number > BEFORE and chance.random() < NEW
        score, right = chance.choice(new.cases if is_new else traffic.cases)
        rule.follow(state.keeper, state.accepted_share)
        is_accepted, share = rule.judged(score)
        drawn = chance.random() < share
        if number > BEFORE and not right:
            ours += is_accepted and not drawn
            theirs += score >= by_hand
        state.read([(rule.case(number, score, share, drawn=drawn, right=right), float(number))])
        if state.stopped:
            state.stopped, stopped = "", number > BEFORE
    return LetThrough(ours, theirs, stopped)
