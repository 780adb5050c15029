"""A commit whose answer is lost is neither lost nor made twice, whether the server had it or not."""

import asyncio
import random
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from handrail import Orchestrator, Run, action, workflow
from handrail.orchestrator import Settings
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.changes import Send
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.starts import StartRun
from tests.servers.proxy import CuttingProxy

NOW = 1_000.0


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_SECRET", "the secret of a store on a server")


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[CuttingProxy]:
    port = urlsplit(postgres_url).port
    assert port is not None
    with CuttingProxy(port) as made:
        yield made


@pytest.fixture
def proxied(postgres_url: str, proxy: CuttingProxy) -> str:
    parts = urlsplit(postgres_url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{proxy.port}"))


@pytest.fixture
def store(proxied: str) -> Iterator[Store]:
    made = open_store(proxied)
    yield made
    made.close()


def sent(store: Store) -> list[tuple[int, str | None]]:
    run = store.run("a")
    assert run is not None
    return [(event.number, event.payload) for event in store.history(run.key).events]


@pytest.mark.parametrize("loses", ["answer", "commit", "either"])
def test_what_was_sent_is_recorded_once_when_connections_end_at_the_commit(
    store: Store, proxy: CuttingProxy, loses: str
) -> None:
    store.apply([StartRun("a", "add", 1, "1", "code", NOW)])
    chance = random.Random(13)
    if loses != "commit":
        proxy.loses_answer = lambda: chance.random() < 0.4
    if loses != "answer":
        proxy.loses_commit = lambda: chance.random() < 0.3
    for number in range(40):
        assert store.apply([Send("a", "go", str(number), NOW)]) == [True]
    proxy.loses_answer = proxy.loses_commit = lambda: False
    assert proxy.lost > 5
    assert sent(store) == [(number + 1, str(number)) for number in range(40)]


def test_a_commit_that_arrives_after_it_was_asked_for_is_none(
    store: Store, postgres_url: str, proxy: CuttingProxy
) -> None:
    """The server may read the last message of a lost connection late, when the change has been made again."""
    store.apply([StartRun("a", "add", 1, "1", "code", NOW)])
    proxy.late = late = threading.Event()
    sending = threading.Thread(target=store.apply, args=([Send("a", "go", "1", NOW)],))
    sending.start()
    with psycopg.connect(postgres_url, autocommit=True) as server:
        while server.execute("SELECT 1 FROM handrail_commits WHERE number < 0").fetchone() is None:
            time.sleep(0.02)
    late.set()
    sending.join()
    assert sent(store) == [(1, "1")]


@action
async def more(n: int) -> int:
    return n + 1


@workflow(version=1)
async def five(run: Run, n: int) -> int:
    for _ in range(5):
        n = await run.step(more, n)
    return n


async def test_all_runs_end_when_answers_to_commits_are_lost(proxied: str, proxy: CuttingProxy) -> None:
    chance = random.Random(14)
    settings = Settings(concurrency=10, lease_seconds=30)
    async with Orchestrator(proxied, workflows=[five], settings=settings) as orchestrator:
        proxy.loses_answer = lambda: chance.random() < 0.1
        proxy.loses_commit = lambda: chance.random() < 0.05
        handles = [await orchestrator.start(five, number, id=f"r{number}") for number in range(40)]
        async with asyncio.timeout(300):
            results = [await handle.result() for handle in handles]
        proxy.loses_answer = proxy.loses_commit = lambda: False
        assert results == [number + 5 for number in range(40)]
        assert proxy.lost > 5
        for number in range(40):
            outputs = [step.output for step in orchestrator.steps(f"r{number}")]
            assert outputs == [number + step for step in range(1, 6)]


async def test_all_runs_end_when_connections_end_in_the_middle_of_what_is_sent_together(
    proxied: str, proxy: CuttingProxy
) -> None:
    chance = random.Random(15)
    settings = Settings(concurrency=20, lease_seconds=30)
    async with Orchestrator(proxied, workflows=[five], settings=settings) as orchestrator:
        proxy.halves = lambda data: len(data) > 500 and chance.random() < 0.4
        handles = await asyncio.gather(*(orchestrator.start(five, number, id=f"r{number}") for number in range(40)))
        async with asyncio.timeout(300):
            results = [await handle.result() for handle in handles]
        proxy.halves = lambda _: False
        assert results == [number + 5 for number in range(40)]
        assert proxy.halved > 1
        for number in range(40):
            outputs = [step.output for step in orchestrator.steps(f"r{number}")]
            assert outputs == [number + step for step in range(1, 6)]
