"""kill -9 at random moments while files are dropped into a folder: none is lost, none starts two runs."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.acceptance.processes import finish, kill, spawn

LARGE = 1_500_000
"""Bytes of a file that is kept in parts."""


def content(number: int) -> str:
    text = f"content {number} "
    return text * (LARGE // len(text)) if number % 25 == 0 else text


def drop(inbox: Path, name: str, text: str) -> None:
    """Drop a file as programs should: under a name that nobody takes, and then in one piece under its own."""
    half = inbox / f".{name}.part"
    half.write_text(text)
    half.rename(inbox / name)


def runs_of(store: Path) -> dict[str, tuple[str, str | None]]:
    opened = SqliteStore(str(store))
    try:
        return {row.id: (row.status, row.output) for row in opened.runs(limit=10_000)}
    finally:
        opened.close()


def check(store: Path, inbox: Path, dropped: Counter[int]) -> None:
    expected: dict[str, Any] = {}
    for number in dropped:
        text = content(number)
        digest = hashlib.sha256(text.encode()).hexdigest()
        expected[f"register-{digest[:16]}"] = ("completed", f'"{text[:40]}"')
    assert runs_of(store) == expected
    lie = [file for file in inbox.rglob("*.txt") if not file.name.endswith(".note.txt") and file.stat().st_size]
    assert all(file.is_relative_to(inbox / "done") for file in lie)
    assert Counter(file.read_text() for file in lie) == Counter({content(n): times for n, times in dropped.items()})


@pytest.mark.parametrize("seed", range(6))
def test_killed_watchers_lose_no_file_and_start_none_twice(tmp_path: Path, seed: int) -> None:
    store, inbox, chance = tmp_path / "runs.db", tmp_path / "in", random.Random(seed)
    inbox.mkdir()
    arguments = (f"sqlite:///{store}", str(inbox))
    watchers = [spawn("watcher.py", *arguments) for _ in range(2)]
    dropped: Counter[int] = Counter()
    for number in range(100):
        same = chance.randrange(number) if number and chance.random() < 0.1 else number
        drop(inbox, f"{number}.txt", content(same))
        dropped[same] += 1
        if chance.random() < 0.06:
            place = chance.randrange(2)
            kill(watchers[place])
            watchers[place] = spawn("watcher.py", *arguments)
        time.sleep(chance.random() * 0.03)
    for watcher in watchers:
        kill(watcher)
    assert "idle" in finish(spawn("watcher.py", *arguments, "until-idle"))
    check(store, inbox, dropped)


def test_four_watchers_of_one_folder_start_each_file_once(tmp_path: Path) -> None:
    store, inbox = tmp_path / "runs.db", tmp_path / "in"
    inbox.mkdir()
    for number in range(200):
        drop(inbox, f"{number}.txt", content(number))
    watchers = [spawn("watcher.py", f"sqlite:///{store}", str(inbox), "until-idle") for _ in range(4)]
    for watcher in watchers:
        finish(watcher)
    finish(spawn("watcher.py", f"sqlite:///{store}", str(inbox), "until-idle"))
    check(store, inbox, Counter(range(200)))


def test_the_command_ends_in_order_when_it_is_told_to(tmp_path: Path) -> None:
    inbox, store = tmp_path / "in", tmp_path / "runs.db"
    inbox.mkdir()
    target = f"{Path(__file__).with_name('watch_flow.py')}:register"
    command = [sys.executable, "-m", "handrail", "watch", str(inbox), target, "--store", f"sqlite:///{store}"]
    process = subprocess.Popen(
        [*command, "--settle", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        drop(inbox, "a.txt", content(1))
        give_up = time.monotonic() + 120
        while not (inbox / "done" / "a.txt").exists():
            assert time.monotonic() < give_up, "the file was never taken"
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGTERM)
        _, errors = process.communicate(timeout=120)
    finally:
        kill(process)
    assert "Traceback" not in errors
    assert f"watching {inbox} for register on sqlite:///{store}" in errors
    opened = SqliteStore(str(store))
    assert opened.workers() == [], "its runs are handed back"
    opened.close()
    again = subprocess.run([*command, "--until-idle"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert again.returncode == 0, again.stderr
    check(store, inbox, Counter([1]))
