"""A run that kills its process is set aside, and takes nobody with it."""

from pathlib import Path

from orchestrator.store import SqliteStore
from orchestrator.store.changes import RetryRun
from tests.acceptance.processes import finish, spawn


def test_a_run_that_kills_its_process_three_times_is_set_aside(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    deaths = 0
    while True:
        process = spawn("poison.py", f"sqlite:///{store}")
        output, errors = process.communicate(timeout=100)
        if process.returncode == 0:
            break
        deaths += 1
        assert deaths <= 5, errors
    assert "idle" in output
    assert deaths == 3
    opened = SqliteStore(str(store))
    assert opened.counts() == {("patient", 1, "completed"): 7, ("patient", 1, "set_aside"): 1}
    row = opened.run("r3")
    assert row is not None
    assert "died 3 times" in (row.error or "")
    opened.close()


def test_a_set_aside_run_can_be_retried(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    for _ in range(3):
        spawn("poison.py", f"sqlite:///{store}").communicate(timeout=100)
    assert "idle" in finish(spawn("poison.py", f"sqlite:///{store}"))
    opened = SqliteStore(str(store))
    assert opened.apply([RetryRun("r3", 0.0)]) == [None]
    opened.close()
    again = spawn("poison.py", f"sqlite:///{store}")
    again.communicate(timeout=100)
    assert again.returncode == -9
