"""How an address is shown and typed, never with a password, and which file it names, wherever one goes afterwards."""

import os
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Run, workflow
from handrail_orchestrator.errors import Misuse, StoreError, StoreNotFound
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.address_text import as_typed, shown
from tests.contract.stores import starting, wrote


@pytest.mark.parametrize(
    ("address", "without"),
    [
        ("postgresql://ann:secret@host:5432/db", "postgresql://ann@host:5432/db"),
        ("postgresql://ann@host/db?password=secret&sslmode=require", "postgresql://ann@host/db?sslmode=require"),
        ("postgresql://ann@host/db?sslmode=require&password=secret", "postgresql://ann@host/db?sslmode=require"),
        ("sqlite:///runs.db", "sqlite:///runs.db"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, without: str) -> None:
    assert shown(address) == without


def test_an_address_is_typed_as_a_shell_reads_it() -> None:
    assert (
        as_typed("postgresql://h/db?options=-csearch_path%3Da&x=1")
        == "'postgresql://h/db?options=-csearch_path%3Da&x=1'"
    )
    assert as_typed("sqlite:///runs.db") == "sqlite:///runs.db"


@pytest.mark.parametrize(
    "address", ["postgresq://host/db", "runs.db", "postgresql://host/db?optionz=1&password=secret"]
)
def test_what_is_no_address_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(Misuse, match="address") as refused:
        open_store(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("host", ["no..host", f"{'h' * 64}.example"])
def test_a_host_that_can_have_no_such_name_is_a_wrong_address(host: str) -> None:
    with pytest.raises(StoreError, match="correct what it says") as refused:
        open_store(f"postgresql://ann:secret@{host}/db")
    assert "secret" not in str(refused.value)


@workflow(version=1)
async def asking(run: Run, _: int) -> int:
    return await run.ask("How many?", int)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder beside the working directory, with a store of the same name that holds one run, ``theirs``."""
    monkeypatch.delenv("HANDRAIL_SECRET", raising=False)
    monkeypatch.chdir(tmp_path)
    (folder := tmp_path / "elsewhere").mkdir()
    with closing(open_store(f"sqlite:///{folder}/runs.db")) as store:
        wrote(store, starting("theirs"))
    return folder


def ids(address: str) -> list[str]:
    with closing(open_store(address, create=False, reading=True)) as store:
        return [row.id for row in store.runs()]


async def test_a_store_stays_where_it_was_opened_when_the_working_directory_changes(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Orchestrator("sqlite:///runs.db", workflows=[asking]) as orchestrator:
        await orchestrator.start(asking, 1, id="ours")
        await orchestrator.idle()
    async with Client("sqlite:///runs.db") as client:
        assert [run.id for run in client.runs()] == ["ours"]
        monkeypatch.chdir(elsewhere)
        await client.start("asking", 2, id="later")  # the first change, for which the file is opened anew
        assert client.stats()  # in a snapshot, on a connection of its own
        assert await client.decide(1, 5, by="ann")
        async with Client(client.store) as other:
            assert len(other.runs()) == 2
    assert ids("sqlite:///runs.db") == ["theirs"]
    assert sorted(ids("sqlite:///../runs.db")) == ["later", "ours"]


async def test_what_is_signed_in_another_working_directory_is_signed_by_the_secret_of_the_store(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Orchestrator("sqlite:///runs.db", workflows=[asking]) as orchestrator:
        for run in "ab":
            await orchestrator.start(asking, 1, id=run)
        await orchestrator.idle()
        monkeypatch.chdir(elsewhere)
        await orchestrator.decide(1, 5, by="ann")
        await orchestrator.idle()
        assert await orchestrator.prune(older_than=timedelta(microseconds=1)) == 1
    assert not (elsewhere / "runs.db.key").exists()
    assert (elsewhere.parent / "runs.db.key").exists()


def test_a_way_up_from_a_folder_that_is_missing_names_no_file(elsewhere: Path) -> None:
    for create, reading in ((True, False), (True, True), (False, False), (False, True)):
        with pytest.raises(StoreError, match="check"):
            open_store("sqlite:///missing/../runs.db", create=create, reading=reading)
    assert [*elsewhere.parent.iterdir()] == [elsewhere]


def test_a_way_up_from_a_link_names_the_file_that_the_system_names(elsewhere: Path) -> None:
    (elsewhere / "sub").mkdir()
    (elsewhere.parent / "link").symlink_to(elsewhere / "sub")
    assert ids("sqlite:///link/../runs.db") == ["theirs"]
    with closing(open_store("sqlite:///link/../runs.db")) as store:
        wrote(store, starting("more"))
        assert ids("sqlite:///elsewhere/runs.db") == ["theirs", "more"]
        assert store.url == f"sqlite:///{elsewhere}/runs.db"
    assert not (elsewhere.parent / "runs.db").exists()


@pytest.mark.parametrize("name", ["file:runs.db", "file:runs.db?mode=memory", "a b?c#d%20.db", "käse ✓.db", "-x.db"])
async def test_a_file_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    async with Orchestrator(f"sqlite:///{name}", workflows=[asking]) as orchestrator:
        await orchestrator.start(asking, 1, id="a")
        await orchestrator.idle()
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert ids(f"sqlite:///{name}") == ["a"]


def test_a_name_with_a_nul_is_no_address() -> None:
    with pytest.raises(Misuse, match="NUL"):
        open_store("sqlite:///a\0b.db")


@pytest.mark.parametrize("reading", [False, True])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", "it is a folder"),
        ("pipe", "a device or a pipe"),
        ("dangling", "a link to something"),
        ("loop", "a link"),
    ],
)
def test_what_is_no_file_is_called_what_it_is(tmp_path: Path, name: str, said: str, *, reading: bool) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere" / "runs.db")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(StoreError) as refused:
        open_store(f"sqlite:///{tmp_path}/{name}", create=not reading, reading=reading)
    if name in {"folder", "pipe"} or not reading:
        assert said in str(refused.value)
    else:
        assert isinstance(refused.value, StoreNotFound)
