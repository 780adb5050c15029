"""Several processes on one store: what one finds out of a system, or is told to pause, holds for all."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from handrail import Client
from tests.acceptance.processes import kill, spawn
from tests.stores import store_in
from tests.unit.orchestrator.control.flows import until

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

RUNS = 40


def called(folder: Path) -> list[tuple[int, str]]:
    """Return the calls of the system so far: the process, and the run."""
    lines = (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []
    return [(int(pid), run) for pid, run in (line.split() for line in lines)]


async def test_one_run_of_all_processes_tries_and_when_its_process_is_killed_another_does(either_store: Path) -> None:
    tmp_path, store = either_store, store_in(either_store)
    processes = [spawn("needy.py", store, str(tmp_path), str(RUNS)) for _ in range(2)]
    try:
        async with Client(store, create=True) as client:
            await until(lambda: any(down.waiting > RUNS // 2 for down in client.down()))
            (tmp_path / "hangs").touch()
            before = len(called(tmp_path))
            await until(lambda: len(called(tmp_path)) > before)
            await asyncio.sleep(1.2)  # longer than twice the time after which it is tried again
            (tries,) = set(called(tmp_path)[before:])
            prober = tries[0]
            kill(next(each for each in processes if each.pid == prober))
            (tmp_path / "up").touch()
            await until(lambda: len({pid for pid, _ in called(tmp_path)[before:]}) == 2)
            (tmp_path / "hangs").unlink()
            await until(lambda: not client.down())
            ended = ("completed", "failed")
            await until(lambda: all(run.status in ended for run in client.runs(limit=RUNS)))
            failed = client.runs(status="failed", limit=RUNS)
            assert len(failed) < 3 * 2  # those that failed before anybody knew, in either process
            assert len(client.runs(status="completed", limit=RUNS)) == RUNS - len(failed)
    finally:
        for each in processes:
            if each.poll() is None:
                os.kill(each.pid, signal.SIGKILL)
            each.communicate()


async def test_a_pause_holds_in_every_process_and_outlives_them(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    (tmp_path / "hangs").touch()
    (tmp_path / "up").touch()
    async with Client(store, create=True) as client:
        await client.pause(workflow="needs", by="ann")
        processes = [spawn("needy.py", store, str(tmp_path), str(RUNS)) for _ in range(2)]
        try:
            await until(lambda: len(client.workers()) == 2 and len(client.runs(limit=RUNS)) == RUNS)
            assert called(tmp_path) == []
            await client.resume(workflow="needs", by="ann")
            await until(lambda: len(called(tmp_path)) == RUNS)
            await client.pause(workflow="needs", by="ann")
            for each in processes:
                kill(each)
            processes = [spawn("needy.py", store, str(tmp_path), "0")]
            await until(lambda: client.counts() == {("needs", 1, "pending"): RUNS})
            assert len(called(tmp_path)) == RUNS
            (tmp_path / "hangs").unlink()
            await client.resume(workflow="needs", by="ann")
            await until(lambda: client.counts() == {("needs", 1, "completed"): RUNS})
        finally:
            for each in processes:
                if each.poll() is None:
                    os.kill(each.pid, signal.SIGKILL)
                each.communicate()
