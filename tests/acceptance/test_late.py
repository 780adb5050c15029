"""What is late is fired once: by one of many processes, or by the next that starts when all were killed."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from handrail_orchestrator.store.queries import ReviewQuery
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.acceptance.processes import finish, kill, spawn

RUNS = 20
FIRED = ["remind", "raise_priority", "escalate", "default"]


def check_each_fired_once(path: Path) -> None:
    """Check that every run ended with the default, and that each item's log has each policy once, in turn."""
    store = SqliteStore(str(path))
    try:
        assert store.counts() == {("approve", 1, "completed"): RUNS}
        items = store.reviews(ReviewQuery(states=("decided",), limit=RUNS + 1))
        assert len(items) == RUNS
        assert {(item.decided_by, item.priority, item.tier) for item in items} == {("policy:default", 100, 2)}
        for item in items:
            assert [entry.action for entry in store.review_log(item.id)] == ["ask", *FIRED]
    finally:
        store.close()


@pytest.mark.parametrize("seed", range(2))
def test_the_only_worker_is_killed_at_the_due_time_and_the_next_one_fires_what_is_left(
    tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "runs.db"
    chance = random.Random(seed)
    worker = spawn("late_worker.py", f"sqlite:///{path}", str(RUNS), "0.5")
    assert worker.stdout is not None
    worker.stdout.readline()
    time.sleep(0.3 + 1.5 * chance.random())  # about when the policies fire
    kill(worker)
    time.sleep(chance.random())

    assert "done" in finish(spawn("late_worker.py", f"sqlite:///{path}"))
    check_each_fired_once(path)


def test_ten_processes_that_are_alive_fire_each_policy_once(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    first = spawn("late_worker.py", f"sqlite:///{path}", str(RUNS), "4")
    assert first.stdout is not None
    first.stdout.readline()
    others = [spawn("late_worker.py", f"sqlite:///{path}") for _ in range(9)]

    said = Counter(finish(each).split()[-1] for each in (first, *others))

    assert said == {"done": 10}
    check_each_fired_once(path)
