"""Reading a store needs no write lock and no medium that can be written; writing asks for both when it begins."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Run, workflow
from handrail.orchestrator import StoreError
from handrail_orchestrator.errors import StoreLocked, StoreNotFound, StoreReadOnly
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.summary import BatchProgress, summarize
from tests.unit.orchestrator.commands import STORE, TRIAGE, done, handrail, run_tickets, working_in

KEPT = Path(__file__).parents[2] / "fixtures/c3287ff/store.sqlite"


@workflow(version=1)
async def approve(run: Run, n: int) -> bool:
    return await run.ask(f"Pay {n}?", bool)


@workflow(version=1)
async def add(run: Run, n: int) -> int:
    return n + len(run.id)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the write lock, as a backup or another program does."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.close()


@pytest.mark.dear
async def test_whoever_reads_does_not_wait_for_the_write_lock(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with Orchestrator(f"sqlite:///{path}", workflows=[approve]) as orchestrator:
        await orchestrator.start(approve, 5, id="a")
        await orchestrator.idle()
    with locked(path):
        async with Client(f"sqlite:///{path}") as client:
            assert client.run("a").status == "waiting"
            (item,) = client.reviews()
            assert [step.name for step in client.steps("a")] == ["ask"]
            assert client.counts() == {("approve", 1, "waiting"): 1}
            with pytest.raises(StoreLocked, match="write lock"):
                await client.decide(item.id, True, by="ann")
    async with Client(f"sqlite:///{path}") as client:
        assert (await client.decide(item.id, True, by="ann")).state == "decided"


@pytest.mark.dear
def test_commands_that_read_need_no_write_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with working_in(tmp_path, monkeypatch):
        run_tickets()
        with locked(tmp_path / "runs.db"):
            assert "triage v1 waiting" in done("runs", "list", "--store", STORE)
            assert "2 of 2 shown" in done("review", "list", "--store", STORE)
            assert handrail("runs", "cancel", "b", "--store", STORE).exit_code == 2


READ = """
import asyncio, os, sys
from handrail import Client
import handrail_orchestrator.store.sqlite.store  # while it may be read: this Python may be in the home of root
from handrail_ground.optional import load_later_modules
load_later_modules()  # as above
if os.getuid() == 0:  # root may write anything
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
async def main():
    async with Client("sqlite:///" + sys.argv[1]) as client:
        print(client.run("a").status, len(client.reviews()))
        try:
            await client.cancel("a")
        except Exception as error:
            print(type(error).__name__)
asyncio.run(main())
"""


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Take the right to write from a folder and its files, as on a medium that is read only."""
    for each in folder.iterdir():
        each.chmod(0o444)
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)


def read_as_nobody(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=False)


async def a_store(folder: Path) -> Path:
    path = folder / "runs.db"
    async with Orchestrator(f"sqlite:///{path}", workflows=[approve]) as orchestrator:
        await orchestrator.start(approve, 5, id="a")
        await orchestrator.idle()
    return path


@pytest.mark.dear
async def test_a_store_is_read_where_nothing_can_be_written() -> None:
    with tempfile.TemporaryDirectory() as name:  # one that others can reach, unlike tmp_path
        path = await a_store(Path(name))
        assert not Path(f"{path}-wal").exists()
        with unwritable(Path(name)):
            found = read_as_nobody(path)
    assert found.stdout.split() == ["waiting", "1", StoreReadOnly.__name__], found.stderr


@pytest.mark.dear
async def test_changes_that_cannot_be_read_there_are_never_left_out_in_silence() -> None:
    with tempfile.TemporaryDirectory() as name:
        path = await a_store(Path(name))
        async with Client(f"sqlite:///{path}") as client:
            await client.cancel("a")
            copy = Path(name) / "copy"
            copy.mkdir()
            Path(name).chmod(0o755)
            for each in (path, Path(f"{path}-wal")):
                shutil.copy(each, copy / each.name)
        with unwritable(copy):
            found = read_as_nobody(copy / path.name)
    assert "copy both files" in found.stderr or found.stdout.startswith("cancelled"), found.stderr


@pytest.mark.dear
async def test_a_folder_that_may_not_be_entered_is_named() -> None:
    with tempfile.TemporaryDirectory() as name:  # it is its owner's alone
        found = read_as_nobody(await a_store(Path(name)))
    assert "check the rights of its folders" in found.stderr or found.stdout.startswith("waiting")


def test_an_older_store_is_upgraded_by_the_first_that_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    shutil.copy(KEPT, path)
    store = SqliteStore(str(path), reading=True)
    assert store.counts()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.apply([])
    SqliteStore(str(path), reading=True).close()


def test_a_store_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFound):
        SqliteStore(str(tmp_path / "none.db"), create=False, reading=True)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 -- the names are enough


async def test_progress_counts_what_a_summary_counts(tmp_path: Path) -> None:
    path = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(path, workflows=[approve, add]) as orchestrator:
        ids = [f"{n}" for n in range(20)]
        progress = BatchProgress(orchestrator, [*ids, *ids])
        assert (progress.total, progress.done) == (20, 0)
        await orchestrator.start_many(add, [(each, 1) for each in ids[:12]])
        await orchestrator.start_many(approve, [(each, 1) for each in ids[12:]])
        await orchestrator.idle()
        progress.look()
        summary = summarize(orchestrator, ids)
        assert progress.done == summary.runs - summary.waiting == 20
        assert progress.waiting_for_person == summary.waiting_for_person == 8


@pytest.mark.dear
def test_a_file_of_inputs_with_one_conflict_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with working_in(tmp_path, monkeypatch):
        tickets = [{"id": f"{n}", "text": "sure"} for n in range(6_000)]
        assert run_tickets(tickets=[{"id": "5500", "text": "another"}]).exit_code == 0
        result = run_tickets(tickets=tickets)
        assert result.exit_code == 2
        assert "5500" in result.stderr
        assert TRIAGE.endswith("triage")
        listed = done("runs", "list", "--store", STORE, "--json").splitlines()
        assert len(listed) == 1
