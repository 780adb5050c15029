"""A watch that goes on in place comes to what the watch itself would, whatever comes; and so does where rules stand."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.decide.drift.shift import Bet
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import watch_to_json
from handrail_evals.decide.keeping.draws import DrawnCase, Verdict
from handrail_evals.decide.keeping.drift import REFERENCE, armed, watch_settings, watched
from handrail_evals.decide.keeping.ladder import ladder_of
from handrail_evals.decide.keeping.ledger import drawn_case
from handrail_evals.decide.keeping.running_watch import RunningWatch
from handrail_orchestrator.store.promises import PromiseCaseRow

THRESHOLD = 0.6


def traffic(chance: random.Random, *, low: float, wrong: float, share: float, count: int) -> Iterator[DrawnCase]:
    """Yield cases of which so many have a low score, are wrong, and are drawn."""
    for number in range(1, count + 1):
        score = chance.random() * (0.3 if chance.random() < low else 1.0)
        drawn = chance.random() < share
        said: Verdict = "wrong" if chance.random() < wrong else "right"
        grades = ((0, share / 2), (1, share)) if number % 3 else ()  # of the surest less is asked
        yield DrawnCase(
            number=number, score=score, share=share, drawn=drawn, in_force=1, accepted_share=0.8 * share,
            below_share=share, verdict=said if drawn else None, grades=grades,
        )  # fmt: skip


def begun(seed: int) -> Watch:
    chance = random.Random(seed)
    found = armed(watch_settings(0.05, 0.02), [chance.random() for _ in range(REFERENCE)], THRESHOLD, 1e9)
    assert found is not None
    return found


@pytest.mark.dear
@pytest.mark.parametrize(
    ("low", "wrong", "share", "phases"),
    [
        (0.0, 0.02, 0.3, {"usual"}),
        (0.5, 0.0, 0.3, {"usual", "raised"}),
        (0.0, 0.5, 0.3, {"usual", "stopped"}),
        (0.0, 0.02, 1e-9, {"usual"}),  # nothing is drawn: it accepts nothing, and does not go on
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_it_stands_as_the_watch_does_after_every_case(
    low: float, wrong: float, share: float, phases: set[str], seed: int
) -> None:
    watch, others = begun(seed), random.Random(seed)
    running, seen = RunningWatch(watch), set()
    cases = [*traffic(random.Random(seed), low=low, wrong=wrong, share=share, count=1_500)]
    while cases:
        several = cases[: others.choice((1, 2, 30, 700))]
        taken = running.take(several, THRESHOLD, [1e9 + case.number for case in several])
        for case in several[:taken]:
            watch = watched(watch, case, THRESHOLD, 1e9 + case.number)
            seen.add(watch.phase)
        assert running.phase == watch.phase
        assert running.watch == watch
        if watch.phase == "stopped":
            break
        assert taken == len(several)
        cases = cases[taken:]
    assert watch_to_json(running.watch) == watch_to_json(watch)
    assert seen == phases
    assert running.watch.unaudited == (share < 0.01)


@pytest.mark.dear
@given(score=st.floats(0, 1), raw=st.lists(st.floats(0, 1), min_size=100, max_size=120), at=st.integers(0, 400))
def test_a_case_says_which_threshold_was_in_force_whether_it_is_on_the_ladder_or_between(
    score: float, raw: list[float], at: int
) -> None:
    ladder = ladder_of(raw, fewest=100)
    own = ladder.thresholds[at % len(ladder.thresholds)]
    for threshold in (own, score, None):
        row = PromiseCaseRow(1, 1, score, 1.0, 0, None, 0.0, threshold, 1.0, 1.0, threshold)
        case = drawn_case(row, ladder)
        expected = -1 if threshold is None else sum(each >= threshold for each in ladder.thresholds) - 1
        assert (case.in_force, case.band) == (expected, expected)


@given(
    st.lists(st.floats(0.05, 1.0), min_size=2, max_size=5),
    st.lists(st.floats(0.01, 1.0), min_size=5, max_size=5),
    st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5),
    st.floats(0.0, 1e6),
)
def test_answers_that_are_asked_unevenly_move_the_watch_no_further_than_even_ones_while_the_promise_holds(
    shares: list[float], sizes: list[float], risks: list[float], evidence: float
) -> None:
    """On the mean over the next case a bet gains at most what it is laid with, if no more is wrong than promised."""
    target, shares = 0.05, sorted(shares)
    parts = [*zip(shares, [size / sum(sizes[: len(shares)]) for size in sizes], risks, strict=False)]
    mean = sum(size * risk for _, size, risk in parts)
    parts = [(share, size, risk * min(1.0, target / mean) if mean else risk) for share, size, risk in parts]
    even = sum(share * size for share, size, _ in parts)
    for ratio in (2.0, 4.0, 8.0):
        bet, after, laid = Bet(ratio, evidence=evidence), 0.0, 0.0
        for share, size, risk in parts:
            case = DrawnCase(
                number=1, score=0.9, share=share, drawn=True, in_force=0, accepted_share=even, below_share=1.0,
                verdict="right", grades=tuple((0, each) for each in shares),
            )  # fmt: skip
            assert 0 < case.weight < 2
            hit, miss = (bet.after(hit=hit, chance=target, weight=case.weight).evidence for hit in (True, False))
            assert miss >= 0
            after += size * (share * (risk * hit + (1 - risk) * miss) + (1 - share) * evidence)
            laid += size * share * case.weight
        assert after <= (evidence + laid) * (1 + 1e-9)
