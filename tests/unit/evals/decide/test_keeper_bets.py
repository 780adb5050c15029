"""Many cases at once come to what they come to one by one, each bet reckoned for each threshold."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail_evals.decide.keeping.bets import weights_of
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import MOST, RISKS, KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment

RUNGS = 6
LADDER = KeeperLadder(
    tuple(1 - step / 10 for step in range(1, RUNGS + 1)),
    (0.1, 0.2, 0.2, 0.3, 0.4, 0.9),
    (LadderSegment(0, 3, 0.4), LadderSegment(3, RUNGS, 0.6)),
)


def one_by_one(ledger: list[DrawnCase], keeps: KeeperSettings) -> list[int]:
    """Return the threshold in force after each case, as the theorem has it: every bet on every threshold moves."""
    wealth, best = np.zeros((len(RISKS) + 1, RUNGS)), np.full(RUNGS, -math.inf)
    seen, loss, mass = np.zeros(RUNGS), np.zeros(RUNGS), np.asarray(LADDER.wrong)
    places = []
    for case in ledger:
        first = LADDER.place_of(case.score)
        place = np.arange(RUNGS)
        share = np.where(
            place <= case.in_force, case.accepted_share, np.where(place <= case.band, 1.0, case.below_share)
        )
        edge = np.maximum(np.cumsum(mass / share) / np.cumsum(mass) - keeps.target, 1e-12)
        most = MOST / np.maximum(np.maximum.accumulate(1 / share) - (0.0 if keeps.reserve else keeps.target), 1e-12)
        own = np.minimum(np.maximum((loss + keeps.target) / (keeps.target * seen + 2), 0.02), 1.0)
        bets = np.minimum((1 - np.vstack([np.tile(np.asarray(RISKS)[:, None], RUNGS), own])) / edge, most)
        paid = 1 / case.share if case.drawn and case.verdict != "right" else 0.0
        wealth[:, first:] += np.log1p(bets[:, first:] * (keeps.tested - paid))
        seen[first:] += 1
        loss[first:] += paid
        mean = np.log((weights_of(LADDER) * np.exp(wealth)).sum(axis=0))
        best[first:] = np.maximum(best[first:], mean[first:])
        places.append(reached(best, keeps.delta))
    return places


def reached(best: Any, delta: float) -> int:
    """Return the loosest threshold that the order of the theorem reaches."""
    carry, loosest = 0.0, -1
    for segment in LADDER.segments:
        level = segment.part * delta + carry
        run = 0
        while segment.begin + run < segment.end and best[segment.begin + run] >= -math.log(level):
            run += 1
        loosest = segment.begin + run - 1 if run else loosest
        carry = level if segment.begin + run == segment.end else 0.0
    return loosest


rules = st.sampled_from([(-1, -1, 1.0, 1.0), (2, 3, 0.3, 0.5), (4, -1, 0.2, 1.0)])
stretches = st.tuples(st.integers(1, 60), st.integers(0, RUNGS), rules, st.integers(0, 2**32), st.sampled_from([0, 6]))


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(stretches, min_size=1, max_size=12), st.sampled_from([1.0, 0.8]), st.integers(0, 400))
def test_many_cases_at_once_believe_what_each_by_itself_does(
    drawn: list[tuple[int, int, tuple[int, int, float, float], int, int]], counted: float, cut: int
) -> None:
    """Stretches of cases under one rule, of no or a few wrong ones, whose scores reach from one threshold upwards."""
    ledger: list[DrawnCase] = []
    for count, loosest, (in_force, band, accepted, below), seed, wrong_in_100 in drawn:
        chance = np.random.default_rng(seed)
        for _ in range(count):
            rung = int(chance.integers(0, loosest + 1))
            share = accepted if rung <= in_force else 1.0 if rung <= band else below
            is_drawn, is_wrong = chance.random() < share, chance.random() < wrong_in_100 / 100
            ledger.append(
                DrawnCase(
                    number=len(ledger),
                    score=0.905 - rung / 10,
                    share=share,
                    drawn=bool(is_drawn),
                    in_force=in_force,
                    band=band,
                    accepted_share=accepted,
                    below_share=below,
                    verdict=("wrong" if is_wrong else "right") if is_drawn else None,
                )
            )
    keeps = KeeperSettings(target=0.1, delta=0.1, counted=counted, reserve=counted < 1)
    whole, parted = PromiseKeeper(LADDER, keeps), PromiseKeeper(LADDER, keeps)
    places = whole.follow(ledger)
    assert places == one_by_one(ledger, keeps)
    assert [*parted.follow(ledger[:cut]), *parted.follow(ledger[cut:])] == places
    assert parted.as_json() == whole.as_json()
