"""Shares as people read them."""

import pytest

from handrail_ground.shares import decimal, decimals, percent


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
