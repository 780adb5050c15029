"""How many may start within a time, with a clock of the test's own."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ground.pace import Pace


class Clock:
    """Seconds that pass when told to, or while somebody sleeps; a sleeper may wake up late."""

    def __init__(self, late: float = 0.0) -> None:
        self.now = 0.0
        self.late = late

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += seconds + self.late


async def starts(pace: Pace, clock: Clock, count: int) -> list[float]:
    """Return when each of some starts was taken that were all asked for at once."""
    door = asyncio.Lock()
    begun: list[float] = []

    async def start() -> None:
        await pace.turn(door, clock.sleep)
        begun.append(clock.now)

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(start())
    return begun


@given(st.integers(1, 5), st.lists(st.tuples(st.floats(0, 40), st.booleans()), min_size=1, max_size=60))
def test_no_span_has_more_starts_than_allowed_and_none_is_wasted(limit: int, calls: list[tuple[float, bool]]) -> None:
    clock = Clock()
    pace = Pace(limit, 60.0, clock=clock)
    taken: list[float] = []
    for gap, patient in calls:
        clock.now += gap
        seconds = pace.take()
        assert (seconds > 0) == (len([each for each in taken if clock.now < each + 60]) >= limit)
        if seconds and patient:  # the others give up, and take nothing with them
            clock.now += seconds
            while rest := pace.take():  # sums of floats
                clock.now += max(rest, 1e-9)
        if not seconds or patient:
            taken.append(clock.now)
    for first, later in zip(taken, taken[limit:], strict=False):
        assert later - first >= 60 - 1e-6


async def test_starts_in_a_second_are_evenly_spaced() -> None:
    clock = Clock()

    assert await starts(Pace.per_second(4, clock=clock), clock, 5) == [0, 0.25, 0.5, 0.75, 1]


async def test_what_timers_are_late_by_is_not_added_up() -> None:
    clock = Clock(late=0.03)
    begun = await starts(Pace.per_second(100, clock=clock), clock, 101)

    assert begun[-1] == pytest.approx(1, abs=0.05)


async def test_after_a_time_without_starts_nothing_is_made_up_for() -> None:
    clock = Clock()
    pace = Pace.per_second(2, clock=clock)
    await starts(pace, clock, 1)
    clock.now = 10

    assert await starts(pace, clock, 3) == [10, 10.5, 11]


@given(st.floats(0, 3600), st.integers(1, 5))
def test_a_clock_that_is_set_back_holds_nobody_up_for_longer_than_a_span(back: float, limit: int) -> None:
    clock = Clock()
    clock.now = 10_000
    pace = Pace(limit, 60.0, clock=clock)
    for _ in range(limit):
        assert pace.take() == 0
    clock.now -= back
    assert pace.take() <= 60 + 1e-6  # sums of floats


async def test_who_gives_up_leaves_its_place() -> None:
    clock = Clock()
    pace = Pace.per_second(1, clock=clock)
    door = asyncio.Lock()
    await pace.turn(door, clock.sleep)
    waiting = asyncio.create_task(pace.turn(door, lambda _: asyncio.sleep(3600)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert await starts(pace, clock, 1) == [1]


async def test_without_a_limit_nothing_waits_but_for_a_pause() -> None:
    clock = Clock()
    pace = Pace.per_second(None, clock=clock)
    assert await starts(pace, clock, 100) == [0] * 100

    assert pace.pause(5)
    assert not pace.pause(2)  # the longer one holds
    assert pace.paused == 5
    assert await starts(pace, clock, 2) == [5, 5]
    assert pace.paused == 0
