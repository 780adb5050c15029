"""What an administrator does to a server, its sessions and databases does no harm, or is said with what to do."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg import sql

from handrail_orchestrator.errors import StoreLocked, StoreNotFound, StoreReadOnly, StoreUnreachable
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.changes import RecordStep, Send
from handrail_orchestrator.store.postgres.locking import STORE
from tests.contract.stores import executing, signed_on, starting, step, wrote
from tests.servers.pooler import Pooler
from tests.servers.postgres import Cluster
from tests.unit.orchestrator.commands import done, handrail

WITHIN_SECONDS = 60
FINE = 1_795_995_720.9296749
"""A time that a server of few digits rounds."""

ODD = {
    "DateStyle": "German, DMY",
    "TimeZone": "Asia/Kathmandu",
    "IntervalStyle": "sql_standard",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "transform_null_equals": "on",
    "default_transaction_isolation": "serializable",
    "client_min_messages": "debug5",
    "synchronous_commit": "off",
    "statement_timeout": "20s",
    "lock_timeout": "20s",
    "idle_session_timeout": "20s",
    "idle_in_transaction_session_timeout": "20s",
}


@pytest.fixture
def somebody(postgres: Cluster) -> Iterator[None]:
    """Make somebody who has no rights yet."""
    postgres.execute("CREATE ROLE somebody LOGIN")
    yield
    postgres.execute("REASSIGN OWNED BY somebody TO handrail")
    postgres.execute("DROP OWNED BY somebody")
    postgres.execute("DROP ROLE somebody")


def lent(cluster: Cluster, url: str) -> str:
    """Let somebody read all tables of a store; return its address for them."""
    schema = sql.Identifier(url.rpartition("%3D")[2])
    cluster.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO somebody").format(schema))
    cluster.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO somebody").format(schema))
    return url.replace("//handrail@", "//somebody@")


@pytest.mark.usefixtures("somebody")
def test_what_an_administrator_has_set_for_sessions_changes_nothing(postgres: Cluster, postgres_url: str) -> None:
    schema = sql.Identifier(postgres_url.rpartition("%3D")[2])
    postgres.execute(sql.SQL("GRANT CREATE, USAGE ON SCHEMA {} TO somebody").format(schema))
    for name, value in ODD.items():
        setting = sql.SQL("ALTER ROLE somebody SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
        postgres.execute(setting)
    with closing(open_store(postgres_url.replace("//handrail@", "//somebody@"))) as store:
        wrote(store, starting("it's \\ a run", created=FINE))
        wrote(store, Send("it's \\ a run", "go", '"\\\\"', FINE))
        (run,) = store.runs()
        assert (run.id, run.created) == ("it's \\ a run", FINE)
        (event,) = store.history(run.key).events
        assert event.payload == '"\\\\"'
        names = ("synchronous_commit", "idle_session_timeout", "statement_timeout")
        asked = f"SELECT {', '.join(f'current_setting({name!r})' for name in names)}"
        writing: Any = store.prepare_to_write()
        assert writing.execute(asked).fetchall() == [("on", "0", "0")]


@pytest.mark.usefixtures("somebody")
def test_who_may_only_read_looks_at_everything_and_changes_nothing(postgres: Cluster, postgres_url: str) -> None:
    with closing(open_store(postgres_url)) as store:
        wrote(store, starting("a"))
    address = lent(postgres, postgres_url)
    for command in ("runs list", "stats", "review list", "paused", "notices list", "promise list", "audit verify"):
        done(*command.split(), "--store", address)
    refused = handrail("runs", "cancel", "a", "--store", address)
    assert refused.exit_code == 2
    assert "the user may not do that: grant it what it lacks" in refused.stderr
    with closing(open_store(address, create=False, reading=True)) as store:
        with pytest.raises(StoreReadOnly, match="permission denied"):
            store.apply([starting("b")])
        assert [run.id for run in store.runs()] == ["a"]


@pytest.mark.usefixtures("somebody")
def test_a_server_without_room_is_not_called_one_that_is_away(postgres: Cluster, postgres_url: str) -> None:
    open_store(postgres_url).close()
    address = lent(postgres, postgres_url)
    postgres.execute("ALTER ROLE somebody CONNECTION LIMIT 1")
    with psycopg.connect(address), pytest.raises(StoreUnreachable, match="all connections are taken"):
        open_store(address, create=False, reading=True)


def test_a_statement_that_somebody_cancels_is_tried_again(postgres: Cluster, postgres_url: str) -> None:
    with closing(open_store(postgres_url)) as store, psycopg.connect(postgres_url) as holding:
        holding.execute("SELECT pg_advisory_lock(hashtext(current_schema()), %s::integer)", (STORE,))
        failed: list[Exception] = []

        def writes() -> None:
            try:
                store.apply([starting("a")])
            except StoreLocked as error:
                failed.append(error)

        writing = threading.Thread(target=writes)
        writing.start()
        waiting = "SELECT pg_cancel_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        end = time.monotonic() + WITHIN_SECONDS
        while not postgres.execute(waiting):
            assert time.monotonic() < end
        writing.join()
        assert "somebody cancelled" in str(failed[0])
        holding.execute("SELECT pg_advisory_unlock_all()")
        wrote(store, starting("a"))


def test_a_connection_that_only_reads_since_another_server_is_the_primary_is_made_anew(postgres_url: str) -> None:
    """What riverqueue/river#1225 reports: a server that becomes a replica may keep its connections."""
    with closing(open_store(postgres_url)) as store:
        writing: Any = store.prepare_to_write()
        writing.execute("SET default_transaction_read_only = on")
        wrote(store, starting("a"))
        assert [run.id for run in store.runs()] == ["a"]


@pytest.mark.parametrize("when", ["at once", "after it listens anew"])
def test_who_listens_hears_what_is_written_though_the_connection_was_ended(
    postgres: Cluster, postgres_url: str, when: str
) -> None:
    """What taskforcesh/bullmq#4729 and riverqueue/river#1358 report: rings lost for ever, or meanwhile."""
    with closing(open_store(postgres_url)) as store, closing(open_store(postgres_url)) as another:
        heard = threading.Event()
        end_listening = store.listen(heard.set)
        heard.clear()
        end = time.monotonic() + WITHIN_SECONDS
        while not postgres.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'handrail' AND starts_with(query, 'LISTEN')"
        ):
            assert time.monotonic() < end
        if when == "after it listens anew":
            assert heard.wait(WITHIN_SECONDS)  # others may have written meanwhile
            heard.clear()
        wrote(another, starting("a"))
        assert heard.wait(WITHIN_SECONDS)
        end_listening()


def test_a_pooler_whose_sessions_are_all_taken_says_so(postgres: Cluster) -> None:
    pooler = Pooler(postgres, "session", default_pool_size=1, query_wait_timeout=1)
    try:
        pooler.start()
        with psycopg.connect(pooler.address) as taken:
            taken.execute("SELECT 1")
            with pytest.raises(StoreUnreachable, match=r"all connections are taken.*query_wait_timeout"):
                open_store(pooler.address, create=False)
    finally:
        pooler.remove()


# -- another store in the place of one


def made_again(postgres: Cluster, url: str) -> None:
    """Drop a store and make another one in its place, with other runs under the same numbers."""
    schema = url.rpartition("%3D")[2]
    postgres.drop(schema)
    postgres.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    with closing(open_store(url)) as store:
        executing(store, signed_on(store), "another")


@pytest.mark.parametrize("connection", ["kept", "cut"])
def test_what_was_executed_for_a_store_is_not_recorded_in_another_one_in_its_place(
    postgres: Cluster, postgres_url: str, connection: str
) -> None:
    with closing(open_store(postgres_url)) as store:
        worker = signed_on(store)
        key = executing(store, worker, "one")
        made_again(postgres, postgres_url)
        if connection == "cut":
            postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'handrail' AND pid <> pg_backend_pid()"
            )
            with pytest.raises(StoreUnreachable):
                store.apply([RecordStep(step(key))], worker=worker)
        for _ in range(2):
            with pytest.raises(StoreNotFound, match="another store is in its place"):
                store.apply([RecordStep(step(key))], worker=worker)
    with closing(open_store(postgres_url)) as another:
        assert [run.id for run in another.runs()] == ["another"]
        assert another.history(another.runs()[0].key).steps == []


def test_a_store_that_was_dropped_is_not_there(postgres: Cluster, postgres_url: str) -> None:
    with closing(open_store(postgres_url)) as store:
        schema = postgres_url.rpartition("%3D")[2]
        postgres.drop(schema)
        with pytest.raises(StoreNotFound, match="its tables are gone"):
            store.runs()
        with pytest.raises(StoreNotFound):
            wrote(store, starting("a"))
