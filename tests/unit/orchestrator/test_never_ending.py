"""Waits that could never end are refused when they are asked for, and do not keep a run for ever."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from handrail import Orchestrator, Run, StepFailed, workflow
from handrail_orchestrator.testing import Rehearsal
from tests.contract.stores import before_people


@workflow(version=1)
async def nap(run: Run, seconds: str) -> str:
    await run.sleep(float(seconds))
    return "awake"


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf"])
async def test_a_sleep_of_no_number_of_seconds_fails_its_run(seconds: str) -> None:
    async with Rehearsal(workflows=[nap]) as rehearsal:
        handle = await rehearsal.start(nap, seconds)
        with pytest.raises(StepFailed, match="give a number of seconds"):
            await handle.result()


async def test_a_sleep_of_less_than_nothing_is_over() -> None:
    async with Rehearsal(workflows=[nap]) as rehearsal:
        assert await rehearsal.play(nap, "-5") == "awake"


@workflow(version=1)
async def ring(run: Run, ids: list[str]) -> str:
    """Ask for the run that follows in the ring."""
    return await run.child(ring, ids, id=ids[(ids.index(run.id) + 1) % len(ids)])


@pytest.mark.parametrize("length", [1, 2, 5])
async def test_runs_that_would_wait_for_each_other_in_a_ring_fail_and_say_so(length: int) -> None:
    ids = [f"r{n}" for n in range(length)]
    async with Rehearsal(workflows=[ring]) as rehearsal:
        await rehearsal.start(ring, ids, id="r0")
        await rehearsal.settle()
        assert {rehearsal.run(each).status for each in ids} == {"failed"}
        assert "neither would ever end" in str(rehearsal.run(ids[-1]).error)


async def test_rings_closed_by_two_runs_at_once_are_seen_too() -> None:
    ids = ["a", "b"]
    async with Rehearsal(workflows=[ring]) as rehearsal:
        await rehearsal.start_many(ring, [(each, ids) for each in ids])
        await rehearsal.settle()
        assert {rehearsal.run(each).status for each in ids} == {"failed"}


@workflow(version=1)
async def asks(run: Run, title: str) -> int:
    return await run.ask(title, int)


@workflow(version=1)
async def shares(run: Run, title: str) -> int:
    return await run.child(asks, title, id=title)


@workflow(version=1)
async def shares_in_vain(run: Run, title: str) -> int:
    try:
        return await run.child(asks, title, id=title)
    except StepFailed:
        return -1


async def test_many_runs_may_wait_for_one_and_all_get_its_result() -> None:
    async with Rehearsal(workflows=[asks, shares]) as rehearsal:
        await rehearsal.start_many(shares, [(each, "how many?") for each in "abc"])
        await rehearsal.settle()
        [item] = rehearsal.reviews()
        await rehearsal.decide(item.id, 7, by="ann")
        await rehearsal.settle()
        await rehearsal.start(shares, "how many?", id="d")
        await rehearsal.settle()
        assert [rehearsal.run(each).output for each in "abcd"] == [7] * 4


@pytest.mark.parametrize("cancelled", ["how many?", "a"])
async def test_many_runs_that_wait_for_one_hear_of_its_cancel(cancelled: str) -> None:
    """It is cancelled by itself, or with the run that began it."""
    async with Rehearsal(workflows=[asks, shares, shares_in_vain]) as rehearsal:
        await rehearsal.start(shares, "how many?", id="a")
        await rehearsal.settle()
        await rehearsal.start_many(shares_in_vain, [(each, "how many?") for each in "bc"])
        await rehearsal.settle()
        await rehearsal.cancel(cancelled)
        await rehearsal.settle()
        assert rehearsal.run("how many?").status == "cancelled"
        assert [rehearsal.run(each).output for each in "bc"] == [-1, -1]


@pytest.mark.dear
async def test_runs_that_an_older_version_left_waiting_for_what_had_ended_go_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    async with Orchestrator(url, workflows=[asks, shares]) as orchestrator:
        await orchestrator.start_many(shares, [("a", "how many?"), ("b", "how many?")])
        await orchestrator.idle()
    with sqlite3.connect(tmp_path / "old.db") as old:  # as format 5 was when the run ended that both wait for
        old.execute("UPDATE runs SET status = 'completed', output = '9', ended = 1, wake = NULL WHERE id = 'how many?'")
        before_people(old)
        old.execute("DROP INDEX steps_child")
        old.execute("PRAGMA user_version = 5")
    old.close()
    async with Orchestrator(url, workflows=[asks, shares]) as orchestrator:
        await asyncio.wait_for(orchestrator.idle(), 60)
        assert [orchestrator.run(each).output for each in "ab"] == [9, 9]
