"""New runs begin where Temporal is told of them, and those that it knows are rung; a real server."""

import asyncio
import gc
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from handrail import Orchestrator
from handrail_orchestrator.temporal.driver import DRIVE, Errand
from tests.contract import flows
from tests.servers.temporal import TemporalAt

pytestmark = pytest.mark.slow


async def events(handle: "WorkflowHandle[object, object]") -> list[str]:
    """Return the kinds of events in a history."""
    return [
        EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") async for event in handle.fetch_history_events()
    ]


async def let_go() -> None:
    """Give the SDK time to end its threads: a process that ends before crashes."""
    gc.collect()
    await asyncio.sleep(0.2)


async def test_a_new_run_is_started_and_a_waiting_one_is_rung(tmp_path: Path, temporal: TemporalAt) -> None:
    prefix = uuid4().hex[:8]
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    client = await Client.connect(temporal.address)
    async with Orchestrator(store, workflows=flows.ALL, engine=f"{temporal.url}?prefix={prefix}") as orchestrator:
        assert await (await orchestrator.start(flows.add, 1, id="new")).result() is not None
        assert "WORKFLOW_EXECUTION_SIGNALED" not in await events(client.get_workflow_handle(f"{prefix}/new"))
    del client
    await let_go()


async def test_one_that_was_told_of_before_is_rung(tmp_path: Path, temporal: TemporalAt) -> None:
    """Whoever told of it may have died before it was executed, and Temporal has it already."""
    prefix = uuid4().hex[:8]
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    client = await Client.connect(temporal.address)
    told = await client.start_workflow(DRIVE, Errand("told", 10.0), id=f"{prefix}/told", task_queue="nobody's")
    async with Orchestrator(store, workflows=flows.ALL, engine=f"{temporal.url}?prefix={prefix}") as orchestrator:
        await orchestrator.start(flows.add, 1, id="told")
        async with asyncio.timeout(60):
            while "WORKFLOW_EXECUTION_SIGNALED" not in await events(told):  # noqa: ASYNC110 -- of another process
                await asyncio.sleep(0.05)
    await told.terminate()
    del client, told
    await let_go()
