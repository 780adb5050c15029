"""How many more blind answers the next threshold takes: as many as the keeper then needs, and as reckoned by hand."""

import math
from dataclasses import replace

import pytest

from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment
from handrail_evals.decide.keeping.next_threshold import NextThreshold, SharesInForce, next_threshold

LADDER = KeeperLadder((0.9, 0.8, 0.7), (0.1, 0.2, 0.3), (LadderSegment(0, 2, 0.4), LadderSegment(2, 3, 0.6)))
WEIGHTS = (0.6, 0.25, 0.05)
"""What the three bets that do not learn begin with on a segment's first threshold."""


def case(number: int, score: float = 0.95, *, wrong: bool = False) -> DrawnCase:
    """Return a case that was judged while nothing was accepted."""
    return DrawnCase(
        number=number, score=score, share=1.0, drawn=True, in_force=-1, accepted_share=1.0, below_share=1.0,
        verdict="wrong" if wrong else "right",
    )  # fmt: skip


def by_hand(target: float, level: float, *, every: int = 0) -> int:
    """Return after how many answers a first threshold is believed; of so many one is wrong, on average."""
    edge, most, risk = 1 - target, 0.97 / (1 - target), 1 / every if every else 0.0
    made, seen, loss, answers = [0.0] * 4, 0.0, 0.0, 0
    while True:
        own = min(max((loss + target) / (target * seen + 2), 0.02), 1.0)
        bets = [min((1 - each) / edge, most) for each in (0.1, 0.4, 0.75, own)]
        made = [
            each + (1 - risk) * math.log1p(bet * target) + risk * math.log1p(bet * (target - 1))
            for each, bet in zip(made, bets, strict=True)
        ]
        seen, loss, answers = seen + 1, loss + risk, answers + 1
        if sum(part * math.exp(each) for part, each in zip((*WEIGHTS, 0.1), made, strict=True)) >= 1 / level:
            return answers


def found(keeper: PromiseKeeper, rule: SharesInForce | None = None) -> NextThreshold:
    told = next_threshold(keeper, rule or SharesInForce())
    assert isinstance(told, NextThreshold)
    return told


@pytest.mark.parametrize(("target", "floor"), [(0.05, 59), (0.02, 149)])
def test_with_no_labels_the_first_threshold_takes_what_its_bets_need_which_is_above_the_floor(
    target: float, floor: int
) -> None:
    settings = KeeperSettings(target=target)
    told = found(PromiseKeeper(LADDER, settings))
    assert math.ceil(math.log(0.05) / math.log(1 - target)) == floor
    assert (told.threshold, told.share_of_cases, told.wrong, told.at_present) == (0.9, None, None, None)
    assert told.at_least == by_hand(target, 0.4 * 0.05)
    assert told.at_least > floor
    keeper, needed = PromiseKeeper(LADDER, settings), 0
    while keeper.in_force < 0:
        keeper.read([case(needed)])
        needed += 1
    whole = by_hand(target, 0.6 * 0.05)  # all cases are at or above the second start, too, which has more of delta
    assert (needed, keeper.in_force) == (whole, 2)


def test_the_count_falls_by_one_with_each_right_answer_and_rises_with_a_wrong_one() -> None:
    keeper = PromiseKeeper(replace(LADDER, segments=(LadderSegment(0, 3, 1.0),)), KeeperSettings(target=0.05))
    least = [found(keeper).at_least or 0]
    for number in range(5):
        keeper.read([case(number)])
        told = found(keeper)
        assert told.at_least == told.at_present
        least.append(told.at_least or 0)
    assert least == list(range(least[0], least[0] - 6, -1))
    assert least[0] == by_hand(0.05, 0.05)
    keeper.read([case(5, wrong=True)])
    told = found(keeper)
    assert told.wrong == pytest.approx(1 / 6)
    assert (told.at_least or 0) > least[-1]
    assert told.at_present is None or told.at_present > (told.at_least or 0)


def test_at_the_present_share_of_wrong_answers_it_takes_what_the_bets_then_make_on_average() -> None:
    one = KeeperLadder((0.9,), (0.1,), (LadderSegment(0, 1, 1.0),))
    keeper = PromiseKeeper(one, KeeperSettings(target=0.05))
    keeper.read([case(number, wrong=number == 50) for number in range(100)])
    told = found(keeper)
    assert (told.share_of_cases, told.wrong) == (1.0, 0.01)
    assert told.at_present is not None
    assert told.at_least is not None
    assert told.at_least < told.at_present < by_hand(0.05, 0.05, every=100)
    hopeless = PromiseKeeper(one, KeeperSettings(target=0.05))
    hopeless.read([case(number, wrong=number % 5 == 0) for number in range(100)])
    assert found(hopeless).at_present is None
    assert "20% wrong it is not believed in the foreseeable time" in found(hopeless).told


def test_what_is_accepted_is_asked_less_so_that_the_same_cases_are_fewer_answers() -> None:
    keeper = PromiseKeeper(replace(LADDER, segments=(LadderSegment(0, 3, 1.0),)), KeeperSettings(target=0.05))
    number = 0
    while keeper.in_force < 0:
        keeper.read([case(number, 0.95 if number % 2 else 0.85, wrong=number % 20 == 0)])
        number += 1
    assert keeper.in_force == 0
    all_asked, half = (
        found(keeper, SharesInForce(in_force=0, band=2, accepted=share, below=share)) for share in (1.0, 0.5)
    )
    assert all_asked.threshold == half.threshold == 0.8
    assert half.share_of_cases == 1.0
    assert (all_asked.at_least or 0) > 0
    # Half of the cases are accepted, and half of those asked: three answers to four cases.
    cases = PromiseKeeper.of_json(keeper.as_json(), keeper.ladder, keeper.settings)
    more = 0
    while cases.in_force == 0:
        rule = replace(case(number + more), in_force=0, band=2, accepted_share=0.5, below_share=0.5, share=0.5)
        cases.read([replace(rule, score=0.85, share=1.0)])
        more += 1
    assert half.at_least == math.ceil(0.75 * more)


def test_where_everything_is_believed_there_is_no_next_one() -> None:
    keeper = PromiseKeeper(LADDER, KeeperSettings(target=0.2, delta=0.2))
    keeper.read([case(number) for number in range(60)])
    assert keeper.in_force == 2
    assert next_threshold(keeper, SharesInForce(in_force=2)) == "all"
