"""Shares as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ground.shares import below, decimal, decimals, in_digits, in_percent, percent, signed


@pytest.mark.parametrize(
    ("share", "read"),
    [(0.0, "0"), (0.0045, "0.45"), (0.045, "4.5"), (0.0994, "9.9"), (0.0996, "10"), (0.452, "45"), (1.0, "100")],
)
def test_a_share_is_read_in_percent_and_all_of_it_is_no_power_of_ten(share: float, read: str) -> None:
    assert percent(share) == read


def test_numbers_have_as_many_decimals_as_tell_them_from_each_other_and_from_all_and_nothing() -> None:
    assert decimals(0.79, 0.8) == ("0.790", "0.800")
    assert decimals(0.95001, 0.95004) == ("0.95001", "0.95004")
    assert decimals(0.99998, 0.99999) == ("0.99998", "0.99999")
    assert (decimal(1 - 2**-53), decimal(0.0), decimal(1.0)) == ("0.9999999999999999", "0.000", "1.000")
    assert decimal(0.12345, fewest=4) == "0.1235"


def test_a_difference_is_told_from_none_and_a_share_from_the_limit_that_it_is_below() -> None:
    assert (signed(0.0834), signed(-0.00004), signed(0.0)) == ("+0.083", "-0.00004", "+0.000")
    assert (below(0.9496, 0.95, 1), below(0.8996, 0.9), below(0.5, 0.95)) == ("94.96%", "89.96%", "50%")


@pytest.mark.parametrize(
    ("share", "places", "read"),
    [
        (0.0, 0, "0%"),
        (1.0, 0, "100%"),
        (0.5, 0, "50%"),
        (0.0, 1, "0.0%"),
        (1.0, 1, "100.0%"),
        (0.9751, 1, "97.5%"),
        (0.004, 0, "0.4%"),
        (0.9951, 0, "99.5%"),
        (0.999999999, 0, "99.9999999%"),
        (1e-9, 1, "0.0000001%"),
        (0.9996, 1, "99.96%"),
        (1 - 2**-53, 0, "99.99999999999999%"),
        (5e-324, 0, "5e-322%"),
    ],
)
def test_a_share_is_told_as_none_and_as_all_only_where_it_is(share: float, places: int, read: str) -> None:
    assert in_percent(share, places) == read


@pytest.mark.parametrize(
    ("share", "read"),
    [(0.0, "0%"), (1.0, "100%"), (0.02, "2%"), (0.12345, "12.3%"), (0.9996, "99.96%"), (1e-9, "0.0000001%")],
)
def test_digits_tell_a_share_from_none_and_from_all(share: float, read: str) -> None:
    assert in_digits(share) == read


@given(st.floats(0, 1))
def test_no_way_of_telling_a_share_rounds_it_to_none_or_all(share: float) -> None:
    for told in (percent(share), in_percent(share, sign=""), in_percent(share, 2, sign=""), in_digits(share, sign="")):
        assert (float(told) == 0.0) == (share == 0.0)
        assert (float(told) == 100.0) == (share == 1.0)
