"""What people are told is put into the outbox with its cause, both or neither."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from handrail_orchestrator.client import Client
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.outbox import NOTICE_KINDS, DeclareNotices, Notice, Tell


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def outbox(file: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(file) as connection:
        return connection.execute("SELECT kind, key FROM notices ORDER BY id").fetchall()


def test_what_nobody_wants_to_know_is_not_kept(file: Path) -> None:
    store = open_store(f"sqlite:///{file}")
    notice = Notice("breaker", "breaker:crm:1", "crm is down", 1.0)
    assert store.apply([Tell(notice)]) == [False]
    store.apply([DeclareNotices(("failure",), 80, 0.8)])
    assert store.apply([Tell(notice)]) == [False]
    store.apply([DeclareNotices(NOTICE_KINDS, 80, 0.8)])
    assert store.apply([Tell(notice), Tell(notice)]) == [True, False]
    assert outbox(file) == [("breaker", "breaker:crm:1")]
    store.close()


async def test_chores_that_are_given_are_done_inside_the_block(file: Path) -> None:
    done = asyncio.Event()

    class Noting:
        name = "noting"
        every_seconds = 0.0

        def __init__(self, client: Client) -> None:
            self.client = client

        async def do(self) -> None:
            self.client.health()
            done.set()

    async with Orchestrator(f"sqlite:///{file}", workflows=[], chores=[Noting]):
        await asyncio.wait_for(done.wait(), 60)
