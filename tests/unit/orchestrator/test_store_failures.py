"""A store that cannot be used gives a clear error and loses nothing that is recorded."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Run, action, workflow
from handrail.orchestrator import Misuse
from handrail_orchestrator.errors import (
    Fenced,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreNotFound,
    StoreReadOnly,
    StoreTooNew,
)
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.changes import EndRun, RecordStep
from handrail_orchestrator.store.claiming import Register, TakeOver
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.store.starts import StartRun


@action
async def bump(n: int) -> int:
    return n + 1


@workflow(version=1)
async def add(run: Run, n: int) -> int:
    for _ in range(5):
        n = await run.step(bump, n)
    return n


@workflow(version=1)
async def wait_for_go(run: Run, n: int) -> int:
    n = await run.step(bump, n)
    await run.event("go", bool)
    return await run.step(bump, n)


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    SqliteStore(str(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreTooNew, match=r"format 99.*upgrade Handrail"):
        SqliteStore(str(path))


def test_a_database_of_another_program_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreCorrupt, match="another program"):
        SqliteStore(str(path))
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 200)
    with pytest.raises(StoreCorrupt, match="not a Handrail store"):
        SqliteStore(str(path))
    assert path.read_text().startswith("not a database")


@pytest.mark.parametrize("reading", [False, True])
@pytest.mark.parametrize("held", ["x", "xy", "SQLite format 3", "SQLite format 3\0" + "x" * 83])
def test_a_file_of_a_few_bytes_is_no_empty_store_and_not_touched(tmp_path: Path, held: str, *, reading: bool) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(held)
    for create in (False, True):
        with pytest.raises(StoreCorrupt, match="give the path of another file"):
            open_store(f"sqlite:///{path}", create=create, reading=reading)
    assert path.read_text() == held
    assert [*tmp_path.iterdir()] == [path]


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "runs.db").touch()
    with closing(open_store(f"sqlite:///{tmp_path / 'runs.db'}", create=False)) as store:
        assert store.runs() == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreReadOnly, match="folder exists"):
        SqliteStore(str(tmp_path / "nowhere" / "runs.db"))


def test_a_missing_file_is_named_where_one_must_exist(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFound, match="no such file"):
        open_store(f"sqlite:///{tmp_path / 'runs.db'}", create=False)
    assert not (tmp_path / "runs.db").exists()


@pytest.mark.parametrize("url", ["runs.db", "sqlite://runs.db", "mysql://x", "sqlite:///"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Misuse, match="no store address"):
        open_store(url)


AS_NOBODY = """
import os, sys
from handrail_orchestrator.errors import StoreReadOnly
from handrail_orchestrator.store.sqlite.store import SqliteStore
if os.getuid() == 0:  # root may write anything
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    SqliteStore(sys.argv[1])
except StoreReadOnly as error:
    print(error)
    sys.exit(7)
"""


@pytest.mark.dear
def test_a_read_only_file_is_refused_before_anything_starts() -> None:
    with tempfile.TemporaryDirectory() as name:  # one that others can reach, unlike tmp_path
        folder, path = Path(name), Path(name) / "runs.db"
        SqliteStore(str(path)).close()
        path.chmod(0o444)
        folder.chmod(0o555)
        try:
            found = subprocess.run(
                [sys.executable, "-c", AS_NOBODY, str(path)], capture_output=True, text=True, check=False
            )
        finally:
            folder.chmod(0o755)
    assert found.returncode == 7, found.stderr
    assert "cannot be written" in found.stdout


@pytest.mark.slow
def test_a_store_locked_by_another_process_says_so(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    SqliteStore(str(path)).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreLocked, match="write lock"):
        SqliteStore(str(path))
    holder.close()


@pytest.mark.slow
async def test_the_writer_waits_for_the_lock_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with Orchestrator(f"sqlite:///{path}", workflows=[add]) as orchestrator:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        starting = asyncio.create_task(orchestrator.start(add, 1, id="a"))
        await asyncio.sleep(3)
        assert not starting.done()
        holder.execute("ROLLBACK")
        holder.close()
        assert await (await starting).result() == 6


@pytest.mark.dear
async def test_a_full_disk_stops_the_worker_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    address = f"sqlite:///{path}"
    async with Orchestrator(address, workflows=[wait_for_go]) as orchestrator:
        await orchestrator.start(wait_for_go, 1, id="a")
        await orchestrator.idle()
    store = SqliteStore(str(path))
    pages = store._writing.execute("PRAGMA page_count").fetchone()[0]  # noqa: SLF001 -- no other way to a full disk without one
    store._writing.execute(f"PRAGMA max_page_count = {pages}")  # noqa: SLF001
    with pytest.raises(StoreFull, match="free some space"):
        async with Orchestrator(store, workflows=[add, wait_for_go]) as orchestrator:
            await asyncio.gather(*[orchestrator.start(add, n) for n in range(2000)])
    store.close()
    async with Orchestrator(address, workflows=[add, wait_for_go]) as orchestrator:
        await orchestrator.send("a", "go", True)
        await orchestrator.idle()
        assert orchestrator.run("a").output == 3


@pytest.mark.dear
async def test_many_runs_for_which_the_disk_has_no_room_are_all_refused_as_that(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with Orchestrator(f"sqlite:///{path}", workflows=[add]) as orchestrator:
        assert orchestrator.runs() == []
    store = SqliteStore(str(path))
    pages = store._writing.execute("PRAGMA page_count").fetchone()[0]  # noqa: SLF001 -- as above
    store._writing.execute(f"PRAGMA max_page_count = {pages + 2}")  # noqa: SLF001
    with pytest.raises(StoreFull, match="free some space"):
        async with Orchestrator(store, workflows=[add]) as orchestrator:
            await orchestrator.start_many(add, [(f"r{n}", n) for n in range(2000)])
    store.close()
    async with Orchestrator(f"sqlite:///{path}", workflows=[add]) as orchestrator:
        assert orchestrator.runs() == []


OPENED = """
import resource, sys
from handrail_orchestrator.store import open_store
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
open_store(sys.argv[1], create=False)
"""


@pytest.mark.dear
def test_a_store_that_is_opened_where_no_file_may_grow_says_that_it_is_the_disk(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'runs.db'}"
    open_store(address).close()
    opened = subprocess.run([sys.executable, "-c", OPENED, address], capture_output=True, text=True, check=False)
    assert "StoreFull" in opened.stderr
    assert "check its health and free space" in opened.stderr


@pytest.mark.dear
async def test_a_corrupt_page_is_reported_as_such(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with Orchestrator(f"sqlite:///{path}", workflows=[add]) as orchestrator:
        await orchestrator.start_many(add, [(f"r{n}", n) for n in range(500)])
        await orchestrator.idle()
    store = SqliteStore(str(path))
    store.vacuum()
    store.close()
    data = bytearray(path.read_bytes())
    data[4 * 8192 : -8192] = b"\xa5" * (len(data) - 5 * 8192)
    path.write_bytes(data)
    with pytest.raises(StoreCorrupt, match=r"damaged.*\.recover"):
        async with Client(f"sqlite:///{path}") as client:
            client.runs(limit=10_000)


def _recorded(key: int, output: str) -> RecordStep:
    return RecordStep(StepRow(key, "bump", 1, "action", "done", ended=1.0, output=output))


def test_a_stale_owner_cannot_record(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "runs.db"))
    first, second = store.apply([Register(1, "h", "", "", 0.0), Register(2, "h", "", "", 0.0)])
    (started,) = store.apply([StartRun("a", "add", 1, "1", "", 0.0, execute=True)], worker=first)
    assert store.apply([TakeOver(first, 0, 1.0, 3)], worker=second) == [1]
    replies = store.apply([_recorded(started.key, "2"), EndRun(started.key, "completed", "2", None, 1.0)], worker=first)
    assert [type(reply) for reply in replies] == [Fenced, Fenced]
    assert store.history(started.key).steps == []
    store.close()


def test_a_result_is_recorded_once(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "runs.db"))
    (worker,) = store.apply([Register(1, "h", "", "", 0.0)])
    (started,) = store.apply([StartRun("a", "add", 1, "1", "", 0.0, execute=True)], worker=worker)
    first, second = store.apply([_recorded(started.key, "2"), _recorded(started.key, "3")], worker=worker)
    assert first is None
    assert isinstance(second, Fenced)
    assert store.history(started.key).steps[0].output == "2"
    store.close()


def test_a_worker_that_beat_in_the_meantime_is_not_struck_off(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "runs.db"))
    first, second = store.apply([Register(1, "h", "", "", 0.0), Register(2, "h", "", "", 0.0)])
    assert store.apply([TakeOver(first, 7, 1.0, 3)], worker=second) == [None]
    store.close()


async def test_a_refused_change_leaves_the_others_of_its_batch(tmp_path: Path) -> None:
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[add]) as orchestrator:
        await orchestrator.start(add, 1, id="a")
        replies = await asyncio.gather(
            orchestrator.start(add, 2, id="a"), orchestrator.start(add, 3, id="b"), return_exceptions=True
        )
        assert not isinstance(replies[1], BaseException)
        assert await replies[1].result() == 8
        assert isinstance(replies[0], Exception)


async def test_outside_its_block_an_orchestrator_says_how_to_use_it(tmp_path: Path) -> None:
    orchestrator = Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[add])
    with pytest.raises(Misuse, match="async with"):
        await orchestrator.start(add, 1)


def test_store_errors_are_one_family() -> None:
    assert all(
        issubclass(kind, StoreError) for kind in (StoreFull, StoreLocked, StoreReadOnly, StoreCorrupt, StoreTooNew)
    )


@workflow(version=1)
async def ask_twice(run: Run, n: int) -> bool:
    return await run.ask("Pay?", bool, context=n) and await run.ask("Really?", bool, name="really")


async def waiting(path: Path) -> None:
    async with Orchestrator(f"sqlite:///{path}", workflows=[ask_twice]) as o:
        await o.start(ask_twice, 1, id="a")
        await o.idle()


@pytest.mark.parametrize("has_written", [False, True])
@pytest.mark.parametrize("replaced", [False, True])
async def test_nobody_decides_in_a_file_that_was_deleted_or_replaced(
    tmp_path: Path, *, has_written: bool, replaced: bool
) -> None:
    path, backup = tmp_path / "r.db", tmp_path / "backup.db"
    await waiting(path)
    backup.write_bytes(path.read_bytes())
    async with Client(f"sqlite:///{path}") as client:
        if has_written:
            await client.take(1, by="ann")
        elsewhere = path.rename(tmp_path / "elsewhere.db")
        if replaced:
            backup.rename(path)
        with pytest.raises(StoreNotFound, match="deleted or replaced"):
            await client.decide(1, value=True, by="ann")
        with pytest.raises(StoreNotFound, match="deleted or replaced"):
            client.reviews()
        elsewhere.replace(path)
        assert (await client.decide(1, value=True, by="ann")).state == "decided"
        assert not client.reviews()
    async with Client(f"sqlite:///{path}") as client:
        assert client.review(1).state == "decided"


async def test_nobody_decides_in_a_file_that_an_older_copy_was_written_over(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    await waiting(path)
    older = path.read_bytes()
    async with Client(f"sqlite:///{path}") as keeper:
        for _ in range(3):
            await keeper.keep_file(os.urandom(100_000), name="large")
    async with Client(f"sqlite:///{path}") as first, Client(f"sqlite:///{path}") as second:
        assert path.stat().st_size > len(older)
        for client in (first, second):
            client.reviews()
        path.write_bytes(older)  # as cp does: the same file for the system
        for client in (first, second):
            with pytest.raises(StoreNotFound, match="a copy was written over the file"):
                await client.decide(1, value=True, by="ann")
            with pytest.raises(StoreNotFound, match="restore the copy once more"):
                client.reviews()


async def test_a_file_that_is_rewritten_without_what_was_deleted_stays_the_store(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    await waiting(path)
    async with Client(f"sqlite:///{path}") as first, Client(f"sqlite:///{path}") as second:
        for by in (first, second, first):
            await by.keep_file(os.urandom(100_000), name="large")
            by.vacuum()
            before = path.stat().st_size
            await by.prune(older_than=timedelta(0))
            by.vacuum()
            assert path.stat().st_size < before
            for client in (first, second):
                assert len(client.reviews()) == 1
                await client.take(1, by="ann")


async def test_threads_that_read_while_a_file_is_rewritten_all_take_it_for_the_store(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    await waiting(path)
    async with Client(f"sqlite:///{path}") as shared, Client(f"sqlite:///{path}") as keeper:
        with ThreadPoolExecutor(8) as threads:
            for _ in range(5):
                await keeper.keep_file(os.urandom(300_000), name="large")
                shared.reviews()
                reads = [threads.submit(shared.reviews) for _ in range(100)]
                await keeper.prune(older_than=timedelta(0))
                keeper.vacuum()
                reads += [threads.submit(shared.reviews) for _ in range(100)]
                assert {len(each.result()) for each in reads} == {1}


@pytest.mark.parametrize("has_written", [False, True])
async def test_nobody_decides_in_a_file_whose_log_was_deleted(tmp_path: Path, *, has_written: bool) -> None:
    path = tmp_path / "r.db"
    await waiting(path)
    async with Client(f"sqlite:///{path}") as first, Client(f"sqlite:///{path}") as second:
        for client in (first, second):
            client.reviews()
            if has_written:
                await client.take(1, by="ann")
        Path(f"{path}-wal").unlink()
        Path(f"{path}-shm").unlink()
        for client in (first, second):
            with pytest.raises(StoreNotFound, match="-wal was deleted or replaced"):
                await client.decide(1, value=True, by="ann")
    async with Client(f"sqlite:///{path}") as client:
        assert (await client.decide(1, value=True, by="ann")).state == "decided"


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may go anywhere")
async def test_a_folder_that_nobody_may_enter_any_more_is_said(tmp_path: Path) -> None:
    (folder := tmp_path / "kept").mkdir()
    await waiting(folder / "r.db")
    async with Client(f"sqlite:///{folder}/r.db") as client:
        folder.chmod(0)
        try:
            with pytest.raises(StoreReadOnly, match="cannot be reached any more"):
                await client.decide(1, value=True, by="ann")
        finally:
            folder.chmod(0o700)
