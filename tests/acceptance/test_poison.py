"""A run that kills its process is found in few deaths and set aside, and takes nobody with it."""

import signal
from pathlib import Path

from handrail_orchestrator.store.changes import RetryRun
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.acceptance.processes import finish, kill, spawn

MOST_DEATHS = 7
"""Of eight runs: twice all of them, then four, two and one, and twice more that one alone."""


def deaths_until_idle(store: Path) -> int:
    """Start the process until one of them ends well, and return how many died before."""
    for deaths in range(MOST_DEATHS + 1):
        process = spawn("poison.py", f"sqlite:///{store}")
        output, errors = process.communicate(timeout=100)
        if process.returncode == 0:
            assert "idle" in output
            return deaths
        assert process.returncode == -signal.SIGKILL, errors
    raise AssertionError(f"the process still dies after {MOST_DEATHS} deaths")


def test_a_run_that_kills_its_process_is_set_aside_and_nobody_else(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    assert deaths_until_idle(store) > 3
    opened = SqliteStore(str(store))
    assert opened.counts() == {("patient", 1, "completed"): 7, ("patient", 1, "set_aside"): 1}
    row = opened.run("r3")
    assert row is not None
    assert "died 3 times while executing nothing else" in (row.error or "")
    opened.close()


def test_a_set_aside_run_can_be_retried(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    deaths_until_idle(store)
    opened = SqliteStore(str(store))
    assert opened.apply([RetryRun("r3", 0.0)]) == [None]
    opened.close()
    again = spawn("poison.py", f"sqlite:///{store}")
    again.communicate(timeout=100)
    assert again.returncode == -signal.SIGKILL


def test_kills_from_outside_set_nobody_aside_and_hold_nobody_up_for_long(tmp_path: Path) -> None:
    store, outbox = tmp_path / "runs.db", tmp_path / "outbox"
    arguments = (f"sqlite:///{store}", str(outbox), "20", "60")
    for _ in range(8):
        victim = spawn("victim.py", *arguments, "3")
        assert victim.stdout is not None
        victim.stdout.readline()
        wait_for_a_body(store)
        kill(victim)
    assert "idle" in finish(spawn("victim.py", f"sqlite:///{store}", str(outbox), "20", "0.01", "3"))
    opened = SqliteStore(str(store))
    assert opened.counts() == {("five", 1, "completed"): 20}
    opened.close()


def wait_for_a_body(store: Path) -> None:
    """Wait until runs are being executed."""
    opened = SqliteStore(str(store))
    while not opened.runs(status="running"):
        pass
    opened.close()
