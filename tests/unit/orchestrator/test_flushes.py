"""Where a commit is made: in the event loop while the disk is quick and nobody else is writing, or in a thread."""

import sqlite3
from pathlib import Path

import pytest

from handrail_orchestrator.embedded.flushes import Flushes
from handrail_orchestrator.store.claiming import Register
from handrail_orchestrator.store.sqlite.store import SqliteStore

REGISTER = [Register(pid=1, host="here", bell="", lock="", now=1.0)]


class Monotonic:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


@pytest.fixture
def flushes(monotonic: Monotonic) -> Flushes:
    return Flushes(monotonic)


def wait(flushes: Flushes, *seconds: float) -> dict[str, bool]:
    for each in seconds:
        flushes.waited(each)
    return {"many": flushes.quick(alone=False), "alone": flushes.quick(alone=True)}


def test_a_quick_disk_keeps_commits_in_the_loop(flushes: Flushes) -> None:
    assert wait(flushes, *[0.0003] * 20) == {"many": True, "alone": True}


def test_one_busy_moment_changes_nothing(flushes: Flushes) -> None:
    assert wait(flushes, 0.0003, 0.0003, 0.0003, 0.2, 0.0003) == {"many": True, "alone": True}


def test_a_slow_disk_is_left_to_the_thread_unless_a_run_is_alone(flushes: Flushes, monotonic: Monotonic) -> None:
    assert wait(flushes, 0.004, 0.004) == {"many": True, "alone": True}, "two commits say nothing yet"
    assert wait(flushes, 0.004) == {"many": False, "alone": True}
    monotonic.seconds += 4.9
    assert wait(flushes) == {"many": False, "alone": True}
    monotonic.seconds += 0.2
    assert wait(flushes) == {"many": True, "alone": True}, "it is tried again"


def test_a_very_slow_disk_is_left_to_the_thread_at_once(flushes: Flushes, monotonic: Monotonic) -> None:
    assert wait(flushes, 0.05) == {"many": False, "alone": False}
    monotonic.seconds += 5.1
    assert wait(flushes, 0.0003, 0.0003, 0.0003) == {"many": True, "alone": True}, "the old figures are forgotten"


def test_trying_to_commit_waits_for_no_other_process(tmp_path: Path) -> None:
    path = str(tmp_path / "runs.db")
    store, other = SqliteStore(path), sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.try_apply(REGISTER) is None
    assert store.workers() == []
    other.execute("ROLLBACK")
    assert store.try_apply(REGISTER) == [1]
    other.close()
    store.close()
