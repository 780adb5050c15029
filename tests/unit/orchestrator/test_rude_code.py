"""Whatever user code raises or ignores is its own step's or run's affair: nobody else is harmed, nothing hangs."""

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, NoReturn

import pytest

from handrail import Accepted, Default, Doubtful, Orchestrator, Retry, Run, StepFailed, action, rule, workflow
from handrail.guards import Confidence, Judgement
from handrail.orchestrator import Settings

GENEROUS = 60.0
Team = Literal["billing", "bugs"]


class Own(BaseException):
    """A user's class that is no ``Exception``."""


class Mute(Exception):
    """An exception that has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Leaving(Exception):
    """An exception that would end the process when it is asked for its text."""

    def __str__(self) -> str:
        raise SystemExit(0)


KINDS: dict[str, type[BaseException]] = {
    "SystemExit": SystemExit,
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "CancelledError": asyncio.CancelledError,
    "StopIteration": StopIteration,
    "StopAsyncIteration": StopAsyncIteration,
    "Own": Own,
    "Mute": Mute,
    "Leaving": Leaving,
}

bodies: list[str] = []


def throw(kind: str) -> NoReturn:
    bodies.append(kind)
    raise KINDS[kind]("3")


@action
async def in_loop(kind: str) -> str:
    await asyncio.sleep(0)
    throw(kind)


@action
def in_thread(kind: str) -> str:
    throw(kind)


@rule(inline=True)
def inline(kind: str) -> str:
    throw(kind)


@rule
def as_it_is_quick(kind: str) -> str:
    throw(kind)


@action(timeout_seconds=GENEROUS, deadline_seconds=GENEROUS)
async def on_a_leash(kind: str) -> str:
    throw(kind)


class Route:
    """A judge."""

    name = "route"
    output_type = Team

    async def __call__(self, text: str) -> Accepted[Team] | Doubtful[Team]:
        if text in KINDS:
            throw(text)
        return Accepted("bugs", Judgement(confidence=Confidence(0.9, "local"), model="stub"))


route = Route()


@action
async def nap(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "slept"


STEPS: dict[str, Any] = {
    "loop": in_loop, "thread": in_thread, "inline": inline, "quick": as_it_is_quick, "leash": on_a_leash,
}  # fmt: skip


@workflow(version=1)
async def by_place(run: Run, what: tuple[str, str]) -> str:
    place, kind = what
    match place:
        case "judge":
            return await run.decide(route, kind)
        case "workflow":
            throw(kind)
        case "branch":

            async def branch() -> str:
                throw(kind)

            return str(await run.all(branch(), run.step(nap, 0.01)))
        case "step in a branch":
            return str(await run.all(run.step(in_loop, kind), run.step(in_thread, kind)))
        case _:
            return str(await run.step(STEPS[place], kind))


@workflow(version=1)
async def quiet(run: Run, seconds: float) -> str:
    return await run.step(nap, seconds)


@asynccontextmanager
async def working(tmp_path: Path, *workflows: Any, **settings: Any) -> AsyncIterator[Orchestrator]:
    bodies.clear()
    kept = Settings(**{"grace_seconds": 0, **settings})
    async with asyncio.timeout(GENEROUS):
        async with Orchestrator(f"sqlite:///{tmp_path / 'r.db'}", workflows=list(workflows), settings=kept) as o:
            yield o


PLACES = ["loop", "thread", "inline", "quick", "leash", "judge", "workflow", "branch", "step in a branch"]


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
async def test_what_code_raises_is_its_runs_failure_and_harms_nobody(tmp_path: Path, place: str, kind: str) -> None:
    async with working(tmp_path, by_place, quiet) as o:
        beside = await o.start(quiet, 0.05, id="beside")
        handle = await o.start(by_place, (place, kind), id="rude")
        with pytest.raises(StepFailed) as failed:
            await handle.result()
        assert await beside.result() == "slept"
        assert await (await o.start(quiet, 0.0, id="after")).result() == "slept"
        assert o.run("rude").status == "failed"
        errors = [step.error for step in o.steps("rude") if step.status == "failed"]
        inside = place not in {"workflow", "branch"}
        assert bool(errors) is inside
        said = f"{failed.value}{errors}"
        assert kind in said or (kind == "StopIteration" and "raised StopIteration" in said)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [in_thread.function, in_loop.function], ids=["thread", "loop"])
async def test_retry_fallback_and_default_hold_for_whatever_is_raised(
    tmp_path: Path, kind: str, body: Callable[[str], Any]
) -> None:
    again = Retry(attempts=3, first_seconds=0.001, max_seconds=0.001)

    async def good(kind: str) -> str:
        return f"{kind} or not"

    retried = action(name="retried", retry=again)(body)
    rescued = action(name="rescued", retry=again, fallback=good)(body)
    twice = action(name="twice", fallback=body, on_failure=Default("default"))(body)
    asked = action(name="asked", on_failure="review")(body)

    @workflow(version=1)
    async def policies(run: Run, kind: str) -> list[str]:
        try:
            results = [await run.step(retried, kind)]
        except StepFailed as failed:
            results = [failed.error_type]
        return [*results, *[await run.step(step, kind) for step in (rescued, twice, asked)]]

    async with working(tmp_path, policies) as o:
        handle = await o.start(policies, kind, id="r")
        await o.idle()
        (item,) = o.reviews()
        assert item.kind == "repair"
        await o.decide(item.id, "a person", by="ann")
        expected = "RuntimeError" if kind == "StopIteration" and body is in_loop.function else kind
        assert await handle.result() == [expected, f"{kind} or not", "default", "a person"]
        assert {step.name: step.attempt for step in o.steps("r")} | {"asked/review": 1} == {
            "retried": 3, "rescued": 4, "twice": 2, "asked": 1, "asked/review": 1,
        }  # fmt: skip


async def test_a_body_that_cancels_its_own_task_has_failed(tmp_path: Path) -> None:
    @action
    async def give_up(n: int) -> int:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(GENEROUS)
        return n

    @workflow(version=1)
    async def survives(run: Run, n: int) -> str:
        try:
            return str(await run.step(give_up, n))
        except StepFailed as failed:
            return f"{failed.error_type}, then {await run.step(nap, 0.0)}"

    async with working(tmp_path, survives) as o:
        assert await (await o.start(survives, 1)).result() == "CancelledError, then slept"


@pytest.mark.dear
async def test_a_run_cancelled_though_nobody_asked_is_handed_back_and_ends(tmp_path: Path) -> None:
    first = asyncio.Event()

    @action
    async def once(n: int) -> int:
        bodies.append("once")
        if len(bodies) == 1:
            first.set()
            await asyncio.sleep(GENEROUS)
        return n

    @workflow(version=1)
    async def calm(run: Run, n: int) -> int:
        return await run.step(once, n)

    async with working(tmp_path, calm) as o:
        handle = await o.start(calm, 7, id="calm")
        await first.wait()
        for task in asyncio.all_tasks():
            if task.get_name() == "calm":
                task.cancel()
        assert await handle.result() == 7
        assert bodies == ["once", "once"]
        assert o.run("calm").crashes == 0


class Stubborn:
    """Code that ignores cancels: for ever, or so many times."""

    def __init__(self, cancels: int) -> None:
        self.cancels = cancels
        self.begun = asyncio.Event()

    async def __call__(self, n: int) -> int:
        self.begun.set()
        while self.cancels:
            try:
                await asyncio.sleep(GENEROUS)
            except asyncio.CancelledError:
                self.cancels -= 1
        return n


@pytest.mark.parametrize("cancels", [1, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_after_a_cancel_no_further_body_begins(tmp_path: Path, cancels: int) -> None:
    stubborn = Stubborn(cancels)
    swallow = action(name="swallow", retry=Retry(attempts=2), fallback=in_loop.function)(stubborn.__call__)

    @action
    async def pay(n: int) -> int:
        bodies.append("paid")
        return n

    @workflow(version=1)
    async def order(run: Run, n: int) -> int:
        await run.step(swallow, n)
        return await run.step(pay, n)

    async with working(tmp_path, order) as o:
        handle = await o.start(order, 1, id="order")
        await stubborn.begun.wait()
        await o.cancel("order")
        with pytest.raises(StepFailed, match="RunCancelled"):
            await handle.result()
        assert o.run("order").status == "cancelled"
        await o.idle()
        assert bodies == []


async def test_a_workflow_that_swallows_its_cancel_is_cancelled_all_the_same(tmp_path: Path) -> None:
    begun = asyncio.Event()

    @workflow(version=1)
    async def deaf(run: Run, n: int) -> int:
        begun.set()
        try:
            await asyncio.sleep(GENEROUS)
        except asyncio.CancelledError:
            return n
        return len(await run.step(nap, 0.0)) + n

    async with working(tmp_path, deaf) as o:
        await o.start(deaf, 1, id="deaf")
        await begun.wait()
        await o.cancel("deaf")
        await o.idle()
        assert o.run("deaf").status == "cancelled"


@pytest.mark.slow
@pytest.mark.parametrize("branches", [1, 2])
async def test_a_step_that_ignores_every_cancel_holds_up_neither_its_time_limit_nor_the_closing(
    tmp_path: Path, branches: int, caplog: pytest.LogCaptureFixture
) -> None:
    limited = action(name="limited", timeout_seconds=0.05)(Stubborn(10_000).__call__)
    endless = Stubborn(10_000)
    unlimited = action(name="unlimited")(endless.__call__)

    @workflow(version=1)
    async def slow(run: Run, n: int) -> int:
        return await run.step(limited, n)

    @workflow(version=1)
    async def never(run: Run, n: int) -> int:
        if branches > 1:
            return (await run.all(*(run.step(unlimited, n) for _ in range(branches))))[0]
        return await run.step(unlimited, n)

    with caplog.at_level(logging.WARNING, "orchestrator"):
        async with working(tmp_path, slow, never) as o:
            with pytest.raises(StepFailed, match=r"took longer than 0\.05 s"):
                await (await o.start(slow, 1)).result()
            await o.start(never, 1, id="never")
            await endless.begun.wait()
    assert "unlimited" in caplog.text
    assert "ignores that it was cancelled" in caplog.text
    async with Orchestrator(f"sqlite:///{tmp_path / 'r.db'}", workflows=[slow]) as o:
        assert (o.run("never").status, o.run("never").crashes) == ("pending", 0)


async def test_threads_whose_bodies_never_return_are_replaced_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()

    @action(timeout_seconds=0.05)
    def hang(n: int) -> int:
        stop.wait(GENEROUS)
        return n

    @action
    def fine(n: int) -> int:
        assert threading.current_thread().daemon, "a thread that could hold up the exit"
        return n

    @workflow(version=1)
    async def hanging(run: Run, n: int) -> int:
        return await run.step(hang, n)

    @workflow(version=1)
    async def plain(run: Run, n: int) -> int:
        return await run.step(fine, n)

    try:
        async with working(tmp_path, hanging, plain, threads=2) as o:
            with caplog.at_level(logging.WARNING, "handrail.steps"):
                for handle in await o.start_many(hanging, [(f"h{n}", n) for n in range(6)]):
                    with pytest.raises(StepFailed, match="took longer"):
                        await handle.result()
                assert await (await o.start(plain, 3)).result() == 3
            left = [record.getMessage() for record in caplog.records if "nobody waits" in record.getMessage()]
            assert left  # as many as had begun when their time was over: on a busy machine not all
            assert all("run 'h" in each for each in left)
            stop.set()
            handles = await o.start_many(plain, [(None, n) for n in range(20)])
            assert [await handle.result() for handle in handles] == list(range(20))
    finally:
        stop.set()


async def test_never_more_plain_bodies_at_once_than_threads(tmp_path: Path) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    @action
    def count(n: int) -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
        return n

    @workflow(version=1)
    async def counted(run: Run, n: int) -> int:
        return sum(await run.all(*(run.step(count, n) for _ in range(3))))

    async with working(tmp_path, counted, threads=3) as o:
        handles = await o.start_many(counted, [(None, n) for n in range(10)])
        assert [await handle.result() for handle in handles] == [3 * n for n in range(10)]
    assert most[0] == 3


async def test_closing_waits_for_no_thread_of_the_loops_own_pool(tmp_path: Path) -> None:
    stop = threading.Event()
    loop = asyncio.get_running_loop()
    blocked = [loop.run_in_executor(None, stop.wait, GENEROUS) for _ in range(40)]
    try:
        async with working(tmp_path, quiet) as o:
            assert await (await o.start(quiet, 0.0)).result() == "slept"
        assert not any(each.done() for each in blocked)
    finally:
        stop.set()
        await asyncio.gather(*blocked)


async def test_a_handler_that_was_there_is_called_and_put_back(tmp_path: Path) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    mine = signal.getsignal(signal.SIGTERM)
    try:
        async with working(tmp_path, quiet) as o, Orchestrator("sqlite:///:memory:", workflows=[quiet]):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0)
            assert heard == [signal.SIGTERM]
            assert await (await o.start(quiet, 0.0)).result() == "slept"
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_whoever_is_in_a_hurry_may_cancel_the_closing_and_runs_are_handed_back(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'r.db'}"
    begun = asyncio.Event()

    @action
    async def long(n: int) -> int:
        begun.set()
        await asyncio.sleep(GENEROUS)
        return n

    @workflow(version=1)
    async def lengthy(run: Run, n: int) -> int:
        return await run.step(long, n)

    async def main() -> None:
        async with Orchestrator(store, workflows=[lengthy], settings=Settings(grace_seconds=GENEROUS)) as o:
            await o.start(lengthy, 1, id="r")
            await begun.wait()

    task = asyncio.create_task(main())
    await begun.wait()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with Orchestrator(store, workflows=[quiet]) as o:
        assert (o.run("r").status, o.run("r").crashes, o.workers()[0].id) == ("pending", 0, 2)
