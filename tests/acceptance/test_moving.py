"""A store that is moved: all of it arrives once, what waits goes on there, and the old one refuses after."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from handrail import Client, Orchestrator
from handrail_orchestrator.errors import StoreError, StoreInUse, StoreMoved, StoreNotFound
from handrail_orchestrator.moving import move_store
from handrail_orchestrator.store.copying import side_of
from handrail_orchestrator.store.moves import arrived, left
from tests.acceptance import move_flows
from tests.acceptance.move_flows import dawdling, event, payment
from tests.servers.temporal import TemporalAt

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120.0
FLOWS = [payment, event, dawdling]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(move_flows, "FOLDER", tmp_path)
    monkeypatch.setenv("HANDRAIL_SECRET", "a secret of tests, thirty-two bytes")


@pytest.fixture(params=["file to file", "file to server", "server to file"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Return the address of a store and where it is moved to."""
    files = [f"sqlite:///{tmp_path / name}" for name in ("old.db", "new.db")]
    match request.param:
        case "file to server":
            files[1] = str(request.getfixturevalue("postgres_url"))
        case "server to file":
            files[0] = str(request.getfixturevalue("postgres_url"))
    return files[0], files[1]


@pytest.fixture
def old(pair: tuple[str, str]) -> str:
    return pair[0]


@pytest.fixture
def new(pair: tuple[str, str]) -> str:
    return pair[1]


async def filled(store: str, runs: int = 6) -> None:
    """Leave runs in a store that ended, that wait for an event and that wait for a person, and one pruned question."""
    async with Orchestrator(store, workflows=FLOWS) as orchestrator:
        for number in range(runs):
            await orchestrator.start(payment, number, id=f"payment-{number}")
            await orchestrator.start(event, number, id=f"event-{number}")
        await orchestrator.idle()
        for item in orchestrator.reviews()[: runs // 2]:
            await orchestrator.decide(item.id, True, by="ann")
        await orchestrator.send("event-0", "go", "early")
        await orchestrator.idle()


async def finished(store: str, runs: int = 6) -> dict[str, object]:
    """End all that waits in a store, and return what each run came to."""
    async with Orchestrator(store, workflows=FLOWS) as orchestrator:
        for item in orchestrator.reviews():
            await orchestrator.decide(item.id, False, by="bob")
        for number in range(1, runs):
            await orchestrator.send(f"event-{number}", "go", "late")
        await orchestrator.idle()
        return {run.id: run.output for run in orchestrator.runs(limit=1000)}


def handrail(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "handrail", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


def is_empty_or_missing(url: str) -> bool:
    try:
        with side_of(url, "fill"):
            return True
    except StoreError:
        return False


def test_what_waits_goes_on_in_the_new_store_and_nothing_is_done_twice(old: str, new: str, tmp_path: Path) -> None:
    asyncio.run(filled(old))
    moved = handrail("migrate", old, new, "--json")
    assert moved.returncode == 0, moved.stderr
    told = json.loads(moved.stdout)
    assert told["tables"]["runs"]["rows"] == 12
    assert told["rows"] == sum(table["rows"] for table in told["tables"].values())
    outputs = asyncio.run(finished(new))
    payments = {f"payment-{number}" for number in range(6)}
    assert {outputs[each] for each in payments} == {"more", "no more"}
    assert outputs["event-0"] == "0 early"
    assert all(outputs[f"event-{number}"] == f"{number} late" for number in range(1, 6))
    did = (tmp_path / "did").read_text().split()
    assert sorted(did) == sorted(str(number) for number in range(6))
    verified = handrail("audit", "verify", "--store", new)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_keys_go_on_where_they_were_even_after_the_last_was_deleted(old: str, new: str) -> None:
    async def end_and_prune() -> int:
        await filled(old)
        async with Orchestrator(old, workflows=FLOWS) as orchestrator:
            for item in orchestrator.reviews():
                await orchestrator.decide(item.id, True, by="ann")
            await orchestrator.idle()
            return await orchestrator.prune(older_than=timedelta(0))

    async def ask_one(store: str) -> int:
        async with Orchestrator(store, workflows=FLOWS) as orchestrator:
            await orchestrator.start(payment, 99, id="another")
            await orchestrator.idle()
            return max(item.id for item in orchestrator.reviews())

    assert asyncio.run(end_and_prune())
    move_store(old, new)
    assert asyncio.run(ask_one(new)) == 7


def test_the_old_store_refuses_whoever_has_it_open_or_opens_it_and_says_where_to_go(old: str, new: str) -> None:
    asyncio.run(filled(old))

    async def meanwhile() -> None:
        async with Client(old) as client:
            assert await client.start("payment", 50, id="before")
            await asyncio.to_thread(move_store, old, new)
            with pytest.raises(StoreMoved, match="was moved to"):
                await client.start("payment", 51, id="after")
            assert client.run("before").status == "pending"  # it can be looked at

    asyncio.run(meanwhile())
    with pytest.raises(StoreMoved, match="was moved to"):
        asyncio.run(filled(old))
    refused = handrail("runs", "cancel", "before", "--store", old)
    assert refused.returncode == 2
    assert "was moved to" in refused.stderr
    assert handrail("runs", "list", "--store", old).returncode == 0
    assert "before" in asyncio.run(finished(new))


def test_a_second_run_says_that_it_is_done_and_a_third_address_is_refused(old: str, new: str, tmp_path: Path) -> None:
    asyncio.run(filled(old))
    assert not move_store(old, new).was_done
    again = handrail("migrate", old, new)
    assert again.returncode == 0, again.stderr
    assert "there is nothing to do" in again.stdout
    with pytest.raises(StoreMoved, match="was moved to"):
        move_store(old, f"sqlite:///{tmp_path / 'third.db'}")
    assert not (tmp_path / "third.db").exists()


def test_a_store_that_holds_something_is_never_filled(old: str, new: str) -> None:
    asyncio.run(filled(old))
    asyncio.run(filled(new, runs=1))
    with pytest.raises(StoreError, match="holds something already"):
        move_store(old, new)
    assert left(old) is None
    assert asyncio.run(finished(old))["event-5"] == "5 late"


def test_a_store_on_which_a_worker_lives_is_not_moved(old: str, new: str, tmp_path: Path) -> None:
    with Working(old, tmp_path):
        refused = handrail("migrate", old, new)
        assert refused.returncode == 2
        assert "--drain" in refused.stderr
        assert left(old) is None
    assert is_empty_or_missing(new)


def test_workers_that_died_hold_nothing_up_and_what_they_executed_goes_on(old: str, new: str, tmp_path: Path) -> None:
    with Working(old, tmp_path) as process:
        start_dawdling(old, 3)
        wait_for((tmp_path / "slow-3").exists)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert handrail("migrate", old, new).returncode == 0
    (tmp_path / "go").touch()
    assert asyncio.run(finished(new, runs=0))["dawdling-3"] == "paid 3"


def test_draining_lets_steps_end_and_workers_stop_after(old: str, new: str, tmp_path: Path) -> None:
    with Working(old, tmp_path) as process:
        start_dawdling(old, 4)
        wait_for((tmp_path / "slow-4").exists)
        command = [sys.executable, "-m", "handrail", "migrate", old, new, "--drain"]
        moving = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert moving.stderr is not None
        assert "1 runs that are being executed" in moving.stderr.readline()
        (tmp_path / "go").touch()
        _, errors = moving.communicate(timeout=PATIENCE_SECONDS)
        assert moving.returncode == 0, errors
        start_dawdling(new, 5)
        process.wait(PATIENCE_SECONDS)
        assert process.returncode != 0  # it cannot go on there, and says so
    assert "was moved to" in (tmp_path / "said").read_text(encoding="utf-8")
    assert asyncio.run(finished(new, runs=0)) == {"dawdling-4": "paid 4", "dawdling-5": "paid 5"}
    assert sorted((tmp_path / "did").read_text().split()) == ["4", "5"]


def test_a_drain_that_takes_too_long_is_given_up_and_all_goes_on(old: str, new: str, tmp_path: Path) -> None:
    with Working(old, tmp_path):
        start_dawdling(old, 6)
        wait_for((tmp_path / "slow-6").exists)
        with pytest.raises(StoreInUse, match="still executed"):
            move_store(old, new, drain=True, within=0.5)
        (tmp_path / "go").touch()
        start_dawdling(old, 7)
        wait_for(lambda: outputs_of(old).get("dawdling-7") == '"paid 7"')
    assert left(old) is None
    assert is_empty_or_missing(new)


@pytest.mark.slow
def test_killed_at_any_moment_it_leaves_all_in_one_place(old: str, new: str, tmp_path: Path) -> None:
    asyncio.run(filled(old, runs=40))
    chance = random.Random(13)
    broken = 0
    for longest in (0.1, *[1.2] * 11):  # the first is killed before even a quick machine is done
        process = subprocess.Popen(
            [sys.executable, "-m", "handrail", "migrate", old, new], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(chance.uniform(longest / 6, longest))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        move = left(old)
        if move is None:
            broken += 1
            assert is_empty_or_missing(new)
        elif arrived(new, move):
            break
    done = handrail("migrate", old, new)
    assert done.returncode == 0, done.stderr
    assert broken
    outputs = asyncio.run(finished(new, runs=40))
    assert len(outputs) == 80
    assert all(outputs.values())
    assert sorted((tmp_path / "did").read_text().split()) == sorted(str(number) for number in range(40))


KILLED_BETWEEN = """
import os, signal, sys
from contextlib import contextmanager
from handrail_orchestrator.moving import move_store
from handrail_orchestrator.store import moves

sides = moves.side_of

@contextmanager
def side_of(url, mode):
    with sides(url, mode) as side:
        if mode == "fill":
            side.commit = lambda: os.kill(os.getpid(), signal.SIGKILL)
        yield side

moves.side_of = side_of
move_store(sys.argv[1], sys.argv[2])
"""


def test_killed_between_the_two_commits_neither_can_be_written_until_a_second_run(old: str, new: str) -> None:
    asyncio.run(filled(old))
    killed = subprocess.run([sys.executable, "-c", KILLED_BETWEEN, old, new], check=False)
    assert killed.returncode == -signal.SIGKILL
    move = left(old)
    assert move is not None
    assert not arrived(new, move)
    with pytest.raises(StoreMoved):
        asyncio.run(filled(old))
    done = handrail("migrate", old, new)
    assert done.returncode == 0, done.stderr
    assert asyncio.run(finished(new))["event-5"] == "5 late"


@pytest.mark.slow
def test_a_store_is_drained_and_moved_while_two_workers_and_a_client_are_busy(
    old: str, new: str, tmp_path: Path
) -> None:
    (tmp_path / "go").touch()
    confirmed: list[int] = []

    async def start_until_it_is_gone() -> None:
        async with Client(old) as client:
            moving: asyncio.Future[subprocess.CompletedProcess[str]] | None = None
            while True:
                number = len(confirmed)
                try:
                    await client.start("dawdling", number, id=f"dawdling-{number}")
                except StoreMoved:
                    break
                confirmed.append(number)
                if number == 40:
                    moving = asyncio.ensure_future(asyncio.to_thread(handrail, "migrate", old, new, "--drain"))
            assert moving is not None
            done = await moving
            assert done.returncode == 0, done.stderr

    with Working(old, tmp_path), Working(old, tmp_path):
        asyncio.run(start_until_it_is_gone())
    with Working(new, tmp_path):
        wait_for(lambda: all(outputs_of(new).values()))
    assert outputs_of(new) == {f"dawdling-{number}": f'"paid {number}"' for number in confirmed}
    assert sorted(map(int, (tmp_path / "did").read_text().split())) == confirmed


def test_what_waits_goes_on_under_temporal_and_nothing_is_done_twice(
    temporal: TemporalAt, postgres_url: str, tmp_path: Path
) -> None:
    old = f"sqlite:///{tmp_path / 'old.db'}"
    asyncio.run(filled(old))
    move_store(old, postgres_url)

    async def decide() -> None:
        async with Client(postgres_url) as client:
            for item in client.reviews():
                await client.decide(item.id, False, by="bob")
            for number in range(1, 6):
                await client.send(f"event-{number}", "go", "late")

    with Working(postgres_url, tmp_path, "--engine", f"{temporal.url}?prefix={uuid4().hex[:8]}"):
        asyncio.run(decide())
        wait_for(lambda: all(outputs_of(postgres_url).values()))
    outputs = outputs_of(postgres_url)
    assert len(outputs) == 12
    assert {outputs[f"payment-{number}"] for number in range(6)} == {'"more"', '"no more"'}
    assert all(outputs[f"event-{number}"] == f'"{number} late"' for number in range(1, 6))
    assert sorted((tmp_path / "did").read_text().split()) == sorted(str(number) for number in range(6))


class Working:
    """A process that works on a store, for a block."""

    def __init__(self, store: str, folder: Path, *options: str) -> None:
        names = [f"tests.acceptance.move_flows:{flow.name}" for flow in FLOWS]
        self._store = store
        self._options = options
        command = [sys.executable, "-m", "handrail", "work", *names, "--store", store, *options]
        with (folder / "said").open("a", encoding="utf-8") as said:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, "MOVE_FOLDER": str(folder)}, stdout=said, stderr=said
            )

    def __enter__(self) -> "subprocess.Popen[bytes]":
        if "--engine" not in self._options:
            wait_for(self._is_signed_on)
        return self._process

    def _is_signed_on(self) -> bool:
        assert self._process.poll() is None
        try:
            with side_of(self._store, "read") as side:
                found = "workers" in side.tables() and side.connection.execute("SELECT 1 FROM workers").fetchone()
        except StoreNotFound:
            return False
        return bool(found)

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def start_dawdling(store: str, number: int) -> None:
    async def starting() -> None:
        async with Client(store) as client:
            await client.start("dawdling", number, id=f"dawdling-{number}")

    asyncio.run(starting())


def outputs_of(store: str) -> dict[str, str | None]:
    with side_of(store, "read") as side:
        return dict(side.connection.execute("SELECT id, output FROM runs").fetchall())


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)
