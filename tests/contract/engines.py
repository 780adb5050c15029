"""The engines that the contract is held to; a new one adds its factory to ``ENGINES``."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from handrail import Orchestrator
from handrail_orchestrator.engine import Engine
from handrail_orchestrator.testing import FakeClock
from tests.contract import flows

MakeEngine = Callable[[Path, FakeClock | None], AbstractAsyncContextManager[Engine]]


@asynccontextmanager
async def on_a_file(folder: Path, clock: FakeClock | None) -> AsyncIterator[Engine]:
    async with Orchestrator(f"sqlite:///{folder / 'runs.db'}", workflows=flows.ALL, clock=clock) as orchestrator:
        yield orchestrator


@asynccontextmanager
async def in_memory(_folder: Path, clock: FakeClock | None) -> AsyncIterator[Engine]:
    async with Orchestrator("sqlite:///:memory:", workflows=flows.ALL, clock=clock) as orchestrator:
        yield orchestrator


ENGINES: dict[str, MakeEngine] = {"file": on_a_file, "memory": in_memory}
