"""The count of tries to sign in: what is granted, what fills up again, and that its memory has an end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.console.attempts import BY_ADDRESS, BY_NAME, Attempts, TriesLeft, TryAllowance, network_of


def test_a_budget_is_used_up_and_fills_up_again() -> None:
    left = TriesLeft(TryAllowance(3, 10.0))

    assert [left.spend("ann", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert left.spend("ann", 0.0) == 10.0
    assert left.spend("ann", 9.0) == pytest.approx(1.0)
    assert left.spend("ann", 10.0) == 0.0
    assert left.spend("ann", 10.0) == 10.0
    assert left.spend("ben", 10.0) == 0.0


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    left = TriesLeft(TryAllowance(1, 10.0))

    assert left.spend("ann", 100.0) == 0.0
    assert left.spend("ann", 0.0) > 0.0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0.0, 30.0)), max_size=60))
def test_no_key_ever_gets_more_than_its_budget(tries: list[tuple[str, float]]) -> None:
    allowance, now = TryAllowance(3, 10.0), 0.0
    left, granted = TriesLeft(allowance), {"a": 0, "b": 0}
    for key, passed in tries:
        now += passed
        granted[key] += left.spend(key, now) == 0.0
        assert granted[key] <= allowance.most + now / allowance.seconds + 1e-6


def test_what_is_remembered_has_an_end_and_whoever_is_tried_now_is_in_it() -> None:
    left = TriesLeft(TryAllowance(2, 10.0), most_remembered=100)
    for number in range(1_000):
        left.spend(f"somebody {number}", 0.0)
    left.spend("ann", 0.0)
    left.spend("ann", 0.0)

    assert len(left) == 100
    assert left.spend("ann", 0.0) > 0.0


def test_the_same_name_in_other_letters_is_the_same_name() -> None:
    attempts = Attempts()
    for number in range(BY_NAME.most):
        assert attempts.begin("ann" if number % 2 else "ANN", f"10.0.{number}.1", 0.0) == 0.0

    assert attempts.begin("Ann", "10.9.9.9", 0.0) > 0.0


def test_one_household_is_one_address() -> None:
    attempts = Attempts()
    for number in range(BY_ADDRESS.most):
        assert attempts.begin(f"n{number}", f"2001:db8:1:2::{number:x}", 0.0) == 0.0

    assert attempts.begin("ann", "2001:db8:1:2:ffff::1", 0.0) > 0.0
    assert attempts.begin("ann", "2001:db8:1:3::1", 0.0) == 0.0


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("2001:db8::5", "2001:db8::/64"),
        ("", ""),
        ("testclient", "testclient"),
        ("x" * 1_000, "x" * 64),
    ],
)
def test_an_address_counts_as_its_network(address: str, counts_as: str) -> None:
    assert network_of(address) == counts_as
