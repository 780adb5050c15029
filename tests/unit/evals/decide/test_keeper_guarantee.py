"""The guarantee itself: on a bad threshold no bet wins on average, whatever the rule, the shares and the scores are."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.decide.keeping.bets import weights_of
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper, Rule
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment

SEGMENTS = LadderSegment(0, 2, 0.5), LadderSegment(2, 4, 0.5)
LADDER = KeeperLadder((0.9, 0.8, 0.7, 0.6), (0.1, 0.4, 0.2, 1.0), SEGMENTS, joint=True)
RUNGS = len(LADDER.thresholds)
shares = st.floats(0.02, 1.0)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Return a rule that may be in force: the threshold, the end of the band, and the shares, graded or not."""
    in_force = draw(st.integers(-1, RUNGS - 1))
    ends = sorted(draw(st.sets(st.integers(-1, in_force), max_size=3)) | {in_force}) if draw(st.booleans()) else []
    grades = zip(ends, sorted(draw(st.lists(shares, min_size=len(ends), max_size=len(ends)))), strict=True)
    graded = tuple(grades) if in_force >= 0 else ()
    return in_force, draw(st.integers(-1, RUNGS - 1)), draw(shares), draw(shares), graded


def share_at(rung: int, rule: Rule) -> float:
    """Return the share of a case whose score lies just at a threshold."""
    in_force, band, accepted, below, grades = rule
    if rung <= in_force:
        return next((share for end, share in grades if rung <= end), accepted)
    return 1.0 if rung <= band else below


def case(number: int, rung: int, rule: Rule, *, drawn: bool, wrong: bool) -> DrawnCase:
    in_force, band, accepted, below, grades = rule
    return DrawnCase(
        number=number,
        score=LADDER.thresholds[rung],
        share=share_at(rung, rule),
        drawn=drawn,
        in_force=in_force,
        band=band,
        accepted_share=accepted,
        below_share=below,
        verdict=("wrong" if wrong else "right") if drawn else None,
        grades=grades,
    )


def wealth(keeper: PromiseKeeper) -> Any:
    """Return what the bets against each threshold have made, as their weighted mean."""
    return (weights_of(keeper.ladder) * np.exp(np.asarray(keeper.as_json()["wealth"]))).sum(axis=0)


past = st.lists(st.tuples(st.integers(0, RUNGS - 1), rules(), st.booleans(), st.booleans()), max_size=40)


@pytest.mark.dear
@given(
    past,
    rules(),
    st.lists(st.floats(0.01, 1.0), min_size=RUNGS, max_size=RUNGS),
    st.lists(st.floats(0.0, 1.0), min_size=RUNGS, max_size=RUNGS),
    st.sampled_from([0.01, 0.02, 0.05, 0.2, 0.5]),
)
def test_whatever_came_before_no_bet_on_a_bad_threshold_wins_on_average(
    before: list[tuple[int, Rule, bool, bool]],
    rule: Rule,
    weights: list[float],
    risks: list[float],
    target: float,
) -> None:
    """The next case falls on a rung with a chance and is wrong with another: the mean over all that may come of it."""
    settings = KeeperSettings(target=target)
    ledger = [
        case(number, rung, each, drawn=drawn, wrong=wrong) for number, (rung, each, drawn, wrong) in enumerate(before)
    ]
    keeper = PromiseKeeper(LADDER, settings)
    keeper.read(ledger)
    now, checkpoint = wealth(keeper), keeper.as_json()
    mean = np.zeros(RUNGS)
    chances = [each / sum(weights) for each in weights]
    for rung, (chance, risk) in enumerate(zip(chances, risks, strict=True)):
        share = share_at(rung, rule)
        for drawn, wrong, odds in (
            (True, True, share * risk),
            (True, False, share * (1 - risk)),
            (False, False, 1 - share),
        ):
            if odds > 0:
                after = PromiseKeeper.of_json(checkpoint, LADDER, settings)
                after.read([case(len(before), rung, rule, drawn=drawn, wrong=wrong)])
                mean += chance * odds * wealth(after)
    for rung in range(RUNGS):
        above = chances[: rung + 1]
        wrong_mass = sum(chance * risk for chance, risk in zip(above, risks, strict=False))
        if wrong_mass >= target * sum(above):  # a bad threshold
            assert mean[rung] <= now[rung] * (1 + 1e-9)


@given(past)
def test_no_bet_can_lose_everything(before: list[tuple[int, Rule, bool, bool]]) -> None:
    keeper = PromiseKeeper(LADDER, KeeperSettings(target=0.05))
    keeper.read(case(n, rung, rule, drawn=drawn, wrong=wrong) for n, (rung, rule, drawn, wrong) in enumerate(before))
    assert all(math.isfinite(each) for way in keeper.as_json()["wealth"] for each in way)


def test_what_the_bets_begin_with_is_one_in_all() -> None:
    weights = weights_of(LADDER)
    assert (weights > 0).all()
    assert weights.sum(axis=0).tolist() == pytest.approx([1.0] * RUNGS)
    assert wealth(PromiseKeeper(LADDER, KeeperSettings(target=0.05))).tolist() == pytest.approx([1.0] * RUNGS)


@pytest.mark.slow
@pytest.mark.parametrize(("accepted_share", "order"), [(1.0, "joint"), (0.1, "joint"), (0.1, "apart")])
def test_of_streams_whose_thresholds_are_all_bad_by_a_hair_few_are_ever_believed(
    accepted_share: float, order: str
) -> None:
    """The chance is at most delta, with all cases asked and with a tenth of them, weighted by ten."""
    ladder = KeeperLadder(
        tuple(1 - step / 20 for step in range(1, 21)),
        tuple([1.0] * 20),
        (LadderSegment(0, 10, 0.5), LadderSegment(10, 20, 0.5)),
        joint=order == "joint",
    )
    settings, streams = KeeperSettings(target=0.1, delta=0.1), 150
    broken = 0
    for seed in range(streams):
        chance, keeper = np.random.default_rng(seed), PromiseKeeper(ladder, settings)
        scores, wrongs, draws = chance.random(800), chance.random(800) < 0.1001, chance.random(800) < accepted_share
        keeper.read(
            DrawnCase(
                number=number,
                score=float(scores[number]),
                share=accepted_share,
                drawn=bool(draws[number]),
                in_force=-1,
                accepted_share=accepted_share,
                below_share=accepted_share,
                verdict=("wrong" if wrongs[number] else "right") if draws[number] else None,
            )
            for number in range(800)
        )
        broken += keeper.in_force >= 0
    assert broken <= 27  # a true chance of 10% breaks more than so many of 150 once in 1,000 runs of this test
