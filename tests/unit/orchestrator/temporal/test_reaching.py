"""Servers that cannot be used: said in our words, and nothing is left behind."""

import socket
from pathlib import Path

import pytest

from handrail import Orchestrator
from handrail_orchestrator.store.sqlite import SqliteStore
from handrail_orchestrator.temporal.errors import NamespaceNotFound, TemporalNotReached
from tests.contract import flows
from tests.servers.temporal import TemporalAt

pytestmark = pytest.mark.slow


async def refused(folder: Path, engine: str) -> None:
    async with Orchestrator(f"sqlite:///{folder / 'runs.db'}", workflows=flows.ALL, engine=engine):
        pytest.fail("it was entered")


def nobody_is_signed_on(folder: Path) -> bool:
    store = SqliteStore(str(folder / "runs.db"))
    try:
        return not store.workers()
    finally:
        store.close()


async def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TemporalNotReached, match=f"no Temporal server answers at 127.0.0.1:{port}"):
        await refused(tmp_path, f"temporal://127.0.0.1:{port}/default")
    assert nobody_is_signed_on(tmp_path)


async def test_a_namespace_that_is_not_there_says_how_to_make_it(tmp_path: Path, temporal: TemporalAt) -> None:
    with pytest.raises(NamespaceNotFound, match="temporal operator namespace create --namespace nobodys"):
        await refused(tmp_path, f"temporal://{temporal.address}/nobodys")
    assert nobody_is_signed_on(tmp_path)
