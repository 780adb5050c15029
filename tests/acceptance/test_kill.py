"""kill -9 at random moments: every run ends, every result is recorded once, no action without its key."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.acceptance.processes import check_all_done, finish, kill, spawn

RUNS = 200


@pytest.mark.parametrize("seed", range(30))
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


@pytest.mark.parametrize("seed", range(8))
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
    arguments = (f"sqlite:///{store}", str(outbox), str(RUNS), "0.05")
    zombie, other = spawn("victim.py", *arguments), spawn("victim.py", *arguments)
    for process in (zombie, other):
        assert process.stdout is not None
        process.stdout.readline()
    zombie.send_signal(signal.SIGSTOP)
    try:
        time.sleep(4)  # a lease of two seconds, seen to pass by the other's own clock
    finally:
        zombie.send_signal(signal.SIGCONT)
    finish(other)
    _, errors = zombie.communicate(timeout=60)
    assert zombie.returncode == 0, errors
    assert "idle" in finish(spawn("victim.py", *arguments))
    check_all_done(store, outbox, RUNS)
