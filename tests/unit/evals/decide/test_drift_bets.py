"""A bet is fair while nothing is wrong, so that evidence says how often an alarm is false."""

import math
import random
from collections.abc import Callable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.decide.drift.seen import Seen
from handrail_evals.decide.drift.shift import Bet, Shift, mean_evidence
from handrail_evals.decide.drift.watch import RISK_RATIOS
from handrail_evals.errors import TooFewCases

CHANCES = st.floats(1e-6, 1 - 1e-6)
HITS = st.lists(st.booleans(), min_size=1, max_size=60)


@given(CHANCES, st.floats(1.01, 20), st.floats(0, 0.9), HITS)
def test_a_bet_gains_one_a_case_in_the_mean_while_nothing_is_wrong(
    chance: float, ratio: float, least: float, hits: list[bool]
) -> None:
    bet = Bet(ratio, least)
    for hit in hits:
        mean = (
            chance * bet.after(hit=True, chance=chance).evidence
            + (1 - chance) * bet.after(hit=False, chance=chance).evidence
        )
        assert mean == pytest.approx(bet.evidence + 1)
        bet = bet.after(hit=hit, chance=chance)


@given(st.floats(0.001, 0.9), HITS)
def test_evidence_is_the_sum_of_bets_begun_at_every_case_and_run_is_the_best_of_them(
    chance: float, hits: list[bool]
) -> None:
    bet, factors = Bet(3.0), []
    for hit in hits:
        factors.append(Bet(3.0).after(hit=hit, chance=chance).evidence)
        bet = bet.after(hit=hit, chance=chance)

    worths = list(accumulate(reversed(factors), lambda worth, factor: worth * factor))

    assert bet.evidence == pytest.approx(sum(worths))
    assert bet.run == pytest.approx(max(worths))
    assert math.prod(factors[len(factors) - bet.cases :]) == pytest.approx(bet.run)
    assert bet.hits == sum(hits[len(hits) - bet.cases :])


@pytest.mark.dear
@pytest.mark.parametrize("target", [0.02, 0.05])
def test_audits_at_the_target_stop_no_sooner_than_said(target: float) -> None:
    chance, asked, streams = random.Random(1), 200, 200
    lengths = []
    for _ in range(streams):
        bets, audits = tuple(map(Bet, RISK_RATIOS)), 0
        while mean_evidence(bets) < asked and audits < 20 * asked:
            wrong = chance.random() < target
            bets, audits = tuple(bet.after(hit=wrong, chance=target) for bet in bets), audits + 1
        lengths.append(audits)

    # The mean of 200 lengths that are spread like an exponential is sure to 7%; three times that is allowed.
    assert sum(lengths) / streams >= asked * (1 - 3 / math.sqrt(streams))


def alarm_after(shift: Shift, asked: int, chance: random.Random, values: int) -> int:
    """Return after how many cases like the reference the alarm is raised, five times as many as asked at most."""
    for place in range(1, 5 * asked + 1):
        shift = shift.after(usual(chance, values))
        if shift.evidence >= asked:
            return place
    return 5 * asked


def usual(chance: random.Random, values: int = 0) -> Seen:
    """Return a case with a uniform score, or with one of a few values, a fifth of them in review."""
    score = chance.randrange(values) / values if values else chance.random()
    return Seen(score, score >= 0.2)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "values"), [(200, 0), (1000, 0), (1000, 5)])
def test_the_label_free_alarm_is_false_no_more_often_than_said(size: int, values: int) -> None:
    chance, asked, streams = random.Random(2), 150, 60
    lengths = [
        alarm_after(Shift.of(usual(chance, values) for _ in range(size)), asked, chance, values) for _ in range(streams)
    ]

    assert sum(lengths) / streams >= asked * (1 - 3 / math.sqrt(streams))


@pytest.mark.parametrize(
    ("drifted", "kinds"),
    [
        (lambda chance: Seen(0.1 * chance.random(), accepted=False), {"lowest", "reviewed"}),
        (lambda chance: Seen(0.9 + 0.1 * chance.random(), accepted=True), {"highest", "accepted"}),
        (lambda _: Seen(None, accepted=True), {"unscored"}),
        (lambda chance: Seen(chance.random(), accepted=False), {"reviewed"}),
    ],
)
def test_every_kind_of_drift_is_found_and_named(drifted: Callable[[random.Random], Seen], kinds: set[str]) -> None:
    chance = random.Random(3)
    shift = Shift.of(usual(chance) for _ in range(1000))
    for place in range(200):
        shift = shift.after(drifted(chance) if place % 3 == 0 else usual(chance))
        if shift.evidence >= 10_000:
            break

    signal, bet = shift.leading()
    assert shift.evidence >= 10_000
    assert signal.kind.name in kinds
    assert bet.hits <= bet.cases <= 200


def test_a_reference_has_some_cases() -> None:
    with pytest.raises(TooFewCases, match=r"199 reference cases.*at least 200 needed"):
        Shift.of([Seen(0.5, accepted=True)] * 199)


def test_a_reference_without_any_score_tells_reviews_apart() -> None:
    shift = Shift.of([Seen(None, accepted=True)] * 200)
    for _ in range(50):
        shift = shift.after(Seen(None, accepted=False))

    assert shift.leading()[0].kind.name == "reviewed"
    assert shift.evidence > 10_000
