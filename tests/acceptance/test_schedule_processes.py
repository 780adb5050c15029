"""Schedules and ends of runs in several processes that are killed all the time: nothing is lost, nothing doubled."""

import random
import sqlite3
import time
from contextlib import closing
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.processes import kill, spawn

if TYPE_CHECKING:
    import subprocess

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

KILLS = 6


def test_each_time_and_each_end_start_one_run_though_processes_are_killed(tmp_path: Path) -> None:
    path, began, chance = tmp_path / "runs.db", time.time(), random.Random(3)

    def begun() -> "subprocess.Popen[str]":
        process = spawn("ticker.py", f"sqlite:///{path}", str(began))
        assert process.stdout is not None
        process.stdout.readline()
        return process

    processes = [begun(), begun()]
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.1, 0.6))
            kill(processes.pop(0))
            processes.append(begun())
        time.sleep(1.0)
    finally:
        for each in processes:
            kill(each)
    with closing(sqlite3.connect(path)) as connection:
        fired = connection.execute("SELECT key, run_id FROM fired WHERE source = 'every:tick'").fetchall()
        ticks = dict(connection.execute("SELECT id, status FROM runs WHERE id LIKE 'every:tick-%'").fetchall())
        followed = [key for (key,) in connection.execute("SELECT key FROM fired WHERE source LIKE 'on:%'")]
        left = {
            run for (run,) in connection.execute("SELECT runs.id FROM run_ends JOIN runs ON runs.key = run_ends.run")
        }
    moments = sorted(datetime.fromisoformat(key) for key, _ in fired)
    assert len(moments) > KILLS
    assert {later - earlier for earlier, later in pairwise(moments)} == {timedelta(minutes=10)}
    assert {run for _, run in fired} == set(ticks)
    sources = [key.rpartition("@")[0] for key in followed]
    assert len(sources) == len(set(sources))
    assert {run for run, status in ticks.items() if status == "completed"} == {*sources, *left}
    assert len(sources) > KILLS
