"""Where plain functions are called: quick rules in the event loop, all others in threads, told when nobody waits."""

import asyncio
import logging
import threading
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from handrail import Orchestrator, Run, StepFailed, action, rule, step_context, workflow
from handrail.orchestrator import InvalidWorkflow
from handrail_orchestrator.pace import RulePace
from handrail_orchestrator.sealing.store import SealedStore
from handrail_orchestrator.store.sqlite.store import SqliteStore

begun, noticed = threading.Event(), threading.Event()
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
    begun.set()
    while not step_context().cancelled:
        time.sleep(0.01)
    noticed.set()
    return n


@action
def where(n: int) -> str:
    threads.add(threading.current_thread().name)
    return f"{step_context().idempotency_key} {n}"


@rule(inline=True)
def here(n: int) -> str:
    threads.add(threading.current_thread().name)
    return str(n)


remembered: ContextVar[str] = ContextVar("remembered", default="nothing")
loop_or_thread: list[str] = []


def note_place(n: int) -> int:
    """Note where this is called, and take a hundredth of a second or two for negative numbers."""
    loop_or_thread.append("thread" if threading.current_thread().name.startswith("handrail-step") else "loop")
    if n < 0:
        time.sleep(0.02)
    return n


@rule
def set_variable(n: int) -> str:
    before = remembered.get()
    remembered.set(f"set by {n}")
    return before


@rule
def broken(n: int) -> str:
    raise LookupError(f"{step_context().idempotency_key} knows no {n}")


@workflow(version=1)
async def variables(run: Run, n: int) -> list[str]:
    return [await run.step(set_variable, n), await run.step(set_variable, n), remembered.get()]


@workflow(version=1)
async def breaks(run: Run, n: int) -> str:
    return await run.step(broken, n)


async def places(store: str, step: Any, numbers: list[int], *, names: bool = False) -> list[str]:
    """Return where the step was called for each number, one after the other."""

    @workflow(version=1)
    async def calls(run: Run, each: list[int]) -> None:
        for n in each:
            await run.step(step.named(f"step-{n}") if names else step, n)

    loop_or_thread.clear()
    async with Orchestrator(store, workflows=[calls]) as orchestrator:
        await (await orchestrator.start(calls, numbers)).result()
    return list(loop_or_thread)


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
    begun.clear()
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


async def test_a_rule_runs_in_the_event_loop_until_a_call_was_slow(
    store: str, caplog: pytest.LogCaptureFixture
) -> None:
    step = rule(note_place)
    with caplog.at_level(logging.WARNING, "handrail.steps"):
        assert await places(store, step, [-1, -2, 3]) == ["loop", "thread", "thread"]
        assert await places(store, step, [0, -4]) == ["thread", "thread"], "the process knows it, not one orchestrator"
    said = [record.getMessage() for record in caplog.records if "note_place" in record.getMessage()]
    assert len(said) == 1
    assert "@rule(inline=False)" in said[0]


async def test_a_slow_rule_is_known_under_each_name_it_is_given(store: str) -> None:
    assert await places(store, rule(note_place), [-1, 0, 1], names=True) == ["loop", "thread", "thread"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [({"inline": False}, "thread"), ({"timeout_seconds": 60}, "thread"), ({"inline": True}, "loop")],
)
async def test_a_rule_that_says_where_it_runs_stays_there(store: str, policy: dict[str, Any], expected: str) -> None:
    assert await places(store, rule(**policy)(note_place), [0, -1, 0]) == [expected] * 3


async def test_an_action_runs_in_a_thread_however_quick_it_is(store: str) -> None:
    assert await places(store, action(note_place), [0, 0]) == ["thread", "thread"]


def test_a_rule_comes_back_from_its_thread_after_quick_calls_and_each_time_later() -> None:
    pace = RulePace()
    quick, slow = 0.001, 0.006
    pace.took(slow, "step")
    for _ in range(99):
        pace.took(quick, "step")
    pace.took(slow, "step")  # in the thread: the count begins anew
    for _ in range(100):
        assert not pace.in_loop
        pace.took(quick, "step")
    assert pace.in_loop
    pace.took(slow, "step")
    for _ in range(1_000):
        assert not pace.in_loop
        pace.took(quick, "step")
    assert pace.in_loop


async def test_what_a_rule_sets_in_its_context_is_gone_after_it(store: str) -> None:
    async with Orchestrator(store, workflows=[variables]) as orchestrator:
        assert await (await orchestrator.start(variables, 1)).result() == ["nothing"] * 3


async def test_a_rule_that_fails_in_the_loop_fails_its_step(store: str) -> None:
    async with Orchestrator(store, workflows=[breaks]) as orchestrator:
        with pytest.raises(StepFailed, match="a/broken knows no 1"):
            await (await orchestrator.start(breaks, 1, id="a")).result()
        assert [(step.status, step.attempt) for step in orchestrator.steps("a")] == [("failed", 1)]


def test_a_rule_in_the_loop_cannot_have_a_time_limit() -> None:
    with pytest.raises(InvalidWorkflow, match="exclude each other"):
        rule(inline=True, timeout_seconds=1)(note_place)


async def test_a_thread_learns_that_its_attempt_timed_out(store: str) -> None:
    async with Orchestrator(store, workflows=[slow]) as orchestrator:
        with pytest.raises(StepFailed, match="longer than"):
            await (await orchestrator.start(slow, 1)).result()
        assert await asyncio.to_thread(noticed.wait, 60)


async def test_a_thread_learns_that_its_run_was_cancelled(store: str) -> None:
    async with Orchestrator(store, workflows=[stuck]) as orchestrator:
        await orchestrator.start(stuck, 1, id="a")
        assert await asyncio.to_thread(begun.wait, 60)
        await orchestrator.cancel("a")
        assert await asyncio.to_thread(noticed.wait, 60)
        await orchestrator.idle()
        assert orchestrator.run("a").status == "cancelled"


@pytest.mark.parametrize(("durability", "synchronous"), [("power", 2), ("process", 1)])
async def test_durability_says_what_a_commit_waits_for(store: str, durability: str, synchronous: int) -> None:
    async with Orchestrator(store, workflows=[both], durability=durability) as orchestrator:  # type: ignore[arg-type]
        await (await orchestrator.start(both, 1)).result()
        held = orchestrator._open_store  # noqa: SLF001 -- the setting belongs to the connection
        assert isinstance(held, SealedStore)
        held = held.within
        assert isinstance(held, SqliteStore)
        connection = held._writing  # noqa: SLF001 -- as above
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == synchronous
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
