"""A clock that can be stopped, and what is cancelled when it has run out."""

import asyncio

import pytest

from handrail_ai_steps.deadline import Deadline


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_no_time_passes_while_it_is_held() -> None:
    clock = Clock()
    deadline = Deadline(10.0, clock)
    clock.now = 4.0
    with deadline.held():
        clock.now = 100.0
        with deadline.held():
            clock.now = 200.0
        assert deadline.left == 6.0
    assert deadline.left == 6.0
    clock.now = 206.0
    assert deadline.left == 0.0


def test_a_share_ends_with_the_whole_and_holds_it() -> None:
    clock = Clock()
    whole = Deadline(10.0, clock)
    share = whole.within(4.0)
    clock.now = 1.0
    with share.held():
        clock.now = 51.0
    assert (share.left, whole.left) == (3.0, 9.0)
    assert whole.within(60.0).seconds == 9.0
    clock.now = 60.0
    assert (share.left, whole.left) == (0.0, 0.0)


@pytest.mark.dear
async def test_a_timer_does_not_run_out_while_the_clock_is_held() -> None:
    deadline = Deadline(0.2)
    async with deadline.enforced() as timer:
        with deadline.held():
            await asyncio.sleep(0.5)
        assert not timer.expired
    with pytest.raises(TimeoutError):
        async with deadline.enforced():
            await asyncio.sleep(3600)


async def test_waiting_in_a_queue_has_a_limit_of_its_own() -> None:
    deadline = Deadline(60.0, waiting=0.1)
    with pytest.raises(TimeoutError):
        async with deadline.queued():
            await asyncio.sleep(3600)
    assert deadline.left > 59.0
    with pytest.raises(TimeoutError):  # all of it is used up
        async with deadline.within(30.0).queued():
            await asyncio.sleep(3600)


async def test_a_cancellation_from_outside_goes_before_the_time() -> None:
    async def late() -> None:
        async with Deadline(0.0).enforced():
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(3600)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(late())
