"""The pace of requests, with a clock of the test's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_steps.models.openai.limits import WINDOW_SECONDS, Pacer


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.integers(1, 5), st.lists(st.floats(0, 40), min_size=1, max_size=40))
def test_no_minute_has_more_starts_than_allowed(per_minute: int, gaps: list[float]) -> None:
    clock = Clock()
    pacer = Pacer(per_minute, clock)
    starts = []
    for gap in gaps:
        clock.now += gap
        starts.append(clock.now + pacer.reserve())
    assert starts == pytest.approx(sorted(starts))
    for first, later in zip(starts, starts[per_minute:], strict=False):
        assert later - first >= WINDOW_SECONDS - 1e-6


def test_without_a_limit_nothing_waits() -> None:
    pacer = Pacer(None, Clock())
    assert [pacer.reserve() for _ in range(100)] == [0.0] * 100


def test_a_pause_holds_until_it_is_over() -> None:
    clock = Clock()
    pacer = Pacer(None, clock)
    pacer.pause(5)
    pacer.pause(2)
    assert pacer.reserve() == 5
    clock.now = 5
    assert pacer.reserve() == 0
