"""What an address says that a server does not have, or would lose records by, is refused with what to do."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from handrail_orchestrator.errors import (
    StoreError,
    StoreNotFound,
    StoreReadOnly,
    StoreUnreachable,
)
from handrail_orchestrator.store import ReviewQuery, Store, open_store
from handrail_orchestrator.store.changes import OpenWait
from handrail_orchestrator.store.copying import copy_all, side_of
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import executing, question, signed_on, starting, step, wrote
from tests.servers.pooler import Pooler
from tests.servers.postgres import Cluster, PostgresAt

WITHIN_SECONDS = 60
NUL = "caf\0"
SHOWN = "caf␀"


@pytest.fixture(scope="module")
def databases(postgres: Cluster) -> Iterator[Cluster]:
    """A cluster with databases in other encodings, and somebody with few rights."""
    as_is = "TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"
    postgres.execute(f"CREATE DATABASE ascii ENCODING 'SQL_ASCII' {as_is}")
    postgres.execute(f"CREATE DATABASE latin ENCODING 'LATIN1' {as_is}")
    postgres.execute("CREATE ROLE worker LOGIN")
    yield postgres
    postgres.execute("DROP DATABASE ascii")
    postgres.execute("DROP DATABASE latin")
    postgres.execute("DROP OWNED BY worker")
    postgres.execute("DROP ROLE worker")


@pytest.mark.parametrize(("database", "encoding"), [("ascii", "SQL_ASCII"), ("latin", "LATIN1")])
def test_a_database_that_cannot_hold_every_text_is_refused_before_anything_is_made(
    databases: Cluster, database: str, encoding: str
) -> None:
    address = databases.address.removesuffix("handrail") + database
    with pytest.raises(StoreError, match=f"encoding is {encoding}.*UTF8"):
        open_store(address)
    with closing(PostgresAt(address)) as there:
        assert there.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ("?sslmode=require", "does not support SSL"),
        ("?sslmode=bogus", "invalid sslmode"),
        ("?options=-cfoo%3Dbar", "unrecognized configuration parameter"),
    ],
)
def test_what_is_wrong_in_an_address_is_not_called_a_server_that_is_away(
    databases: Cluster, says: str, error: str
) -> None:
    with pytest.raises(StoreError, match=f"as the address asks.*{error}") as refused:
        open_store(databases.address + says)
    assert not isinstance(refused.value, StoreUnreachable)


def test_a_wrong_password_is_said_to_be_refused_and_not_shown(postgres: Cluster) -> None:
    rules = postgres.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    postgres.execute("CREATE ROLE guarded LOGIN PASSWORD 'the right one'")
    rules.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{before}")
    try:
        postgres.execute("SELECT pg_reload_conf()")
        address = postgres.address.replace("//handrail@", "//guarded:{}@")
        end = time.monotonic() + WITHIN_SECONDS
        refused: StoreError | None = None
        while refused is None:  # until the server has read its rules again, it lets everybody in
            try:
                open_store(address.format("wrong-word"), create=False)
            except StoreNotFound:
                assert time.monotonic() < end
            except StoreError as error:
                refused = error
        assert not isinstance(refused, StoreUnreachable)
        assert "refuses the user" in str(refused)
        assert "wrong-word" not in str(refused)
        with pytest.raises(StoreNotFound):
            open_store(address.format("the%20right%20one"), create=False)
    finally:
        rules.write_text(before)
        postgres.execute("SELECT pg_reload_conf()")
        postgres.execute("DROP ROLE guarded")


def test_the_encoding_that_an_address_or_the_environment_asks_for_changes_no_text(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with closing(open_store(f"{postgres_url}%20-cclient_encoding%3DLATIN1&client_encoding=LATIN1")) as store:
        wrote(store, starting("Grüße € 日本"))
        assert store.runs()[0].id == "Grüße € 日本"


def test_who_may_not_is_told_so_and_with_what_the_docs_list_a_worker_does_all(
    databases: Cluster, postgres_url: str, tmp_path: Path
) -> None:
    with closing(open_store(postgres_url)) as store:
        wrote(store, starting("a"))
    schema = postgres_url.rpartition("%3D")[2]
    address = postgres_url.replace("//handrail@", "//worker@")
    for create in (True, False):
        with pytest.raises(StoreReadOnly, match=f"GRANT USAGE ON SCHEMA {schema}"):
            open_store(address, create=create)
    databases.execute(f"GRANT USAGE ON SCHEMA {schema} TO worker")
    with pytest.raises(StoreReadOnly, match="grant it what it lacks"):
        open_store(address)
    for given in ("SELECT, INSERT, UPDATE, DELETE ON ALL TABLES", "USAGE ON ALL SEQUENCES"):
        databases.execute(f"GRANT {given} IN SCHEMA {schema} TO worker")
    with closing(open_store(address)) as store:
        wrote(store, starting("b"))
        assert {run.id for run in store.runs()} == {"a", "b"}
    copy = f"sqlite:///{tmp_path / 'copy.db'}"
    with side_of(address, "read") as source, side_of(copy, "fill") as target:
        copy_all(source, target)
        assert source.counters()["runs"] == 2


def test_a_pooler_that_lends_transactions_is_refused_and_one_that_lends_sessions_is_not(postgres: Cluster) -> None:
    for mode in ("transaction", "session"):
        pooler = Pooler(postgres, mode)
        try:
            pooler.start()
            if mode == "transaction":
                with pytest.raises(StoreError, match="pool_mode = session"):
                    open_store(pooler.address)
                with pytest.raises(StoreError, match="pool_mode = session"), side_of(pooler.address, "read"):
                    pass
            else:
                with pytest.raises(StoreNotFound):
                    open_store(pooler.address, create=False)
        finally:
            pooler.remove()


def with_nul(store: Store) -> None:
    """Write a question whose title a document gave."""
    key = executing(store, signed_on(store))
    wrote(store, OpenWait(step(key, "ask", kind="human", status="waiting"), review=question(key)._replace(title=NUL)))


def test_a_nul_in_a_text_is_a_sign_on_a_server(postgres_url: str, tmp_path: Path) -> None:
    with closing(SqliteStore(str(tmp_path / "old.db"))) as old:
        with_nul(old)
        assert old.reviews(ReviewQuery())[0].title == NUL
    with closing(open_store(postgres_url)) as store:
        with_nul(store)
        assert store.reviews(ReviewQuery())[0].title == SHOWN
