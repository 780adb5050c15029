"""Quantiles from log-spaced buckets are off by what they say at most, and sums by nothing."""

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.statistics.buckets import (
    MICROS,
    PERCENTILE_ERROR,
    ZERO,
    bounds_of,
    bucket_of,
    micros_of,
    quantile,
)

durations = st.one_of(st.floats(0.0, 10.0), st.floats(0.0, 1e8), st.integers(0, 100_000_000).map(lambda n: n / MICROS))


@given(st.lists(durations, min_size=1, max_size=200), st.floats(0.001, 1.0))
def test_a_quantile_is_off_by_its_error_at_most(values: list[float], share: float) -> None:
    micros = sorted(map(micros_of, values))
    exact = micros[max(1, math.ceil(share * len(micros))) - 1] / MICROS
    found = quantile(Counter(map(bucket_of, micros)), share)
    assert found is not None
    assert abs(found - exact) <= exact * PERCENTILE_ERROR * (1 + 1e-9)


@given(st.integers(1, 10**15))
def test_a_duration_is_between_the_bounds_of_its_bucket(micros: int) -> None:
    low, high = bounds_of(bucket_of(micros))
    assert low * (1 - 1e-12) <= micros / MICROS < high * (1 + 1e-12)


def test_the_error_is_a_few_per_cent_and_nothing_takes_no_time() -> None:
    assert 0.04 < PERCENTILE_ERROR < 0.05
    assert bucket_of(micros_of(0.0)) == bucket_of(micros_of(-5.0)) == ZERO
    assert quantile({ZERO: 3, 0: 1}, 0.5) == 0.0
    assert quantile({}, 0.5) is None
