"""What ``idle()`` says: nothing that was started here is left, wherever it is executed, and nothing has failed."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handrail import Orchestrator, Run, action, workflow
from handrail.orchestrator import Settings
from handrail_orchestrator.errors import Misuse, StoreCorrupt, StoreFull, StoreNotFound
from handrail_orchestrator.sealing.store import SealedStore
from handrail_orchestrator.store.sqlite.store import SqliteStore

GENEROUS = 60.0


class Gate:
    """What the body of ``waiting`` waits for; new for each test, since an event belongs to one loop."""

    begun: asyncio.Event
    go_on: asyncio.Event


@action
async def wait_to_go_on(n: int) -> int:
    Gate.begun.set()
    await Gate.go_on.wait()
    return n


@action
async def fill(n: int) -> str:
    return "x" * n


@workflow(version=1)
async def waiting(run: Run, n: int) -> int:
    return await run.step(wait_to_go_on, n)


@workflow(version=1)
async def filling(run: Run, n: int) -> int:
    return sum([len(await run.step(fill, n)) for _ in range(50)])


@workflow(version=1)
async def quick(run: Run, n: int) -> str:
    return f"{run.id}: {n}"


@pytest.fixture(autouse=True)
def _events() -> None:
    Gate.begun, Gate.go_on = asyncio.Event(), asyncio.Event()


@pytest.mark.dear
async def test_runs_started_here_are_waited_for_while_another_worker_executes_them(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'r.db'}"
    async with asyncio.timeout(GENEROUS), Orchestrator(store, workflows=[waiting]) as other:
        theirs = await other.start(waiting, 1, id="theirs")
        await Gate.begun.wait()
        async with Orchestrator(store, workflows=[waiting]) as here:
            await here.idle()  # what others started is none of its business
            again = await here.start(waiting, 1, id="theirs")
            assert not again.new
            idle = asyncio.create_task(here.idle())
            await asyncio.wait([idle], timeout=0.3)
            assert not idle.done()
            Gate.go_on.set()
            await idle
            assert here.run("theirs").status == "completed"
        assert await theirs.result() == 1


async def test_idle_raises_what_made_the_worker_give_up(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    async with asyncio.timeout(GENEROUS), Orchestrator(f"sqlite:///{path}", workflows=[filling]) as o:
        limit_pages(o, 40)
        await o.start(filling, 100_000, id="full")
        with pytest.raises(StoreFull):
            await o.idle()
        with pytest.raises(StoreFull):
            await o.start(filling, 1)
    async with Orchestrator(f"sqlite:///{path}", workflows=[filling]) as o:
        await o.idle()
        assert (o.run("full").status, o.run("full").crashes) == ("completed", 0)


def limit_pages(orchestrator: Orchestrator, pages: int) -> None:
    """Let the store's file grow no further, as a full disk does."""
    store = orchestrator._open_store  # noqa: SLF001 -- no disk can be filled here
    assert isinstance(store, SealedStore)
    assert isinstance(store.within, SqliteStore)
    store = store.within
    store._writing.execute(f"PRAGMA max_page_count = {pages}")  # noqa: SLF001 -- as above


@pytest.mark.dear
async def test_a_store_whose_file_is_deleted_under_a_worker_stops_it(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    async with asyncio.timeout(GENEROUS), Orchestrator(f"sqlite:///{path}", workflows=[quick]) as o:
        await (await o.start(quick, 1)).result()
        path.unlink()
        with pytest.raises(StoreNotFound, match="deleted or replaced"):
            await o.failed()


async def test_a_store_whose_tables_are_taken_away_under_a_worker_stops_it(tmp_path: Path) -> None:
    @action
    async def takes_away(n: int) -> int:
        with sqlite3.connect(tmp_path / "s.db") as store:
            store.execute("drop table runs")
        store.close()
        return n

    @workflow(version=1)
    async def flow(run: Run, n: int) -> int:
        return await run.step(takes_away, n)

    async with Orchestrator(f"sqlite:///{tmp_path}/s.db", workflows=[flow], concurrency=1) as orchestrator:
        await orchestrator.start_many(flow, [("a", 1), ("b", 2)])
        with pytest.raises(StoreCorrupt, match="restore a backup"):
            await asyncio.wait_for(orchestrator.idle(), GENEROUS)


async def test_a_start_that_its_caller_gave_up_is_executed_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    async with asyncio.timeout(GENEROUS), Orchestrator(f"sqlite:///{path}", workflows=[quick]) as o:
        for turns in range(4):
            start = asyncio.create_task(o.start(quick, turns, id=f"q{turns}"))
            for _ in range(turns):
                await asyncio.sleep(0)
            start.cancel()
            await asyncio.wait([start])
        lock = sqlite3.connect(path, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        start = asyncio.create_task(o.start(quick, 9, id="q9"))
        await asyncio.sleep(0.1)
        start.cancel()
        await asyncio.wait([start])
        lock.execute("ROLLBACK")
        lock.close()
        while "q9" not in {run.id for run in o.runs(status="completed")}:  # noqa: ASYNC110 -- it has no event
            await asyncio.sleep(0.01)
        await o.idle()
        assert {row.status for row in o.runs()} == {"completed"}


async def test_idle_goes_on_while_runs_are_handed_back(tmp_path: Path) -> None:
    settings = Settings(grace_seconds=0)
    async with asyncio.timeout(GENEROUS):
        o = Orchestrator(f"sqlite:///{tmp_path / 'r.db'}", workflows=[waiting], settings=settings)
        async with o:
            await o.start(waiting, 1, id="w")
            await Gate.begun.wait()
            idle = asyncio.create_task(o.idle())
            await asyncio.sleep(0)
        with pytest.raises(Misuse, match="inside its block"):
            await idle


@pytest.mark.parametrize("what", ["idle", "result"])
@pytest.mark.parametrize("where", ["step", "workflow"])
async def test_a_run_that_would_wait_for_itself_is_told(what: str, where: str) -> None:
    made: list[Orchestrator] = []

    async def wait() -> int:
        if what == "idle":
            await made[0].idle()
        else:
            await (await made[0].start(asking, None, id="r")).result()
        return 1

    @action
    async def waits() -> int:
        return await wait()

    @workflow(version=1)
    async def asking(run: Run) -> int:
        return await (run.step(waits) if where == "step" else wait())

    async with Orchestrator("sqlite:///:memory:", workflows=[asking]) as orchestrator:
        made.append(orchestrator)
        await orchestrator.start(asking, None, id="r")
        await orchestrator.idle()
        found = orchestrator.run("r")
    assert found.status == "failed"
    assert "Misuse" in str(found.error)


async def test_a_step_may_wait_for_another_run() -> None:
    made: list[Orchestrator] = []

    @workflow(version=1)
    async def other(run: Run, n: int) -> int:
        return n + int((await run.now()).year > 0)

    @action
    async def starts(n: int) -> int:
        return await (await made[0].start(other, n, id="other")).result()

    @workflow(version=1)
    async def flow(run: Run, n: int) -> int:
        return await run.step(starts, n)

    async with Orchestrator("sqlite:///:memory:", workflows=[flow, other]) as orchestrator:
        made.append(orchestrator)
        assert await (await orchestrator.start(flow, 1, id="r")).result() == 2


async def test_whoever_waits_for_a_result_may_stop_waiting() -> None:
    Gate.begun, Gate.go_on = asyncio.Event(), asyncio.Event()
    async with Orchestrator("sqlite:///:memory:", workflows=[waiting]) as orchestrator:
        handle = await orchestrator.start(waiting, 7, id="r")
        await Gate.begun.wait()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(handle.result(), 0.01)
        assert orchestrator.run("r").status == "running"
        Gate.go_on.set()
        assert await handle.result() == 7


async def test_another_event_loop_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    @workflow(version=1)
    async def flow(run: Run, n: int) -> int:
        return n + int((await run.now()).year > 0)

    async with Orchestrator(f"sqlite:///{tmp_path}/s.db", workflows=[flow]) as orchestrator:
        handle = await orchestrator.start(flow, 1, id="here")

        async def in_time(call: Callable[[], Awaitable[object]]) -> None:
            await asyncio.wait_for(call(), GENEROUS)

        there: list[Callable[[], Awaitable[object]]] = [
            lambda: orchestrator.start(flow, 1, id="there"),
            lambda: orchestrator.cancel("here"),
            orchestrator.idle,
            handle.result,
        ]
        for call in there:
            with pytest.raises(Misuse, match="run_coroutine_threadsafe"):
                await asyncio.to_thread(lambda: asyncio.run(in_time(call)))  # noqa: B023
        assert await handle.result() == 2
        assert [run.id for run in orchestrator.runs()] == ["here"]


async def test_what_is_open_is_not_opened_again(tmp_path: Path) -> None:
    async with Orchestrator(f"sqlite:///{tmp_path}/s.db", workflows=[waiting]) as orchestrator:
        with pytest.raises(Misuse, match="open already"):
            async with orchestrator:
                pass
        await orchestrator.idle()


@pytest.mark.parametrize("how", ["at", "after"])
async def test_a_run_that_begins_later_is_not_waited_for(tmp_path: Path, how: str) -> None:
    when = {"at": datetime.now(UTC) + timedelta(days=2)} if how == "at" else {"after": timedelta(days=2)}
    async with Orchestrator(f"sqlite:///{tmp_path / 'r.db'}", workflows=[quick]) as orchestrator:
        later: Any = await orchestrator.start(quick, 1, id="later", **when)
        now = await orchestrator.start(quick, 2, id="now")
        async with asyncio.timeout(GENEROUS):
            await orchestrator.idle()
        assert await now.result() == "now: 2"
        assert (later.new, orchestrator.run("later").status) == (True, "pending")
