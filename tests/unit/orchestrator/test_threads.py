"""Sync step bodies: in threads, beside each other, told when nobody waits for them any more."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from orchestrator import Orchestrator, Run, StepFailed, action, rule, step_context, workflow

noticed = threading.Event()
threads: set[str] = set()


@action(timeout_seconds=0.1)
def patient(n: int) -> int:
    for _ in range(500):
        if step_context().cancelled:
            noticed.set()
            return -1
        time.sleep(0.01)
    return n


@action
def endless(n: int) -> int:
    while not step_context().cancelled:
        time.sleep(0.01)
    noticed.set()
    return n


@rule
def where(n: int) -> str:
    threads.add(threading.current_thread().name)
    time.sleep(0.02)
    return f"{step_context().idempotency_key} {n}"


@rule(inline=True)
def here(n: int) -> str:
    threads.add(threading.current_thread().name)
    return str(n)


@workflow(version=1)
async def slow(run: Run, n: int) -> int:
    return await run.step(patient, n)


@workflow(version=1)
async def stuck(run: Run, n: int) -> int:
    return await run.step(endless, n)


@workflow(version=1)
async def both(run: Run, n: int) -> list[str]:
    return [*await run.all(run.step(where, n), run.step(where, n + 1)), await run.step(here, n)]


@pytest.fixture(autouse=True)
def _forget() -> None:
    noticed.clear()
    threads.clear()


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


async def test_a_sync_body_runs_in_a_thread_and_knows_its_key(store: str) -> None:
    async with Orchestrator(store, workflows=[both]) as orchestrator:
        result = await (await orchestrator.start(both, 1, id="a")).result()
    assert result == ["a/where 1", "a/where#2 2", "1"]
    assert threading.current_thread().name in threads, "an inline body runs in the event loop"
    assert any(name.startswith("handrail-step") for name in threads)


async def test_a_thread_learns_that_its_attempt_timed_out(store: str) -> None:
    async with Orchestrator(store, workflows=[slow]) as orchestrator:
        with pytest.raises(StepFailed, match="longer than"):
            await (await orchestrator.start(slow, 1)).result()
        assert await asyncio.to_thread(noticed.wait, 5)


async def test_a_thread_learns_that_its_run_was_cancelled(store: str) -> None:
    async with Orchestrator(store, workflows=[stuck]) as orchestrator:
        await orchestrator.start(stuck, 1, id="a")
        await asyncio.sleep(0.05)
        await orchestrator.cancel("a")
        assert await asyncio.to_thread(noticed.wait, 5)
        await orchestrator.idle()
        assert orchestrator.run("a").status == "cancelled"


@pytest.mark.parametrize(("durability", "synchronous"), [("power", 2), ("process", 1)])
async def test_durability_says_what_a_commit_waits_for(store: str, durability: str, synchronous: int) -> None:
    async with Orchestrator(store, workflows=[both], durability=durability) as orchestrator:  # type: ignore[arg-type]
        await (await orchestrator.start(both, 1)).result()
        connection = orchestrator.store._writing  # noqa: SLF001 -- the setting belongs to the connection
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == synchronous
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
