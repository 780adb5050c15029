"""Schedules and ends of runs in three processes on one server, killed all the time: each time starts one run."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.processes import HERE

pytestmark = pytest.mark.slow

KILLS = 4
WITHIN_SECONDS = 240


def fired(url: str, source: str) -> list[tuple[str, str]]:
    """Return what a trigger fired: (key, run)."""
    with psycopg.connect(url) as server:
        asked = "SELECT key, run_id FROM fired WHERE source LIKE %s"
        return [(str(key), str(run)) for key, run in server.execute(asked, [source]).fetchall()]


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + WITHIN_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_each_time_and_each_end_start_one_run_though_processes_are_killed(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDRAIL_SECRET", "the secret of a store on a server")
    began, chance = str(time.time()), random.Random(3)

    def ticking(number: int) -> "subprocess.Popen[str]":
        own = tmp_path / f"machine-{number}"
        own.mkdir()
        command = [sys.executable, str(HERE / "ticker.py"), postgres_url, began]
        environment = {**os.environ, "TMPDIR": str(own)}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ticking\n"
        return process

    processes = [ticking(number) for number in range(3)]
    try:
        for number in range(KILLS):
            time.sleep(chance.uniform(0.1, 0.6))
            killed = processes.pop(0)
            killed.kill()
            killed.communicate()
            processes.append(ticking(3 + number))
        until(lambda: len(fired(postgres_url, "on:%")) > 2 * KILLS)
    finally:
        for each in processes:
            each.kill()
            each.communicate()
    ticks = fired(postgres_url, "every:tick")
    moments = sorted(datetime.fromisoformat(key) for key, _ in ticks)
    assert len(moments) > KILLS
    assert {later - earlier for earlier, later in pairwise(moments)} == {timedelta(minutes=10)}
    assert len({run for _, run in ticks}) == len(ticks)
    ends = [key.rpartition("@")[0] for key, _ in fired(postgres_url, "on:%")]
    assert len(ends) == len(set(ends))
    assert {run for _, run in ticks}.issuperset(ends)
