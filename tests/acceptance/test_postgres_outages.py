"""What is wrong with a server, or with who may use it, is no run's fault: none fails of it, and it is said as it is."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from handrail import Orchestrator, Run, action, workflow
from handrail_orchestrator.errors import StoreCorrupt, StoreError, StoreNotFound, StoreRefused
from handrail_orchestrator.store import open_store
from tests.contract.stores import starting, wrote
from tests.servers.postgres import Cluster
from tests.unit.orchestrator.commands import done

WITHIN_SECONDS = 60
USER = sql.Identifier("worker")


class Step:
    """The body of the step that is under way, which the test lets end."""

    begun: asyncio.Event
    may_end: asyncio.Event


@action
async def act(n: int) -> int:
    Step.begun.set()
    await Step.may_end.wait()
    return n + 1


@workflow(version=1)
async def twice(run: Run, n: int) -> int:
    return await run.step(act, await run.step(act, n))


@pytest.fixture
def database(postgres: Cluster) -> Iterator[str]:
    """Lend the address of a database of the test's own, for a user whom nothing else belongs to."""
    postgres.execute("CREATE ROLE worker LOGIN")
    with postgres.store() as address:
        name = address.rpartition("/")[2]
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO worker")
            connection.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO worker")
        yield address.replace("//handrail@", "//worker@")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("DROP OWNED BY worker")
        with suppress(psycopg.Error):
            postgres.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))
    postgres.execute("DROP ROLE worker")


def all_ended(postgres: Cluster) -> None:
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'")


def rename(postgres: Cluster, address: str, *, back: bool) -> None:
    name = address.rpartition("/")[2]
    ours, other = sql.Identifier(name), sql.Identifier(f"{name}_away")
    one, two = (other, ours) if back else (ours, other)
    postgres.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(one))
    all_ended(postgres)
    end = time.monotonic() + WITHIN_SECONDS
    while True:
        try:
            postgres.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(one, two))
            break
        except psycopg.errors.ObjectInUse:  # who was ended is not gone yet
            assert time.monotonic() < end
    postgres.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(two))


def let_in(postgres: Cluster, _: str, *, back: bool) -> None:
    postgres.execute(sql.SQL("ALTER ROLE {} {}").format(USER, sql.SQL("LOGIN" if back else "NOLOGIN")))
    all_ended(postgres)


def take_out(_: Cluster, address: str, *, back: bool) -> None:
    before, after = ("output_", "output") if back else ("output", "output_")
    rename_column = sql.SQL("ALTER TABLE steps RENAME COLUMN {} TO {}")
    with psycopg.connect(address.replace("//worker@", "//handrail@")) as connection:
        connection.execute(rename_column.format(sql.Identifier(before), sql.Identifier(after)))


@asynccontextmanager
async def executing(address: str) -> AsyncIterator[Orchestrator]:
    Step.begun, Step.may_end = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(WITHIN_SECONDS), Orchestrator(address, workflows=[twice]) as o:
        yield o


@pytest.mark.parametrize(
    ("harm", "error"),
    [
        pytest.param(rename, StoreNotFound, id="the database is renamed"),
        pytest.param(let_in, StoreRefused, id="the user may not log in"),
        pytest.param(take_out, StoreCorrupt, id="a column is taken out"),
    ],
)
async def test_a_worker_that_cannot_use_its_store_any_more_stops_and_no_run_fails_of_it(
    harm: Callable[..., None], error: type[StoreError], database: str, postgres: Cluster
) -> None:
    async with executing(database) as o:
        await o.start(twice, 1, id="a")
        await Step.begun.wait()
        harm(postgres, database, back=False)
        Step.may_end.set()
        with pytest.raises(error):
            await o.failed()
    harm(postgres, database, back=True)
    async with executing(database) as o:
        Step.may_end.set()
        await o.idle()
        run = o.run("a")
        assert (run.status, run.output, run.crashes) == ("completed", 3, 0)


async def test_a_worker_waits_while_a_database_takes_no_connections(database: str, postgres: Cluster) -> None:
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    name = sql.Identifier(database.rpartition("/")[2])
    async with executing(database) as o:
        handle = await o.start(twice, 1, id="a")
        await Step.begun.wait()
        postgres.execute(allow.format(name, sql.SQL("false")))
        all_ended(postgres)
        Step.may_end.set()
        await asyncio.wait([asyncio.ensure_future(o.failed())], timeout=0.5)
        postgres.execute(allow.format(name, sql.SQL("true")))
        assert await handle.result() == 3


def test_why_nothing_can_be_read_is_said_by_the_reading(
    database: str, postgres: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("handrail_orchestrator.store.postgres.store.CONNECT_SECONDS", 0.2)
    with closing(open_store(database)) as store:
        let_in(postgres, database, back=False)
        with pytest.raises(StoreRefused, match="refuses the user"):
            store.runs()
        let_in(postgres, database, back=True)
    assert "psycopg.pool" not in {record.name for record in caplog.records}


def test_what_is_read_is_read_again_when_somebody_cancels_it(postgres: Cluster, postgres_url: str) -> None:
    with closing(open_store(postgres_url)) as store:
        wrote(store, starting("a"))
        with psycopg.connect(postgres_url) as holding:
            holding.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
            found: list[str] = []
            reading = threading.Thread(target=lambda: found.extend(run.id for run in store.runs()))
            reading.start()
            waiting = "SELECT pg_cancel_backend(pid) FROM pg_locks WHERE NOT granted"
            end = time.monotonic() + WITHIN_SECONDS
            while not postgres.execute(waiting):
                assert time.monotonic() < end
        reading.join()
    assert found == ["a"]


# -- schemas


def test_a_user_with_a_schema_of_its_own_works_on_the_store_that_it_finds(database: str, tmp_path: Path) -> None:
    """Its own comes first in the usual search_path; locks, bells and copies have to be those of the others."""
    owner = database.replace("//worker@", "//handrail@")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA worker AUTHORIZATION worker")
    with closing(open_store(database)) as store, closing(open_store(owner)) as another:
        heard = threading.Event()
        end_listening = store.listen(heard.set)
        heard.clear()
        wrote(another, starting("a"))
        assert heard.wait(WITHIN_SECONDS)
        end_listening()
        wrote(store, starting("b"))
        assert {run.id for run in another.runs()} == {"a", "b"}
    copy = tmp_path / "copy.db"
    done("backup", str(copy), "--store", database)
    with closing(open_store(f"sqlite:///{copy}")) as store:
        assert {run.id for run in store.runs()} == {"a", "b"}
    with psycopg.connect(owner, autocommit=True) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'worker'"
        assert connection.execute(tables).fetchone() == (0,)


def test_where_the_usual_schema_is_gone_no_store_is_made_in_the_place_of_the_one_in_it(database: str) -> None:
    owner = database.replace("//worker@", "//handrail@")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("ALTER SCHEMA public RENAME TO away")
        with pytest.raises(StoreNotFound, match="no schema `public`"):
            open_store(owner)
        connection.execute("ALTER SCHEMA away RENAME TO public")
        assert connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = '$user'").fetchone() == (0,)
    open_store(owner, create=False).close()
