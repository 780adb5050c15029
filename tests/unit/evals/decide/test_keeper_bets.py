"""Many cases at once come to what they come to one by one, each bet reckoned for each threshold."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail_evals.decide.keeping.bets import mixture_of, weights_of
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import MOST, KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment

RUNGS = 6
LADDER = KeeperLadder(
    tuple(1 - step / 10 for step in range(1, RUNGS + 1)),
    (0.1, 0.2, 0.2, 0.3, 0.4, 0.9),
    (LadderSegment(0, 3, 0.4), LadderSegment(3, RUNGS, 0.6)),
)
IN_THREE = (LadderSegment(0, 2, 0.3), LadderSegment(2, 3, 0.3), LadderSegment(3, RUNGS, 0.4))
LADDERS = (LADDER, replace(LADDER, joint=True), replace(LADDER, segments=IN_THREE, joint=True))


def one_by_one(ledger: list[DrawnCase], keeps: KeeperSettings, ladder: KeeperLadder) -> list[int]:
    """Return the threshold in force after each case, as the theorem has it: every bet on every threshold moves."""
    rungs = len(ladder.thresholds)
    risks = np.asarray(mixture_of(ladder).risks)[:, None]
    wealth, best = np.zeros((len(risks) + 1, rungs)), np.full(rungs, -math.inf)
    seen, loss, mass = np.zeros(rungs), np.zeros(rungs), np.asarray(ladder.wrong)
    places, runs = [], [0] * len(ladder.segments)
    for case in ledger:
        first = ladder.place_of(case.score)
        place = np.arange(rungs)
        share = np.where(
            place <= case.in_force, case.accepted_share, np.where(place <= case.band, 1.0, case.below_share)
        )
        edge = np.maximum(np.cumsum(mass / share) / np.cumsum(mass) - keeps.target, 1e-12)
        most = MOST / np.maximum(np.maximum.accumulate(1 / share) - (0.0 if keeps.reserve else keeps.target), 1e-12)
        own = np.minimum(np.maximum((loss + keeps.target) / (keeps.target * seen + 2), 0.02), 1.0)
        bets = np.minimum((1 - np.vstack([np.tile(risks, rungs), own])) / edge, most)
        paid = 1 / case.share if case.drawn and case.verdict != "right" else 0.0
        wealth[:, first:] += np.log1p(bets[:, first:] * (keeps.tested - paid))
        seen[first:] += 1
        loss[first:] += paid
        made = (weights_of(ladder) * np.exp(wealth)).sum(axis=0)
        for each in range(first, rungs):
            best[each] = max(best[each], least_shown(made, runs, each, ladder) if ladder.joint else made[each])
        runs = reached(best, runs, keeps.delta, ladder)
        loosest = [segment.begin + run - 1 for segment, run in zip(ladder.segments, runs, strict=True) if run]
        places.append(max(loosest, default=-1))
    return places


def least_shown(made: Any, runs: Sequence[int], place: int, ladder: KeeperLadder) -> float:
    """Return the least that a threshold shows with one doubtful threshold, or none, of each stricter segment."""
    stricter = [each for each in zip(ladder.segments, runs, strict=True) if each[0].end <= place]
    own = next(segment for segment in ladder.segments if segment.begin <= place < segment.end)

    def choices(number: int, part: float) -> Iterator[float]:
        if number == len(stricter):
            yield (part + own.part) * made[place]
            return
        segment, run = stricter[number]
        yield from choices(number + 1, part + segment.part)
        for taken in range(segment.begin + run, segment.end):
            yield from ((part + segment.part) * made[taken] + rest for rest in choices(number + 1, 0.0))

    return min(choices(0, 0.0))


def reached(best: Any, runs: Sequence[int], delta: float, ladder: KeeperLadder) -> list[int]:
    """Return how many thresholds of each segment are believed then."""
    carry, found = 0.0, []
    for segment, before in zip(ladder.segments, runs, strict=True):
        level = delta if ladder.joint else segment.part * delta + carry
        run = 0
        while segment.begin + run < segment.end and best[segment.begin + run] >= 1 / level:
            run += 1
        found.append(max(run, before))
        carry = level if segment.begin + found[-1] == segment.end else 0.0
    return found


rules = st.sampled_from([(-1, -1, 1.0, 1.0), (2, 3, 0.3, 0.5), (4, -1, 0.2, 1.0)])
stretches = st.tuples(st.integers(1, 60), st.integers(0, RUNGS), rules, st.integers(0, 2**32), st.sampled_from([0, 6]))


@pytest.mark.slow
@settings(max_examples=60)
@given(
    st.sampled_from(LADDERS),
    st.lists(stretches, min_size=1, max_size=12),
    st.sampled_from([1.0, 0.8]),
    st.integers(0, 400),
)
def test_many_cases_at_once_believe_what_each_by_itself_does(
    ladder: KeeperLadder,
    drawn: list[tuple[int, int, tuple[int, int, float, float], int, int]],
    counted: float,
    cut: int,
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
    whole, parted = PromiseKeeper(ladder, keeps), PromiseKeeper(ladder, keeps)
    places = whole.follow(ledger)
    assert places == one_by_one(ledger, keeps, ladder)
    assert [*parted.follow(ledger[:cut]), *parted.follow(ledger[cut:])] == places
    assert parted.as_json() == whole.as_json()


@pytest.mark.dear
def test_what_is_believed_in_between_counts_for_the_very_next_case() -> None:
    """The second threshold had shown enough and lost it: it is believed with the first, and asks for nothing since."""
    segments = LadderSegment(0, 2, 0.4), LadderSegment(2, 3, 0.6)
    ladder = KeeperLadder((0.9, 0.8, 0.7), (0.1, 0.2, 0.3), segments, joint=True)
    keeps = KeeperSettings(target=0.1, delta=0.1)
    keeper, ledger = PromiseKeeper(ladder, keeps), list[DrawnCase]()

    def until(place: int, made: float, *, score: float, wrong: bool = False) -> None:
        def now() -> float:
            return float((weights_of(ladder) * np.exp(keeper.wealth)).sum(axis=0)[place])

        while (now() > made) if wrong else (now() < made):
            ledger.append(
                DrawnCase(
                    number=len(ledger), score=score, share=1.0, drawn=True, in_force=-1, accepted_share=1.0,
                    below_share=1.0, verdict="wrong" if wrong else "right",
                )
            )  # fmt: skip
            keeper.read(ledger[-1:])

    until(2, 0.02, score=0.75, wrong=True)
    until(1, 26.0, score=0.85)
    until(1, 0.02, score=0.85, wrong=True)
    until(2, 1.2, score=0.75)
    assert keeper.in_force < 0
    until(0, 26.0, score=0.95)
    assert keeper.in_force == 1
    until(2, 10.0, score=0.95)
    whole = PromiseKeeper(ladder, keeps)
    places = whole.follow(ledger)
    assert places == one_by_one(ledger, keeps, ladder)
    assert (places[-1], whole.as_json()) == (2, keeper.as_json())
