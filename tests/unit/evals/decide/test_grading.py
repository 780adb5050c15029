"""Grades of a promise's share: on average what is to be asked, rising to the threshold, and valid however they come."""

import json
import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.decide.keeping.draws import DrawnCase, is_drawn
from handrail_evals.decide.keeping.due import next_rule
from handrail_evals.decide.keeping.grading import RATIO, graded_shares, worth_asking
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment, ladder_of
from handrail_evals.decide.keeping.ledger import loosest_place
from handrail_evals.decide.keeping.state import KeeperState
from handrail_guards.promise_grades import checked_grades, grades_of_text, share_at
from handrail_orchestrator.store.promises import PromiseRow

TOLD = json.dumps({"step": "s", "prompt_version": "p", "model": "m", "confidence_source": "vote", "servers": []})


@given(
    st.lists(st.tuples(st.floats(0.0, 500.0), st.floats(0.0, 1.0)), min_size=1, max_size=40),
    st.floats(0.02, 1.0),
    st.sampled_from([0.005, 0.02, 0.05, 0.3]),
)
def test_grades_rise_to_the_threshold_and_are_the_share_on_average(
    rungs: list[tuple[float, float]], share: float, target: float
) -> None:
    seen, lost = [1.0], [0.0]
    for count, risk in rungs:
        seen.append(seen[-1] + count)
        lost.append(lost[-1] + count * risk)
    thresholds = [1 - place / 100 for place in range(len(seen))]
    grades = checked_grades(graded_shares(thresholds, seen, lost, share, target), thresholds[-1])
    if share == 1.0:
        assert grades == ()
        return
    ends = [thresholds.index(each.down_to) for each in grades]
    cases = [seen[end] - before for before, end in zip([0.0, *(seen[end] for end in ends)], ends, strict=False)]
    mean = sum(each.share * count for each, count in zip(grades, cases, strict=True)) / seen[-1]
    assert mean == pytest.approx(share)
    assert all(strict.share <= loose.share <= 1.0 for strict, loose in pairwise(grades))
    assert grades[-1].share <= RATIO * grades[0].share * (1 + 1e-9)


def test_where_nothing_is_known_a_line_rises_and_where_errors_are_it_is_their_root() -> None:
    thresholds, seen = [0.9, 0.8], [3_000.0, 6_000.0]
    unknown = graded_shares(thresholds, [3.0, 6.0], [0.0, 0.0], 0.1, 0.02)
    assert unknown[1].share / unknown[0].share == pytest.approx(3**0.5)
    known = graded_shares(thresholds, seen, [30.0, 150.0], 0.1, 0.02)
    assert known[1].share / known[0].share == pytest.approx(2.0, rel=0.05)


def test_a_ladder_without_the_mark_asks_the_same_of_all_and_falls_as_before() -> None:
    told = ladder_of([place / 500 for place in range(500)]).as_json()
    before = json.loads(json.dumps({name: told[name] for name in ("thresholds", "wrong", "segments")}))
    graded = {**before, "graded": True}
    ladders = [KeeperLadder.of_json(each) for each in (before, graded, told)]
    old, new, joint = (PromiseKeeper(each, KeeperSettings(target=0.05)) for each in ladders)
    assert [(each.graded, each.joint) for each in ladders] == [(False, False), (True, False), (True, True)]
    assert [each.as_json() for each in ladders] == [before, graded, told]
    for keeper in (old, new, joint):
        keeper.in_force, keeper.cases = 3, 6_000
        keeper.seen[:] = 600.0
    assert (old.share(), old.grades(old.share())) == (0.1, ())
    assert new.share() == pytest.approx((1.6 * 0.1) ** 1.5)
    joint.seen[:] = 3_600.0
    assert joint.share() == pytest.approx((1.88 * 550 / 6_000) ** 1.3)  # nothing is known behind it
    few = PromiseKeeper(joint.ladder, KeeperSettings(target=0.05, answers="few"))
    few.in_force, few.cases, few.seen[:] = 3, 6_000, 3_600.0
    assert few.share() == pytest.approx((1.88 * 275 / 6_000) ** 1.3)
    assert new.grades(0.1)


def test_less_is_worth_asking_the_faster_the_risk_rises_behind_the_threshold_and_the_less_is_accepted() -> None:
    assert worth_asking(0.8, 0.0, 0.0, 0.02) == 1.0  # nothing is known behind it
    assert worth_asking(0.8, 500.0, 5.0, 0.02) == 1.0  # it has not met the target yet
    worths = [worth_asking(0.6, 500.0, wrong, 0.02) for wrong in (40.0, 80.0, 120.0, 500.0)]
    assert worths == sorted(worths, reverse=True)
    assert 0.0 < worths[-1] < worths[1] < 1.0
    assert worth_asking(0.6, 500.0, 80.0, 0.02) == pytest.approx((0.6 / (8.0 - 1) / 0.13) ** 2, rel=0.05)
    assert worth_asking(0.8, 500.0, 80.0, 0.02) > worth_asking(0.6, 500.0, 80.0, 0.02)


def test_the_keepers_next_rule_has_the_grades_and_a_promise_that_began_before_has_none() -> None:
    ladder, settings = ladder_of([place / 500 for place in range(500)]), KeeperSettings(target=0.05)
    nothing = dict.fromkeys(PromiseRow._fields)
    for each, is_graded in ((ladder, True), (replace(ladder, graded=False), False)):
        keeper = PromiseKeeper(each, settings)
        keeper.in_force, keeper.cases = 3, 6_000
        keeper.seen[:] = [600.0 + place for place in range(len(keeper.seen))]
        row = PromiseRow(**{**nothing, "state": "keeping", "accepted_share": 1.0, "told": TOLD})  # type: ignore[arg-type]
        rule = next_rule(row, KeeperState(keeper))
        assert rule is not None
        grades = grades_of_text(rule.grades)
        assert bool(grades) is is_graded
        assert ("towards the threshold" in rule.why) is is_graded
        assert not grades or grades[-1].down_to == rule.threshold
        assert not grades or grades[0].share < rule.accepted_share < grades[-1].share


def played(seed: int, ladder: KeeperLadder, settings: KeeperSettings, *, risk: float, cases: int) -> PromiseKeeper:
    """Play a stream in which shares are graded from the first case on, by what came before."""
    chance, keeper = random.Random(seed), PromiseKeeper(ladder, settings)
    for first in range(0, cases, 50):
        place = len(ladder.thresholds) // 2 if first else -1
        upto = slice(place + 1)
        seen, lost = keeper.seen[upto].tolist(), keeper.loss[upto].tolist()
        grades = graded_shares(ladder.thresholds[upto], seen, lost, 0.2, settings.target)
        ledger = []
        for number in range(first, first + 50):
            score = chance.random()
            share = share_at(grades, score) or (1.0 if place < 0 or score < ladder.thresholds[place] else 0.2)
            drawn, wrong = is_drawn(f"seed {seed}", number, share), chance.random() < risk
            ledger.append(
                DrawnCase(
                    number=number, score=score, share=share, drawn=drawn, in_force=place, accepted_share=0.2,
                    below_share=1.0, verdict=("wrong" if wrong else "right") if drawn else None,
                    grades=tuple((loosest_place(each.down_to, ladder), each.share) for each in grades),
                )
            )  # fmt: skip
        keeper.read(ledger)
    return keeper


@pytest.mark.slow
def test_of_streams_with_graded_shares_whose_thresholds_are_all_bad_by_a_hair_few_are_ever_believed() -> None:
    ladder = KeeperLadder(
        tuple(1 - step / 20 for step in range(1, 21)),
        tuple([1.0] * 20),
        (LadderSegment(0, 10, 0.5), LadderSegment(10, 20, 0.5)),
        graded=True,
    )
    settings = KeeperSettings(target=0.1, delta=0.1)
    broken = sum(played(seed, ladder, settings, risk=0.1001, cases=800).in_force >= 0 for seed in range(150))
    assert broken <= 27  # a true chance of 10% breaks more than so many of 150 once in 1,000 runs of this test
    assert played(0, ladder, settings, risk=0.01, cases=800).in_force == 19  # good ones are believed
