"""While nothing is accepted a version of a model that learns gets a fair trial, however fast labels come."""

import random
from dataclasses import replace

import pytest

from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.keeper import KeeperSettings, PromiseKeeper
from handrail_evals.decide.keeping.ladder import ladder_of
from handrail_evals.decide.learning.paying import GROWTH, LessonsLearned, expected, fair_trial
from handrail_evals.decide.learning.shadowing import PATIENCE, Shadowed, fate_of
from handrail_evals.decide.pairing import Paired

FIRST = 0.025
"""What the first version has of delta, of 5%."""


def tried(cases: int, *, labels: int, threshold: float | None = None, trial: int = 0) -> Shadowed:
    pairs = [Paired(str(number), str(number), None, 0.0, 0.0) for number in range(cases)]
    return Shadowed(
        pairs=pairs, threshold=threshold, is_stopped=False, examples=700, labels=labels, fair_trial=trial,
    )  # fmt: skip


def test_a_version_stays_until_its_trial_is_over_and_is_given_up_then() -> None:
    outgrown = round(GROWTH * 700)
    assert fate_of(tried(400, labels=outgrown, trial=1_197), about="it").fate == "shadow"
    assert fate_of(tried(1_197, labels=outgrown - 1, trial=1_197), about="it").fate == "shadow"
    assert fate_of(tried(1_197, labels=outgrown, trial=1_197), about="it").fate == "given_up"
    assert fate_of(tried(PATIENCE, labels=700, trial=2 * PATIENCE), about="it").fate == "shadow"
    assert fate_of(tried(2 * PATIENCE, labels=700, trial=2 * PATIENCE), about="it").fate == "given_up"
    assert fate_of(tried(PATIENCE, labels=700), about="it").fate == "given_up"


def test_where_another_version_decides_as_many_labels_again_are_enough_to_give_one_up() -> None:
    assert fate_of(tried(400, labels=round(GROWTH * 700)), about="it").fate == "given_up"


@pytest.mark.parametrize(("options", "needed"), [(2, 60), (3, 60), (10, 120), (151, 1_812)])
def test_a_first_version_waits_until_there_is_enough_of_each_answer(options: int, needed: int) -> None:
    lessons = LessonsLearned(
        labels=needed, options=options, taught=0, cases=needed, to_people=1.0, target=0.05, delta=FIRST
    )
    assert expected(lessons).pays
    assert not expected(replace(lessons, labels=needed - 1)).pays
    embedded = max(60, 10 * options)
    assert expected(replace(lessons, labels=embedded, is_embedded=True)).pays
    assert not expected(replace(lessons, labels=embedded - 1, is_embedded=True)).pays


@pytest.mark.slow
@pytest.mark.parametrize("target", [0.02, 0.05, 0.1])
def test_a_trial_is_long_enough_for_a_version_whose_surest_answers_are_right(target: float) -> None:
    """Three of four streams at least, where the surest half is wrong a quarter as often as it may be."""
    ladder = ladder_of([1 - (place + 0.5) / 500 for place in range(500)])
    found = 0
    for seed in range(12):
        chance, keeper = random.Random(seed), PromiseKeeper(ladder, KeeperSettings(target=target, delta=FIRST))
        cases = []
        for number in range(fair_trial(target, FIRST)):
            score = chance.random()
            wrong = chance.random() < (target / 4 if score > 0.5 else 0.3)
            cases.append(
                DrawnCase(
                    number=number, score=score, share=1.0, drawn=True, in_force=-1, accepted_share=1.0,
                    below_share=1.0, verdict="wrong" if wrong else "right",
                )
            )  # fmt: skip
        keeper.read(cases)
        found += keeper.threshold is not None
    assert found >= 9
