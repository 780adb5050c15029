"""Times and limits of an evaluation that cannot be are refused by name when they are given."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from handrail import HandrailError
from handrail.evals import Budget, RunSettings, Simulation
from handrail_evals.decide.drift.seen import require_zone

NO_NUMBERS: list[Any] = ["5", True, b"1", [], float("nan"), float("inf"), -1, 0, 10**400, timedelta(seconds=5)]
LIMITS: dict[str, Callable[[Any], object]] = {
    "money": lambda given: Budget(money=given),
    "tokens": lambda given: Budget(tokens=given),
    "seconds": lambda given: Budget(seconds=given),
    "per_second": lambda given: RunSettings(per_second=given),
    "timeout_seconds": lambda given: RunSettings(timeout_seconds=given),
}


@pytest.mark.parametrize("named", LIMITS)
def test_a_limit_that_is_no_number_is_refused_by_its_name(named: str) -> None:
    for given in NO_NUMBERS:
        with pytest.raises(HandrailError, match=rf"{named}\b.*give a number above 0"):
            LIMITS[named](given)


@pytest.mark.parametrize("given", [1.0, "2026-01-01", None, date(2026, 1, 1), datetime(2026, 1, 1)])  # noqa: DTZ001
def test_a_moment_without_a_zone_or_none_at_all_is_refused(given: Any) -> None:
    with pytest.raises(HandrailError, match=r"start is .*use datetime\(\.\.\., tzinfo=UTC\)"):
        Simulation(start=given)
    with pytest.raises(HandrailError, match=r"time .*give .*datetime\.now\(UTC\)"):
        require_zone(given)


@pytest.mark.parametrize("given", [1.0, "7d", None, timedelta(), datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_horizon_that_is_no_length_of_time_is_refused(given: Any) -> None:
    with pytest.raises(HandrailError, match=r"horizon is .*give a timedelta above 0"):
        Simulation(horizon=given)
