"""The keeper of a promise: what it believes follows from its ledger alone, and bad thresholds are not believed."""

import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.decide.keeping.draws import DrawnCase, is_drawn
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import KeeperLadder, LadderSegment, ladder_of
from handrail_evals.errors import InvalidLabels

SETTINGS = KeeperSettings(target=0.05)
LADDER = KeeperLadder((0.9, 0.8, 0.7, 0.6), (0.1, 0.2, 0.3, 0.4), (LadderSegment(0, 2, 0.6), LadderSegment(2, 4, 0.4)))


def case(number: int, score: float = 0.95, *, wrong: bool | None = False, **said: float) -> DrawnCase:
    verdict = None if wrong is None else "wrong" if wrong else "right"
    rule = {"share": 1.0, "accepted_share": 1.0, "below_share": 1.0, **said}
    return DrawnCase(number=number, score=score, drawn=True, in_force=-1, verdict=verdict, **rule)  # type: ignore[arg-type]


def kept(*ledger: DrawnCase, settings: KeeperSettings = SETTINGS, ladder: KeeperLadder = LADDER) -> PromiseKeeper:
    keeper = PromiseKeeper(ladder, settings)
    keeper.read(ledger)
    return keeper


def stream(
    risk: Callable[[float], float], *, seed: int, cases: int, ladder: KeeperLadder, settings: KeeperSettings
) -> Iterator[PromiseKeeper]:
    """Play cases whose scores are even, and yield the keeper after each; nobody answers what was not drawn."""
    chance, keeper = random.Random(seed), PromiseKeeper(ladder, settings)
    for number in range(cases):
        score = chance.random()
        threshold, accepted_share = keeper.threshold, keeper.share()
        share = accepted_share if threshold is not None and score >= threshold else 1.0
        wrong, drawn = chance.random() < risk(score), is_drawn(f"seed {seed}", number, share)
        keeper.read(
            [
                DrawnCase(
                    number=number,
                    score=score,
                    share=share,
                    drawn=drawn,
                    in_force=keeper.in_force,
                    accepted_share=accepted_share,
                    below_share=1.0,
                    verdict=("wrong" if wrong else "right") if drawn else None,
                )
            ]
        )
        yield keeper


def test_with_no_labels_nothing_is_accepted_and_everything_is_asked() -> None:
    keeper = kept()
    assert (keeper.threshold, keeper.in_force, keeper.share()) == (None, -1, 1.0)


def test_right_answers_are_believed_after_as_many_as_the_target_needs_and_no_sooner() -> None:
    # each right answer at most multiplies the wealth by 1 + target / (1 - target), and 1/level has to be reached
    keeper, needed = PromiseKeeper(LADDER, SETTINGS), 0
    while keeper.in_force < 0:
        needed += 1
        assert needed < 200
        keeper.read([case(needed)])
    assert needed >= 59  # no test at 5% and delta 5% accepts on fewer: 0.95 to the 58th is above 0.05
    keeper.read(case(number) for number in range(needed + 1, 200))
    assert keeper.threshold == 0.6  # nothing that it saw tells its thresholds apart


def test_wrong_answers_hold_a_threshold_back() -> None:
    right = [case(number) for number in range(400)]
    assert kept(*right).threshold is not None
    assert (
        kept(*(replace(each, verdict="wrong") if each.number % 10 == 0 else each for each in right)).threshold is None
    )


def test_what_was_believed_stays_believed() -> None:
    keeper = kept(*(case(number) for number in range(200)))
    before = keeper.in_force
    keeper.read([case(number, wrong=True) for number in range(200, 260)])
    assert keeper.in_force == before


def test_a_case_that_is_still_open_is_never_skipped() -> None:
    ledger = [case(0), case(1, wrong=None), case(2)]
    keeper = PromiseKeeper(LADDER, SETTINGS)
    assert keeper.read(ledger) == 1
    assert keeper.read([case(1), case(2)]) == 2
    assert keeper.labels == 3


def test_a_case_that_nobody_will_answer_counts_as_wrong() -> None:
    given_up, wrong = (kept(replace(case(0), verdict=each), *map(case, range(1, 50))) for each in ("given_up", "wrong"))
    assert given_up.as_json() == wrong.as_json()


def test_a_ledger_is_read_in_order_and_once() -> None:
    keeper = kept(case(5))
    with pytest.raises(InvalidLabels, match="case 5 comes after case 5"):
        keeper.read([case(5)])


def test_a_case_that_was_not_drawn_needs_no_answer() -> None:
    undrawn = replace(case(0), drawn=False, verdict=None)
    keeper = PromiseKeeper(LADDER, SETTINGS)
    assert keeper.read([undrawn]) == 1
    assert (keeper.cases, keeper.labels) == (1, 0)


@pytest.mark.parametrize(
    "changed",
    [
        {"score": float("nan")},
        {"share": 0.0},
        {"share": 1.5},
        {"share": 0.1, "accepted_share": 0.5, "below_share": 0.4},
        {"drawn": False},
    ],
)
def test_what_no_rule_could_have_given_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(InvalidLabels):
        replace(case(1), **changed)  # type: ignore[arg-type]


cases_drawn = st.lists(
    st.tuples(st.floats(0, 1), st.booleans(), st.booleans(), st.sampled_from([0.02, 0.3, 1.0])),
    min_size=1,
    max_size=120,
)


@given(cases_drawn, st.integers(0, 120))
def test_a_keeper_that_is_killed_goes_on_from_its_checkpoint_as_one_that_was_not(
    drawn: list[tuple[float, bool, bool, float]], place: int
) -> None:
    ledger = [
        DrawnCase(
            number=number,
            score=score,
            share=share,
            drawn=is_asked,
            in_force=0,
            accepted_share=share,
            below_share=share,
            verdict=("wrong" if wrong else "right") if is_asked else None,
        )
        for number, (score, wrong, is_asked, share) in enumerate(drawn)
    ]
    whole, first = kept(*ledger), kept(*ledger[:place])
    second = PromiseKeeper.of_json(json.loads(json.dumps(first.as_json())), LADDER, SETTINGS)
    second.read(ledger[place:])
    assert second.as_json() == whole.as_json()
    assert second.threshold == whole.threshold


def test_a_checkpoint_of_another_ladder_is_refused() -> None:
    other = KeeperLadder((0.9,), (0.1,), (LadderSegment(0, 1, 1.0),))
    with pytest.raises(InvalidLabels, match="another ladder"):
        PromiseKeeper.of_json(kept(case(1)).as_json(), other, SETTINGS)
    with pytest.raises(InvalidLabels, match="no checkpoint"):
        PromiseKeeper.of_json({"wealth": 1}, LADDER, SETTINGS)


@pytest.mark.slow
def test_thresholds_that_are_all_bad_are_hardly_ever_believed() -> None:
    ladder = KeeperLadder(
        tuple(1 - step / 10 for step in range(1, 11)),
        tuple([1.0] * 10),
        (LadderSegment(0, 4, 0.3), LadderSegment(4, 7, 0.4), LadderSegment(7, 10, 0.3)),
    )
    settings = KeeperSettings(target=0.1, delta=0.1)
    broken = 0
    for seed in range(120):
        runs = stream(lambda _: 0.101, seed=seed, cases=600, ladder=ladder, settings=settings)
        broken += any(keeper.in_force >= 0 for keeper in runs)
    assert broken <= 22  # a true chance of 10% breaks more than so many of 120 once in 1,000 runs of this test


@pytest.mark.slow
def test_it_reaches_most_of_what_is_possible_and_asks_ever_less() -> None:
    """The lower half of the scores is wrong in half of the cases, the upper half hardly ever."""
    scores = [number / 1_000 for number in range(1_000)]
    settings = KeeperSettings(target=0.05)
    played = stream(
        lambda score: 0.005 if score > 0.5 else 0.5, seed=1, cases=6_000, ladder=ladder_of(scores), settings=settings
    )
    *_, last = played
    assert last.threshold is not None
    assert 0.4 < last.threshold < 0.53  # some of the worse half fits under 5% with the better one
    assert last.labels < 4_600  # everything below the threshold, and few above
    assert last.share() == 0.02  # a half is wrong behind it: more answers would buy little


@pytest.mark.dear
@given(st.lists(st.floats(0, 1), min_size=500, max_size=600))
def test_a_ladder_falls_and_its_segments_cover_it(scores: list[float]) -> None:
    ladder = ladder_of(scores)
    assert list(ladder.thresholds) == sorted(set(ladder.thresholds), reverse=True)
    assert set(ladder.thresholds) <= set(scores)
    assert KeeperLadder.of_json(json.loads(json.dumps(ladder.as_json()))) == ladder
    for score in scores[:20]:
        place = ladder.place_of(score)
        assert place == sum(threshold > score for threshold in ladder.thresholds)


@pytest.mark.parametrize(
    ("given_scores", "said"), [([0.5] * 10, "at least 500 scores"), ([0.5] * 600 + [float("inf")], "finite")]
)
def test_thresholds_are_not_taken_from_what_cannot_give_them(given_scores: list[float], said: str) -> None:
    with pytest.raises(InvalidLabels, match=said):
        ladder_of(given_scores)


def test_draws_have_the_share_that_they_were_asked_for() -> None:
    drawn = sum(is_drawn("secret", number, 0.1) for number in range(20_000))
    assert 1_800 < drawn < 2_200  # 0.1 of them, to five deviations
    assert all(is_drawn("secret", number, 1.0) for number in range(100))
    assert [is_drawn("one", n, 0.5) for n in range(64)] != [is_drawn("other", n, 0.5) for n in range(64)]


@pytest.mark.parametrize("parts", [(0.0, 1.0), (-0.5, 1.5), (math.nan, 1.0), (0.5, 0.4)])
def test_a_ladder_whose_segment_gets_nothing_of_delta_is_refused(parts: tuple[float, float]) -> None:
    segments = tuple(LadderSegment(place, place + 1, part) for place, part in enumerate(parts))
    with pytest.raises(InvalidLabels, match="each is above 0"):
        KeeperLadder((0.9, 0.8), (1.0, 1.0), segments)
