"""What is let through after a drift: by a promise with its watch, and by a threshold that somebody chose."""

import random
from dataclasses import dataclass

from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ledger import loosest_place
from handrail_evals.decide.keeping.state import SHARE_STEP, KeeperState
from handrail_guards.promise_grades import NO_GRADES, share_at
from promise_bench.stream import NO_PLACES
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
    stopped = False
    threshold, share_in_force, grades, placed = state.keeper.threshold, 1.0, NO_GRADES, NO_PLACES
    for number in range(1, BEFORE + AFTER + 1):
        is_new = number > BEFORE and chance.random() < NEW
        score, right = chance.choice(new.cases if is_new else traffic.cases)
        wanted = state.accepted_share
        if not SHARE_STEP * share_in_force < wanted <= share_in_force or state.keeper.threshold != threshold:
            threshold, share_in_force, grades = state.keeper.threshold, wanted, state.keeper.grades(wanted)
            placed = tuple((loosest_place(each.down_to, traffic.ladder), each.share) for each in grades)
        is_accepted = threshold is not None and score >= threshold
        share = (share_at(grades, score) or share_in_force) if is_accepted else 1.0
        drawn = chance.random() < share
        if number > BEFORE and not right:
            ours += is_accepted and not drawn
            theirs += score >= by_hand
        case = DrawnCase(
            number=number,
            score=score,
            share=share,
            drawn=drawn,
            in_force=state.keeper.in_force,
            accepted_share=share_in_force,
            below_share=1.0,
            verdict=("right" if right else "wrong") if drawn else None,
            grades=placed,
        )
        state.read([(case, float(number))])
        if state.stopped:
            state.stopped, stopped = "", number > BEFORE
    return LetThrough(ours, theirs, stopped)
