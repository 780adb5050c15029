"""Who gets what is rolled out: nested by share, the same for ever, and nobody where it cannot be told."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.guards import InvalidGuard, Rollout, RolloutCase, RolloutState, only, rolled_out, shadow, share

SHARES = st.floats(0, 1)
IDS = st.text()
STATES = st.none() | st.builds(RolloutState, promoted=st.none() | SHARES, is_held=st.booleans())


def gets_it(
    rollout: Rollout, run_id: str, state: RolloutState | None = None, *, target: str = "triage/route", **tags: str
) -> bool:
    return rolled_out(rollout, state, RolloutCase(run_id=run_id, tags=tags), target=target).let_through


@given(IDS, SHARES, SHARES)
def test_who_is_in_at_a_share_is_in_at_every_larger_one(run_id: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    if gets_it(share(small), run_id):
        assert gets_it(share(large), run_id)


@given(IDS, SHARES, SHARES)
def test_a_promotion_to_more_takes_it_from_nobody(run_id: str, at_first: float, promoted: float) -> None:
    rollout = share(min(at_first, promoted))
    if gets_it(rollout, run_id):
        assert gets_it(rollout, run_id, RolloutState(promoted=max(at_first, promoted)))


@given(IDS, STATES, SHARES)
def test_a_run_gets_the_same_every_time(run_id: str, state: RolloutState | None, part: float) -> None:
    assert gets_it(share(part), run_id, state) == gets_it(share(part), run_id, state)


@given(IDS)
def test_a_share_of_nothing_is_nobody_and_a_share_of_all_is_everybody(run_id: str) -> None:
    assert not gets_it(share(0.0), run_id)
    assert not gets_it(shadow, run_id)
    assert gets_it(share(1.0), run_id)


@given(IDS, SHARES, SHARES, SHARES)
def test_nothing_goes_beyond_what_the_code_allows(run_id: str, one: float, other: float, promoted: float) -> None:
    start, ceiling = sorted((one, other))
    if gets_it(share(start, up_to=ceiling), run_id, RolloutState(promoted=promoted)):
        assert gets_it(share(ceiling), run_id)


@given(IDS, SHARES, st.none() | SHARES)
def test_what_is_held_is_let_loose_for_nobody(run_id: str, part: float, promoted: float | None) -> None:
    held = RolloutState(promoted=promoted, is_held=True, why="route drifted")
    found = rolled_out(share(part), held, RolloutCase(run_id=run_id), target="triage/route")
    assert (found.let_through, found.share, found.reason) == (False, 0.0, "the rollout is held: route drifted")
    assert not gets_it(only("pilot", customer="acme"), run_id, held, customer="acme")


@pytest.mark.dear
@pytest.mark.parametrize("part", [0.01, 0.1, 0.5])
def test_the_share_of_runs_is_as_said(part: float) -> None:
    runs = 20_000
    found = sum(gets_it(share(part), f"T-{number}") for number in range(runs))
    assert abs(found / runs - part) < 5 * math.sqrt(part * (1 - part) / runs)


@pytest.mark.dear
def test_two_rollouts_do_not_meet_the_same_runs() -> None:
    half, runs = share(0.5), range(20_000)
    both = sum(gets_it(half, f"T-{n}") and gets_it(half, f"T-{n}", target="triage/reply") for n in runs)
    assert abs(both / 20_000 - 0.25) < 0.02


@pytest.mark.parametrize(
    ("run_id", "draw"), [("T-1", 0.7179393238395103), ("", 0.40133626662717403), ("é/\ud800", 0.5516298207973839)]
)
def test_a_run_draws_the_same_number_in_every_release(run_id: str, draw: float) -> None:
    assert rolled_out(shadow, None, RolloutCase(run_id=run_id), target="triage/route").draw == draw


def test_a_slice_gets_it_and_a_promotion_adds_a_share_of_the_others() -> None:
    pilot = only("pilot", customer="acme")
    others = [f"T-{n}" for n in range(2_000)]
    assert gets_it(pilot, "T-1", customer="acme")
    assert not any(gets_it(pilot, run_id, customer="other") for run_id in others)
    tenth = RolloutState(promoted=0.1)
    assert gets_it(pilot, "T-1", tenth, customer="acme")
    assert 100 < sum(gets_it(pilot, run_id, tenth, customer="other") for run_id in others) < 300


def test_a_slice_may_be_told_by_any_function_of_the_case() -> None:
    short = only("short ones", lambda case: len(case.value) < 5)
    for text, inside in (("hi", True), ("a long story", False)):
        found = rolled_out(short, None, RolloutCase(run_id="T-1", value=text), target="triage/route")
        assert (found.let_through, found.slice) == (inside, "short ones" if inside else "")


def raising(_case: RolloutCase) -> bool:
    raise LookupError("no such customer")


def leaving(_case: RolloutCase) -> bool:
    raise SystemExit(3)


@pytest.mark.parametrize("holds", [raising, leaving])
def test_a_slice_that_cannot_tell_keeps_the_run_out(holds: Callable[[RolloutCase], bool]) -> None:
    found = rolled_out(
        only("pilot", holds), RolloutState(promoted=1.0), RolloutCase(run_id="T-1"), target="triage/route"
    )
    assert not found.let_through
    assert "slice 'pilot' cannot tell" in found.reason


@pytest.mark.parametrize("said", [None, 1, "yes", [0]])
def test_only_true_says_that_a_run_is_in_a_slice(said: object) -> None:
    assert not gets_it(only("pilot", lambda _: said), "T-1")


def test_who_is_kept_out_is_told_why() -> None:
    case = RolloutCase(run_id="T-1")
    reasons = [
        rolled_out(rollout, None, case, target="triage/route").reason
        for rollout in (shadow, share(0.05), only("pilot", customer="acme"))
    ]
    assert reasons == [
        "in shadow: people decide",
        "rolled out to 5% of the runs, without it",
        "rolled out to the slice 'pilot', without this run",
    ]


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: share(1.5), "the share of a rollout is 1.5; give a number from 0 to 1"),
        (lambda: share(10), "the share of a rollout is 10; give a number from 0 to 1"),
        (lambda: share(math.nan), "the share of a rollout is nan"),
        (lambda: share(0.5, up_to=0.1), "up_to is 0.1; give the largest share to promote to, 0.5 to 1"),
        (lambda: only("pilot"), "say which runs are in it"),
        (lambda: only("", customer="acme"), "a slice needs a name"),
        (lambda: only("pilot", lambda _: True, customer="acme"), "say which runs are in it"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_given(build: Callable[[], Any], told: str) -> None:
    with pytest.raises(InvalidGuard, match=told):
        build()
