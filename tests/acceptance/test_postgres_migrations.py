"""Stores in PostgreSQL of every earlier migration are brought to the newest one, once, whole or not at all."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from psycopg import sql

from handrail_orchestrator.errors import StoreError, StoreReadOnly, StoreTooNew
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.postgres import schema
from tests.contract.stores import starting, wrote
from tests.servers.postgres import Cluster, PostgresAt

NEWEST = len(schema.migrations())
EARLIER = range(1, NEWEST)
TABLES = """
SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name FROM information_schema.columns
WHERE table_schema = %s
"""
RULES = """
SELECT conrelid::regclass::text, contype, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = %s::regnamespace
"""
INDEXES = "SELECT tablename, indexname, replace(indexdef, schemaname || '.', '') FROM pg_indexes WHERE schemaname = %s"


def schema_of(url: str) -> str:
    return url.rpartition("%3D")[2]


def made_by(url: str, migration: int) -> None:
    """Make a store as the version did that knew migrations up to this one, with a run in it."""
    with closing(PostgresAt(url)) as there:
        for number, statements in enumerate(schema.migrations()[:migration], start=1):
            there.execute(statements)
            there.execute("INSERT INTO handrail_migrations (number) VALUES (%s)", (number,))
        there.execute("INSERT INTO workflows (name, version) VALUES ('add', 1)")
        there.execute(
            "INSERT INTO runs (id, workflow, status, input, code, created) VALUES ('old', 1, 'pending', '1', 'c', 1.5)"
        )


def shape(server: PostgresAt, url: str) -> list[list[tuple[object, ...]]]:
    """Return the columns, rules and indexes of a store, by name: later columns stand behind earlier ones."""
    name = schema_of(url)
    return [
        sorted(tuple(str(part).replace(f"{name}.", "") for part in row) for row in server.execute(asked, (name,)))
        for asked in (TABLES, RULES, INDEXES)
    ]


@pytest.fixture
def fresh_url(some_postgres: PostgresAt) -> Iterator[str]:
    with some_postgres.schema() as url:
        open_store(url).close()
        yield url


@pytest.mark.parametrize("migration", EARLIER)
def test_a_store_of_each_earlier_migration_becomes_what_a_new_one_is_and_keeps_its_runs(
    some_postgres: PostgresAt, postgres_url: str, fresh_url: str, migration: int
) -> None:
    made_by(postgres_url, migration)
    with closing(open_store(postgres_url)) as store:
        (run,) = store.runs()
        assert (run.id, run.workflow, run.input, run.created) == ("old", "add", "1", 1.5)
        wrote(store, starting("new"))
        assert {run.id for run in store.runs()} == {"old", "new"}
    assert shape(some_postgres, postgres_url) == shape(some_postgres, fresh_url)


def test_many_that_open_an_earlier_store_at_once_bring_it_up_once(some_postgres: PostgresAt, postgres_url: str) -> None:
    made_by(postgres_url, 1)
    failures: list[Exception] = []

    def opens() -> None:
        try:
            open_store(postgres_url).close()
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=opens) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    name = sql.Identifier(schema_of(postgres_url))
    numbers = some_postgres.execute(sql.SQL("SELECT number FROM {}.handrail_migrations ORDER BY 1").format(name))
    assert numbers == [(number,) for number in range(1, NEWEST + 1)]


def test_who_may_not_change_the_tables_is_told_whom_to_ask_and_none_is_changed(
    postgres: Cluster, postgres_url: str
) -> None:
    made_by(postgres_url, 1)
    before, name = shape(postgres, postgres_url), sql.Identifier(schema_of(postgres_url))
    postgres.execute("CREATE ROLE limited LOGIN")
    address = postgres_url.replace("//handrail@", "//limited@")
    try:
        postgres.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO limited").format(name))
        postgres.execute(sql.SQL("GRANT ALL ON ALL TABLES IN SCHEMA {} TO limited").format(name))
        for reading in (True, False):
            with pytest.raises(StoreReadOnly, match=r"of migration 1, .*`handrail prepare` once as the user who owns"):
                open_store(address, create=False, reading=reading)
        assert shape(postgres, postgres_url) == before
        with postgres.schema() as empty:
            granted = sql.SQL("GRANT USAGE ON SCHEMA {} TO limited").format(sql.Identifier(schema_of(empty)))
            postgres.execute(granted)
            with pytest.raises(StoreReadOnly, match=f"GRANT CREATE ON SCHEMA {schema_of(empty)}"):
                open_store(empty.replace("//handrail@", "//limited@"))
    finally:
        postgres.execute("DROP OWNED BY limited")
        postgres.execute("DROP ROLE limited")


def test_a_server_that_dies_in_the_middle_of_a_migration_leaves_the_earlier_store(
    some_postgres: PostgresAt, postgres_url: str, fresh_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_by(postgres_url, 1)
    before = shape(some_postgres, postgres_url)
    real = schema.migrations()
    broken = (real[0], f"{real[1]}; SELECT pg_terminate_backend(pg_backend_pid())", *real[2:])
    monkeypatch.setattr(schema, "migrations", lambda: broken)
    with pytest.raises(StoreError):
        open_store(postgres_url)
    assert shape(some_postgres, postgres_url) == before
    monkeypatch.undo()
    open_store(postgres_url).close()
    assert shape(some_postgres, postgres_url) == shape(some_postgres, fresh_url)


def test_a_store_of_a_later_version_is_refused(some_postgres: PostgresAt, fresh_url: str) -> None:
    name = sql.Identifier(schema_of(fresh_url))
    some_postgres.execute(sql.SQL("INSERT INTO {}.handrail_migrations VALUES (9999)").format(name))
    with pytest.raises(StoreTooNew, match="upgrade Handrail"):
        open_store(fresh_url)


def test_a_server_that_is_too_old_is_refused_before_anything_is_made(
    some_postgres: PostgresAt, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "OLDEST_SERVER", 99_00_00)  # as 14 is for a server of version 13
    with pytest.raises(StoreError, match="is too old: use 14 or newer"):
        open_store(postgres_url)
    assert shape(some_postgres, postgres_url) == [[], [], []]
