"""kill -9 at random moments: every run ends, every result is recorded once, no action without its key."""

import random
import signal
import sqlite3
import time
from pathlib import Path
from subprocess import Popen

import pytest

from tests.acceptance.processes import check_all_done, finish, kill, spawn

RUNS = 200


@pytest.mark.parametrize("seed", range(8))
def test_a_killed_process_loses_nothing(tmp_path: Path, seed: int) -> None:
    store, outbox = tmp_path / "runs.db", tmp_path / "outbox"
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        victim = spawn("victim.py", f"sqlite:///{store}", str(outbox), str(RUNS), "0.02")
        if chance.random() < 0.7:
            assert victim.stdout is not None
            victim.stdout.readline()
        time.sleep(chance.random() * 0.25)
        kill(victim)
    assert "idle" in finish(spawn("victim.py", f"sqlite:///{store}", str(outbox), str(RUNS)))
    check_all_done(store, outbox, RUNS)


@pytest.mark.parametrize("seed", range(4))
def test_a_live_process_takes_over_from_a_killed_one(tmp_path: Path, seed: int) -> None:
    store, outbox = tmp_path / "runs.db", tmp_path / "outbox"
    arguments = (f"sqlite:///{store}", str(outbox), str(RUNS), "0.05")
    first, second = spawn("victim.py", *arguments), spawn("victim.py", *arguments)
    assert first.stdout is not None
    first.stdout.readline()
    time.sleep(random.Random(seed).random() * 0.5)
    kill(first)
    assert "idle" in finish(second)
    # the second may have been idle before the first one's runs were due again, so look once more
    assert "idle" in finish(spawn("victim.py", *arguments))
    check_all_done(store, outbox, RUNS)


def test_a_stopped_process_that_wakes_up_cannot_record(tmp_path: Path) -> None:
    store, outbox = tmp_path / "runs.db", tmp_path / "outbox"
    arguments = (f"sqlite:///{store}", str(outbox), str(RUNS), "0.2", "100", "0.5")
    zombie, other = spawn("victim.py", *arguments), spawn("victim.py", *arguments)
    for process in (zombie, other):
        assert process.stdout is not None
        process.stdout.readline()
    stop_between_writes(zombie, store)
    try:
        wait_until_alone(store)
    finally:
        zombie.send_signal(signal.SIGCONT)
    finish(other)
    _, errors = zombie.communicate(timeout=300)
    assert zombie.returncode == 0, errors
    assert "idle" in finish(spawn("victim.py", *arguments))
    check_all_done(store, outbox, RUNS)


def stop_between_writes(process: Popen[str], path: Path) -> None:
    """Stop a process, but not in the middle of a transaction: then nobody could write."""
    database = sqlite3.connect(path, isolation_level=None, timeout=1.0)
    while True:
        process.send_signal(signal.SIGSTOP)
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
        else:
            database.execute("ROLLBACK")
            break
    database.close()


def wait_until_alone(path: Path) -> None:
    """Wait until one of two workers was struck off, after six leases of half a second by the other's own clock."""
    database = sqlite3.connect(path, isolation_level=None)
    deadline = time.monotonic() + 300
    while database.execute("SELECT count(*) FROM workers").fetchone() != (1,):
        assert time.monotonic() < deadline, "the stopped process was never struck off"
        time.sleep(0.1)
    database.close()
