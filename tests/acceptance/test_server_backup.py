"""Backups of a store on a server, and moves onto one, while it is worked on and while it dies."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handrail import Orchestrator
from handrail_orchestrator.errors import StoreError, StoreMoved
from handrail_orchestrator.moving import move_store
from handrail_orchestrator.store.backup import back_up, restore_backup
from handrail_orchestrator.store.copying import side_of
from handrail_orchestrator.store.moves import left
from tests.acceptance.move_flows import event, payment
from tests.acceptance.test_backup import BUSY, PATIENCE_SECONDS, handrail, runs_of
from tests.servers.postgres import Cluster, PostgresAt

MANY = 4_000

# Moves a store, and kills the server when all but the last commit is done, or that too but for its answer.
KILLED_AT_THE_END = """
import os, signal, sys
from contextlib import contextmanager
from handrail_orchestrator.errors import StoreUnreachable
from handrail_orchestrator.moving import move_store
from handrail_orchestrator.store import moves

old, new, when, server = sys.argv[1:]
sides = moves.side_of

@contextmanager
def side_of(url, mode):
    with sides(url, mode) as side:
        commit = side.commit
        def killed():
            if when == "after":
                commit()
            os.kill(int(server), signal.SIGKILL)
            raise StoreUnreachable(new, "no answer came")
        if mode == "fill":
            side.commit = killed
        yield side

moves.side_of = side_of
move_store(old, new)
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    try:
        made.start()
        yield made
    finally:
        made.remove()


async def filled(store: str, runs: int = 3, many: int = 0) -> None:
    async with Orchestrator(store, workflows=[payment, event]) as orchestrator:
        for number in range(runs):
            await orchestrator.start(event, number, id=f"event-{number}")
        if many:
            await orchestrator.start_many(event, [(f"many-{number}", number) for number in range(many)])
        await orchestrator.idle()


async def finished(store: str, runs: int = 3) -> dict[str, object]:
    async with Orchestrator(store, workflows=[payment, event]) as orchestrator:
        for number in range(runs):
            await orchestrator.send(f"event-{number}", "go", "late")
        await orchestrator.idle()
        return {f"event-{number}": orchestrator.run(f"event-{number}").output for number in range(runs)}


def test_a_backup_of_a_server_that_is_written_all_the_time_is_of_one_moment(
    some_postgres: PostgresAt, tmp_path: Path
) -> None:
    with some_postgres.schema() as store, some_postgres.schema() as again:
        (tmp_path / "busy.py").write_text(BUSY.replace("sqlite:///runs.db", store), encoding="utf-8")
        process = subprocess.Popen([sys.executable, "busy.py"], cwd=tmp_path)
        try:
            wait_for(lambda: "completed" in handrail(tmp_path, "runs", "list", "--store", store).stdout)
            reached = []
            for number in range(4):
                made = handrail(tmp_path, "backup", f"copy{number}.db", "--store", store, "--json")
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
        assert (tmp_path / "copy0.db").stat().st_mode & 0o077 == 0
        assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]
        ended = runs_of(tmp_path / "copy3.db")[: reached[3] - 1]
        for address in ("sqlite:///again.db", again):
            restored = handrail(tmp_path, "restore", "copy3.db", "--store", address)
            assert restored.returncode == 0, restored.stderr
        for address in (f"sqlite:///{tmp_path / 'again.db'}", again):
            with side_of(address, "read") as side:
                found = side.connection.execute("SELECT id, status FROM runs ORDER BY key").fetchall()
            assert [tuple(row) for row in found][: len(ended)] == ended
            assert "running" not in [status for _, status in found]


def test_what_waits_goes_on_in_a_store_restored_on_a_server_and_nothing_is_replaced(
    some_postgres: PostgresAt, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    with some_postgres.schema() as store, some_postgres.schema() as again:
        asyncio.run(filled(store))
        back_up(store, copy)
        before = copy.read_bytes()
        with pytest.raises(StoreError, match="is not replaced"):
            back_up(store, copy)
        with pytest.raises(StoreError, match="holds something already"):
            restore_backup(copy, store)
        restore_backup(copy, again)
        assert copy.read_bytes() == before
        late = {f"event-{number}": f"{number} late" for number in range(3)}
        assert asyncio.run(finished(again)) == late
        assert asyncio.run(finished(store)) == late


def test_a_backup_of_a_file_of_an_older_version_is_restored_on_a_server(postgres_url: str, tmp_path: Path) -> None:
    store, copy = f"sqlite:///{tmp_path / 'runs.db'}", tmp_path / "copy.db"
    asyncio.run(filled(store))
    back_up(store, copy)
    moved = f"sqlite:///{tmp_path / 'moved.db'}"
    restore_backup(copy, postgres_url)
    move_store(postgres_url, moved)  # and back to a file
    assert asyncio.run(finished(moved))["event-2"] == "2 late"
    with pytest.raises(StoreMoved, match="was moved to"):
        asyncio.run(filled(postgres_url))


def test_a_server_that_dies_during_a_backup_leaves_no_file(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.schema() as store:
        asyncio.run(filled(store, many=MANY))
        command = [sys.executable, "-m", "handrail", "backup", "copy.db", "--store", store]
        process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: process.poll() is not None or any(each.stat().st_size for each in tmp_path.glob(".copy.db*")))
        cluster.kill()
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 2, errors
        assert not list(tmp_path.iterdir())
        cluster.start()
        assert handrail(tmp_path, "backup", "copy.db", "--store", store).returncode == 0
        assert len(runs_of(tmp_path / "copy.db")) == MANY + 3


def test_a_server_that_dies_while_a_store_is_moved_to_it_gets_nothing(cluster: Cluster, tmp_path: Path) -> None:
    old = f"sqlite:///{tmp_path / 'old.db'}"
    asyncio.run(filled(old, many=MANY))
    with cluster.schema() as new:
        command = [sys.executable, "-m", "handrail", "migrate", old, new]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert "rows" in process.stderr.readline()  # the first table is written
        cluster.kill()
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 2, errors
        assert left(old) is None
        cluster.start()
        with side_of(new, "fill"):
            pass  # it is empty
        assert handrail(tmp_path, "migrate", old, new).returncode == 0
        assert asyncio.run(finished(new))["event-1"] == "1 late"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_that_dies_at_the_last_commit_is_asked_by_the_next_run(
    when: str, cluster: Cluster, tmp_path: Path
) -> None:
    old = f"sqlite:///{tmp_path / 'old.db'}"
    asyncio.run(filled(old))
    with cluster.schema() as new:
        command = [sys.executable, "-c", KILLED_AT_THE_END, old, new, when, str(cluster.pid)]
        broken = subprocess.run(command, check=False, capture_output=True, text=True)
        assert "run the same command again" in broken.stderr
        cluster.kill()
        with pytest.raises(StoreMoved):  # until it is known, nothing is recorded in either
            asyncio.run(filled(old))
        cluster.start()
        done = handrail(tmp_path, "migrate", old, new)
        assert done.returncode == 0, done.stderr
        assert ("nothing to do" in done.stdout) == (when == "after")
        assert asyncio.run(finished(new))["event-1"] == "1 late"


def test_a_password_is_neither_kept_nor_shown(postgres_url: str, tmp_path: Path) -> None:
    old = f"sqlite:///{tmp_path / 'old.db'}"
    asyncio.run(filled(old))
    secret = postgres_url.replace("handrail@", "handrail:hunter22@")
    moved = handrail(tmp_path, "migrate", old, secret)
    assert moved.returncode == 0, moved.stderr
    refused = handrail(tmp_path, "runs", "cancel", "event-1", "--store", old)
    assert "was moved to postgresql://handrail@" in refused.stderr
    assert "hunter22" not in moved.stdout + moved.stderr + refused.stderr
    assert b"hunter22" not in (tmp_path / "old.db").read_bytes()


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)
