"""Starting and killing the processes of the acceptance tests."""

import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from handrail_orchestrator.store.sqlite.store import SqliteStore

HERE = Path(__file__).parent


def spawn(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script of this folder."""
    command = [sys.executable, str(HERE / script), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process with -9 and reap it."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def finish(process: subprocess.Popen[str], seconds: float = 300) -> str:
    """Wait for a process to end well and return what it printed."""
    output, errors = process.communicate(timeout=seconds)
    if process.returncode != 0:
        pytest.fail(f"exit {process.returncode}: {errors[-2000:]}")
    return output


def check_all_done(store_path: Path, outbox: Path, runs: int) -> None:
    """Check that every run ended, every result is recorded once and right, and every action had its one key."""
    store = SqliteStore(str(store_path))
    try:
        assert store.counts() == {("five", 1, "completed"): runs}
        names = ["act", "act#2", "act#3", "act#4", "act#5"]
        for row in store.runs(limit=runs + 1):
            steps = store.history(row.key).steps
            start = int(row.input)
            assert row.output == str(start + 5)
            assert [(step.name, step.output) for step in steps] == [
                (name, str(start + i + 1)) for i, name in enumerate(names)
            ]
    finally:
        store.close()
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for line in outbox.read_text(encoding="utf-8").splitlines():
        key, value = line.split()
        seen[key][value] += 1
    assert set(seen) == {f"r{n}/{name}" for n in range(runs) for name in names}
    assert all(len(values) == 1 for values in seen.values()), "an action was executed with two different inputs"
