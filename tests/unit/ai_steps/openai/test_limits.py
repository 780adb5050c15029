"""The pace of requests, with a clock of the test's own."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.limits import LONGEST_PAUSE_SECONDS, WINDOW_SECONDS, Pacer


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.integers(1, 5), st.lists(st.tuples(st.floats(0, 40), st.booleans()), min_size=1, max_size=60))
def test_no_minute_has_more_starts_than_allowed_and_none_is_wasted(
    per_minute: int, calls: list[tuple[float, bool]]
) -> None:
    clock = Clock()
    pacer = Pacer(per_minute, clock)
    starts: list[float] = []
    for gap, patient in calls:
        clock.now += gap
        seconds = pacer.take()
        assert (seconds > 0) == (len([each for each in starts if clock.now < each + WINDOW_SECONDS]) >= per_minute)
        if seconds and patient:  # the others give up, and take nothing with them
            clock.now += seconds
            while rest := pacer.take():  # sums of floats
                clock.now += max(rest, 1e-9)
        if not seconds or patient:
            starts.append(clock.now)
    for first, later in zip(starts, starts[per_minute:], strict=False):
        assert later - first >= WINDOW_SECONDS - 1e-6


def test_without_a_limit_nothing_waits() -> None:
    pacer = Pacer(None, Clock())
    assert [pacer.take() for _ in range(100)] == [0.0] * 100


def test_a_pause_holds_until_it_is_over() -> None:
    clock = Clock()
    pacer = Pacer(None, clock)
    pacer.pause(5)
    pacer.pause(2)
    assert pacer.take() == 5
    clock.now = 5
    assert pacer.take() == 0


@pytest.mark.parametrize("seconds", [86_400.0, 1e300, float("inf")])
async def test_a_pause_that_outlives_the_call_is_said_at_once_and_believed_for_a_minute_only(seconds: float) -> None:
    clock = Clock()
    pacer = Pacer(None, clock)
    pacer.pause(seconds)
    with pytest.raises(Halted, match=r"asked for a pause of .* it is asked again in 60 seconds"):
        await pacer.turn(asyncio.Lock(), 30.0)
    clock.now = LONGEST_PAUSE_SECONDS
    await pacer.turn(asyncio.Lock(), 30.0)
