"""Shares as people read them."""

import pytest

from handrail_ground.shares import percent


@pytest.mark.parametrize(
    ("share", "read"),
    [(0.0, "0"), (0.0045, "0.45"), (0.045, "4.5"), (0.0994, "9.9"), (0.0996, "10"), (0.452, "45"), (1.0, "100")],
)
def test_a_share_is_read_in_percent_and_all_of_it_is_no_power_of_ten(share: float, read: str) -> None:
    assert percent(share) == read
