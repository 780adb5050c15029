"""A copy of a store is compared with what was copied, and what does not fit is refused with its place."""

import asyncio
import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Run, workflow
from handrail_orchestrator.errors import Misuse, NotStorable, StoreError, StoreNotFound, StoreSealed
from handrail_orchestrator.moving import move_store
from handrail_orchestrator.sealing.keys import new_key
from handrail_orchestrator.store import ReviewQuery, open_store
from handrail_orchestrator.store.copying import copy_all, side_of, without_password
from handrail_orchestrator.store.moves import left


@workflow(version=1)
async def asked(run: Run, number: int) -> bool:
    return await run.ask(f"{number}?", bool)


async def filled(store: str) -> None:
    async with Orchestrator(store, workflows=[asked]) as orchestrator:
        for number in range(3):
            await orchestrator.start(asked, number, id=f"r{number}")
        await orchestrator.idle()


@pytest.fixture
def old(tmp_path: Path) -> str:
    store = f"sqlite:///{tmp_path / 'old.db'}"
    asyncio.run(filled(store))
    return store


@pytest.fixture
def new(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new.db'}"


def changed(store: str, statement: str) -> None:
    with closing(sqlite3.connect(store.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute(statement)


def inputs(store: str) -> list[str]:
    with side_of(store, "read") as side:
        return [text for (text,) in side.connection.execute("SELECT input FROM runs ORDER BY key").fetchall()]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE runs SET input = '7' WHERE key = NEW.key AND NEW.key = 2",
        "UPDATE runs SET created = created + 0.001 WHERE key = NEW.key AND NEW.key = 2",
        "DELETE FROM runs WHERE key = NEW.key AND NEW.key = 2",
        "UPDATE runs SET owner = 1 WHERE key = NEW.key AND NEW.key = 2",
    ],
)
def test_what_arrives_otherwise_than_it_was_refuses_the_move_and_leaves_both_as_they_were(
    damage: str, old: str, new: str
) -> None:
    open_store(new).close()
    changed(new, f"CREATE TRIGGER damage AFTER INSERT ON runs BEGIN {damage}; END")
    with pytest.raises(StoreError, match="table runs does not hold what was copied"):
        move_store(old, new)
    assert left(old) is None
    with side_of(new, "fill"):
        pass  # it is still empty
    asyncio.run(filled(old))


def test_what_was_copied_is_counted_and_hashed_whatever_its_order(old: str, new: str, tmp_path: Path) -> None:
    third = f"sqlite:///{tmp_path / 'third.db'}"
    with side_of(old, "read") as source, side_of(new, "fill") as target:
        once = copy_all(source, target, lambda _: None)
        target.commit()
    with side_of(new, "read") as source, side_of(third, "fill") as target:
        twice = copy_all(source, target, lambda _: None)
        target.commit()
    assert once == twice
    assert once["runs"].rows == 3
    assert once["waiting"].rows == 1
    changed(new, "UPDATE steps SET output = 'x' WHERE run = 1")
    with side_of(new, "read") as source, side_of(f"{third}2", "fill") as target:
        assert copy_all(source, target, lambda _: None)["steps"] != once["steps"]


def test_a_store_of_other_tables_is_refused(old: str, new: str) -> None:
    changed(old, "CREATE TABLE more (number INTEGER)")
    with pytest.raises(StoreError, match="table more is not the same"):
        move_store(old, new)


@pytest.mark.slow
@pytest.mark.versions
def test_a_nul_arrives_on_a_server_as_a_sign_but_in_a_name_it_stops_the_move(old: str, postgres_url: str) -> None:
    changed(old, "UPDATE reviews SET title = 'a' || char(0) || 'b' WHERE id = 2")
    changed(old, "UPDATE runs SET id = 'r' || char(0) WHERE key = 2")
    with pytest.raises(NotStorable, match=r"table runs, row 2 of it: id 'r\\x00': character 2 is NUL"):
        move_store(old, postgres_url)
    assert left(old) is None
    changed(old, "UPDATE runs SET id = 'r' WHERE key = 2")
    move_store(old, postgres_url)
    with closing(open_store(postgres_url)) as store:
        assert "a␀b" in {item.title for item in store.reviews(ReviewQuery())}


def test_a_move_that_is_refused_at_once_makes_nothing(
    new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = f"sqlite:///{tmp_path / 'sealed.db'}"
    with monkeypatch.context() as with_key:
        with_key.setenv("HANDRAIL_KEYS", new_key("spring"))
        asyncio.run(filled(sealed))
    with pytest.raises(StoreSealed):
        move_store(sealed, new)
    assert not (tmp_path / "new.db").exists()


@pytest.mark.slow
@pytest.mark.versions
def test_numbers_and_texts_at_their_limits_arrive_as_they_were(old: str, postgres_url: str, new: str) -> None:
    changed(old, "UPDATE runs SET input = 'ä\\ \"''\t\n%s ?' || char(0x1F600) WHERE key = 1")
    changed(old, "UPDATE runs SET claim = 9223372036854775807, created = 1.7976931348623157e308 WHERE key = 2")
    changed(old, "UPDATE runs SET created = 5e-324, deadline = 9e999, claim = -9223372036854775808 WHERE key = 3")
    changed(old, "INSERT INTO file_parts (file, part, bytes) VALUES (1, 1, x'00ff5c780a')")
    there = move_store(old, postgres_url)
    back = move_store(postgres_url, new)
    assert {name for name in there.tables if there.tables[name] != back.tables[name]} <= {"settings"}  # the marks


@pytest.mark.slow
@pytest.mark.versions
def test_sealed_values_are_moved_as_they_are_and_opened_there(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDRAIL_KEYS", f"spring:{base64.b64encode(bytes(range(32))).decode()}")
    old = f"sqlite:///{tmp_path / 'sealed.db'}"
    asyncio.run(filled(old))
    sealed = inputs(old)
    assert not {"0", "1", "2"} & set(sealed)
    move_store(old, postgres_url)
    assert inputs(postgres_url) == sealed

    async def look() -> list[str | None]:
        async with Client(postgres_url) as client:
            return [item.title for item in client.reviews()] + [client.run("r2").input]

    assert asyncio.run(look()) == ["0?", "1?", "2?", 2]


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("postgresql://ann:s3cret@host:5/db", "postgresql://ann@host:5/db"),
        ("postgresql://ann@host/db?password=s3cret&sslmode=require", "postgresql://ann@host/db?sslmode=require"),
        ("postgresql://host/db?options=-csearch_path%3Dx", "postgresql://host/db?options=-csearch_path%3Dx"),
        ("postgresql://ann:p%40ss@[::1]:5/db", "postgresql://ann@[::1]:5/db"),
    ],
)
def test_an_address_is_kept_without_its_password(address: str, kept: str) -> None:
    assert without_password(address) == kept


def test_a_store_is_not_moved_to_where_it_is_nor_one_that_is_not_there(old: str, new: str) -> None:
    with pytest.raises(Misuse, match="where it is already"):
        move_store(old, old)
    with pytest.raises(StoreNotFound):
        move_store(new, old)
    with pytest.raises(StoreError, match="in memory"):
        move_store("sqlite:///:memory:", new)
