"""Backups of a store that is being worked on: whole, of one moment, and a store that goes on from there."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Run, action, workflow
from handrail_orchestrator.errors import StoreCorrupt, StoreError, StoreNotFound
from handrail_orchestrator.store.backup import back_up, restore_backup

PATIENCE_SECONDS = 120.0
BUSY = """
import asyncio
from handrail import Orchestrator, Run, action, workflow

@action
async def add(number: int) -> int:
    return number + 1

@workflow(version=1)
async def count(run: Run, number: int) -> int:
    for _ in range(3):
        number = await run.step(add, number)
    return number

async def main() -> None:
    async with Orchestrator("sqlite:///runs.db", workflows=[count]) as orchestrator:
        number = 0
        while True:
            number += 1
            await (await orchestrator.start(count, number, id=f"run-{number}")).result()

asyncio.run(main())
"""
"""A process that writes without end; each of its runs is recorded whole before the next begins."""


@action
async def paid(number: int) -> str:
    return f"paid {number}"


@workflow(version=1)
async def payment(run: Run, number: int) -> str:
    if await run.ask(f"Pay {number}?", bool):
        return await run.step(paid, number)
    return "not paid"


def handrail(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "handrail", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


def test_a_backup_of_a_store_that_is_written_all_the_time_is_of_one_moment(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(BUSY, encoding="utf-8")
    process = subprocess.Popen([sys.executable, "busy.py"], cwd=tmp_path)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not runs_of(tmp_path / "runs.db"):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        reached = []
        for number in range(5):
            made = handrail(tmp_path, "backup", f"copy{number}.db", "--store", "sqlite:///runs.db", "--json")
            assert made.returncode == 0, made.stderr
            told = json.loads(made.stdout)
            assert told["log"]["is_whole"]
            found = runs_of(tmp_path / f"copy{number}.db")
            assert sum(told["runs"].values()) == len(found)
            # one after the other, each whole before the next: of one moment, all but the last have ended
            assert [status for _, status in found[:-1]] == ["completed"] * (len(found) - 1)
            assert [name for name, _ in found] == [f"run-{each}" for each in range(1, len(found) + 1)]
            reached.append(len(found))
        assert reached == sorted(reached)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    if os.name == "posix":
        assert (tmp_path / "copy0.db").stat().st_mode & 0o077 == 0
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]
    again = handrail(tmp_path, "restore", "copy0.db", "--store", "sqlite:///again.db")
    assert again.returncode == 0, again.stderr
    assert runs_of(tmp_path / "again.db")[: reached[0] - 1] == runs_of(tmp_path / "copy0.db")[: reached[0] - 1]
    assert not [status for _, status in runs_of(tmp_path / "again.db") if status == "running"]


def runs_of(file: Path) -> list[tuple[str, str]]:
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as store:
            return store.execute("SELECT id, status FROM runs ORDER BY key").fetchall()
    except sqlite3.OperationalError:
        return []


async def test_a_run_that_waits_goes_on_in_the_restored_store(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(store, workflows=[payment]) as orchestrator:
        await orchestrator.start(payment, 7, id="seven")
        await orchestrator.idle()
        await asyncio.to_thread(back_up, store, tmp_path / "copy.db")
        (item,) = orchestrator.reviews()
        await orchestrator.decide(item.id, False, by="ann")  # after the backup: it is asked again
        await orchestrator.idle()
    restored = f"sqlite:///{tmp_path / 'again.db'}"
    restore_backup(tmp_path / "copy.db", restored)
    async with Orchestrator(restored, workflows=[payment]) as orchestrator:
        (item,) = orchestrator.reviews()
        await orchestrator.decide(item.id, True, by="ann")
        await orchestrator.idle()
        assert orchestrator.run("seven").output == "paid 7"


def test_the_command_of_a_restored_store_says_what_is_missing_and_that_runs_are_due(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(BUSY, encoding="utf-8")
    assert handrail(tmp_path, "people", "add", "ann", "--role", "admin", "--store", "sqlite:///runs.db").returncode == 0
    made = handrail(tmp_path, "backup", "copy.db", "--store", "sqlite:///runs.db")
    assert made.returncode == 0, made.stderr
    assert "head" in made.stdout
    again = handrail(tmp_path, "restore", "copy.db", "--store", "sqlite:///again.db")
    assert again.returncode == 0, again.stderr
    assert "again.db.key" in again.stderr


async def filled(store: str) -> None:
    async with Orchestrator(store, workflows=[payment]) as orchestrator:
        await orchestrator.start(payment, 1, id="one")
        await orchestrator.idle()


def test_nothing_is_ever_replaced_and_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    store, copy = f"sqlite:///{tmp_path / 'runs.db'}", tmp_path / "copy.db"
    asyncio.run(filled(store))
    back_up(store, copy)
    before = copy.read_bytes()
    with pytest.raises(StoreError, match="is not replaced"):
        back_up(store, copy)
    assert copy.read_bytes() == before
    with pytest.raises(StoreError, match="is not replaced"):
        restore_backup(copy, store)
    with pytest.raises(StoreNotFound):
        back_up(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "x.db")
    with pytest.raises(StoreNotFound):
        restore_backup(tmp_path / "none.db", f"sqlite:///{tmp_path / 'x.db'}")
    (tmp_path / "left.db-wal").write_bytes(b"of another store")
    with pytest.raises(StoreError, match=r"left\.db-wal is left"):
        restore_backup(copy, f"sqlite:///{tmp_path / 'left.db'}")
    for name, content in {"text": b"no store" * 1000, "empty": b"", "half": before[: len(before) // 2]}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(StoreCorrupt):
            restore_backup(tmp_path / name, f"sqlite:///{tmp_path / 'x.db'}")
    torn = bytearray(before)
    torn[8192 * 4 : 8192 * 5] = b"\xff" * 8192  # a page
    (tmp_path / "torn").write_bytes(torn)
    with pytest.raises(StoreCorrupt, match="damaged"):
        restore_backup(tmp_path / "torn", f"sqlite:///{tmp_path / 'x.db'}")
    assert not (tmp_path / "x.db").exists()
    with pytest.raises(StoreError, match="memory"):
        back_up("sqlite:///:memory:", tmp_path / "x.db")


async def test_a_backup_is_a_store_to_look_into(tmp_path: Path) -> None:
    store, copy = f"sqlite:///{tmp_path / 'runs.db'}", tmp_path / "copy.db"
    await filled(store)
    back_up(store, copy)
    async with Client(f"sqlite:///{copy}") as client:
        assert [run.id for run in client.runs()] == ["one"]
