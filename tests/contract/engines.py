"""The engines that the contract is held to; a new one adds its factory to ``ENGINES``."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import uuid4

import pytest

from handrail import Orchestrator
from handrail_orchestrator.engine import Engine
from handrail_orchestrator.testing import FakeClock
from tests.contract import flows

MakeEngine = Callable[[pytest.FixtureRequest, FakeClock | None], AbstractAsyncContextManager[Engine]]
"""Makes one for a test, with what its fixtures give."""


@asynccontextmanager
async def on_a_file(request: pytest.FixtureRequest, clock: FakeClock | None) -> AsyncIterator[Engine]:
    folder = request.getfixturevalue("tmp_path")
    async with Orchestrator(f"sqlite:///{folder / 'runs.db'}", workflows=flows.ALL, clock=clock) as orchestrator:
        yield orchestrator


@asynccontextmanager
async def in_memory(_request: pytest.FixtureRequest, clock: FakeClock | None) -> AsyncIterator[Engine]:
    async with Orchestrator("sqlite:///:memory:", workflows=flows.ALL, clock=clock) as orchestrator:
        yield orchestrator


@asynccontextmanager
async def on_a_server(request: pytest.FixtureRequest, clock: FakeClock | None) -> AsyncIterator[Engine]:
    request.getfixturevalue("monkeypatch").setenv("HANDRAIL_SECRET", "the secret of a store on a server")
    store = request.getfixturevalue("postgres_store")
    async with Orchestrator(store, workflows=flows.ALL, clock=clock) as orchestrator:
        yield orchestrator


@asynccontextmanager
async def on_temporal(request: pytest.FixtureRequest, clock: FakeClock | None) -> AsyncIterator[Engine]:
    """Share one server among tests: each has queues and ids of its own."""
    store = f"sqlite:///{request.getfixturevalue('tmp_path') / 'runs.db'}"
    server = f"{request.getfixturevalue('temporal').url}?prefix={uuid4().hex[:8]}"
    async with Orchestrator(store, workflows=flows.ALL, clock=clock, engine=server) as orchestrator:
        yield orchestrator


ENGINES: dict[str, MakeEngine] = {
    "file": on_a_file,
    "memory": in_memory,
    "postgres": on_a_server,
    "temporal": on_temporal,
}
