"""``settled()`` says that nothing moves unless time passes, and is right whatever else the process does meanwhile."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail import Limit, Orchestrator, Retry, Run, StepFailed, action, rule, workflow
from handrail.orchestrator import Settings
from handrail.testing import FakeClock, Faults, Rehearsal
from handrail_orchestrator.context import StepContext
from handrail_orchestrator.embedded import worker, writer
from handrail_orchestrator.hooks import Hooks
from handrail_orchestrator.step import Step
from handrail_orchestrator.store.rows import ENDED

P = ParamSpec("P")
T = TypeVar("T")

GENEROUS = 60.0
TURNS = 100
"""Turns of the event loop in which whatever is on its way in it shows itself."""
MEMORY = "sqlite:///:memory:"


class Counting(Hooks):
    """Counts bodies that have begun."""

    def __init__(self) -> None:
        self.begun = 0

    async def around(self, context: StepContext, body: Callable[[], Awaitable[T]]) -> T:
        self.begun += bool(context.step)
        return await body()


tried: dict[str, int] = {}


@action(retry=Retry(attempts=4, first_seconds=1, max_seconds=3), timeout_seconds=30)
async def stubborn(key: str, failures: int) -> None:
    tried[key] = tried.get(key, 0) + 1
    await asyncio.sleep(0)
    if tried[key] <= failures:
        raise ConnectionError(key)


@action(limit="paced")
async def in_turn(_n: int) -> None:
    await asyncio.sleep(0)


@action(limit="one")
def in_a_thread(n: int) -> int:
    return n


@rule
def quick(n: int) -> int:
    return n + 1


@workflow(version=1)
async def busy(run: Run, plan: list[int]) -> int:
    for place, kind in enumerate(plan):
        match kind:
            case 0:
                await run.step(stubborn, f"{run.id} {place}", place % 3)
            case 1:
                await run.all(*[run.step(in_turn, n) for n in range(3)])
            case 2:
                await run.all(run.step(in_a_thread, 1), run.step(stubborn, f"{run.id} {place}", 1), run.step(quick, 1))
            case 3:
                await run.sleep(timedelta(hours=1))
            case 4:
                await asyncio.gather(run.step(in_a_thread, place), run.step(in_turn, place))
            case _:
                await run.child(busy, plan[place + 1 :])
    return len(plan)


LIMITS = {"paced": Limit(per_second=0.5), "one": Limit(concurrent=1)}


@asynccontextmanager
async def company() -> AsyncIterator[None]:
    """Other tasks of the loop, and a thread, that leave it no peace."""

    over = threading.Event()

    async def restless() -> None:
        while not over.is_set():  # noqa: ASYNC110 -- it is to keep the loop busy
            await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: [None for _ in iter(over.is_set, True)])
    thread.start()
    tasks = [asyncio.create_task(restless()) for _ in range(3)]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*tasks)
        thread.join()


@contextmanager
def hostile(*, commits_in_thread: bool) -> Iterator[None]:
    """Let the store be looked after without a pause, and commits be made by the thread if so asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "ALONE_TICK_SECONDS", 0.0)
        if commits_in_thread:
            patch.setattr(writer, "MOST_HERE", 0)
        yield


def state(orchestrator: Orchestrator, counting: Counting) -> tuple[object, ...]:
    rows = tuple((row.id, row.status, row.wake) for row in orchestrator.runs())
    # that a step is in flight for long is noted after a while of real time: nothing moves by that
    ended = [[step.name for step in orchestrator.steps(row[0]) if step.status != "started"] for row in rows]
    return counting.begun, rows, ended


async def plays(plans: list[list[int]]) -> None:
    clock, counting = FakeClock(), Counting()
    o = Orchestrator(MEMORY, workflows=[busy], limits=LIMITS, clock=clock, settings=Settings(hooks=counting))
    async with asyncio.timeout(GENEROUS), o, company():
        handles = [await o.start(busy, plan, id=f"r{number}") for number, plan in enumerate(plans)]
        while True:
            assert await o.settled()
            before, next_timer = state(o, counting), clock.next_timer
            for _ in range(TURNS):
                await asyncio.sleep(0)
            assert (state(o, counting), clock.next_timer) == (before, next_timer), "it moved without the clock"
            if next_timer is None:
                break
            clock.move_to(max(next_timer, clock.now()))
        assert {row.status for row in o.runs()} == {"completed"}
        assert [await handle.result() for handle in handles] == [len(plan) for plan in plans]


@pytest.mark.slow
@pytest.mark.parametrize("commits_in_thread", [False, True])
@settings(max_examples=8, deadline=None)
@given(plans=st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=3))
def test_nothing_moves_after_it_and_every_run_comes_to_its_end(
    commits_in_thread: bool,  # noqa: FBT001 -- a parameter of the test
    plans: list[list[int]],
) -> None:
    tried.clear()
    with hostile(commits_in_thread=commits_in_thread):
        asyncio.run(plays(plans))


@workflow(version=1)
async def asks_daily(run: Run, days: int) -> int:
    for _ in range(days):
        if not await run.ask("Go on?", bool, name="again"):
            return -1
        await run.sleep(timedelta(days=1))
    return days


@pytest.mark.slow
@pytest.mark.parametrize("commits_in_thread", [False, True])
async def test_a_timer_is_there_while_the_clock_that_jumped_is_looked_at(*, commits_in_thread: bool) -> None:
    with hostile(commits_in_thread=commits_in_thread):
        clock = FakeClock()
        async with asyncio.timeout(GENEROUS), Orchestrator(MEMORY, workflows=[asks_daily], clock=clock) as o, company():
            handle = await o.start(asks_daily, 12, id="a")
            for day in itertools.count():
                await o.settled()
                if o.run("a").status in ENDED:
                    break
                (item,) = o.reviews()
                await o.decide(item.id, value=True, by="ann")
                await o.settled()
                assert clock.next_timer is not None, f"on day {day} it sleeps, and nothing will wake it"
                clock.move_to(clock.next_timer)
            assert await handle.result() == 12


async def test_a_body_is_waited_for_unless_patience_ends() -> None:
    go_on = asyncio.Event()

    @action
    async def wait() -> None:
        await go_on.wait()

    @workflow(version=1)
    async def waits(run: Run) -> None:
        await run.step(wait)

    async with asyncio.timeout(GENEROUS), Orchestrator(MEMORY, workflows=[waits]) as o:
        await o.start(waits, None, id="a")
        assert not await o.settled(patience_seconds=0.01)
        settled = asyncio.create_task(o.settled())
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert not settled.done()
        go_on.set()
        assert await settled
        assert o.run("a").status == "completed"


@pytest.mark.dear
async def test_an_answer_on_its_way_from_another_task_is_not_overlooked() -> None:
    async with asyncio.timeout(GENEROUS), Orchestrator(MEMORY, workflows=[asks_daily], clock=FakeClock()) as o:
        for number in range(50):
            await o.start(asks_daily, 1, id=f"r{number}")
            await o.settled()
            (item,) = o.reviews()
            answering = asyncio.create_task(o.decide(item.id, value=False, by="ann"))
            for _ in range(number % 7):
                await asyncio.sleep(0)
            while not answering.done():
                await o.settled()
            await o.settled()
            assert o.run(f"r{number}").output == -1


@pytest.mark.dear
async def test_a_rehearsal_lets_a_body_that_never_answers_run_into_its_time_limit() -> None:
    @action(timeout_seconds=20)
    async def never() -> None:
        await asyncio.get_running_loop().create_future()

    @workflow(version=1)
    async def hopes(run: Run) -> None:
        await run.step(never)

    async with asyncio.timeout(GENEROUS), Rehearsal(workflows=[hopes]) as rehearsal:
        begun = rehearsal.clock.now()
        with pytest.raises(StepFailed, match="longer than 20 s"):
            await rehearsal.play(hopes, None)
        assert rehearsal.clock.now() - begun == 20


class Doubling(Counting):
    """Executes another body in place of ``quick``."""

    def step(self, step: Step[P, T]) -> Step[P, T]:
        doubles: dict[str, Any] = {"quick": lambda n: n + 10}
        return replace(step, function=doubles.get(step.name, step.function))


@workflow(version=1)
async def counts(run: Run, n: int) -> int:
    return await run.step(quick, n)


async def test_hooks_say_what_is_executed_and_faults_come_before() -> None:
    hooks = Doubling()
    faults = Faults().fail("quick", error=ConnectionError("down"))
    async with Rehearsal(workflows=[counts], settings=Settings(hooks=hooks), faults=faults) as rehearsal:
        with pytest.raises(StepFailed, match="down"):
            await rehearsal.play(counts, 1)
        assert (await rehearsal.play(counts, 1), hooks.begun) == (11, 1)
