"""The workflow that drives a run, executed by a real server: no ring is lost, however it falls."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Replayer, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from handrail_orchestrator.temporal.driver import ADVANCE, DRIVE, Advanced, Errand, RunDriver
from tests.servers.temporal import DevServer

pytestmark = pytest.mark.slow

Step = Callable[["Driven", int], Advanced]


class Driven:
    """One run behind a server; what becomes of it each time it is executed is the test's."""

    def __init__(self, client: Client, step: Step) -> None:
        self.client = client
        self.name = uuid4().hex[:8]
        self.advanced = 0
        self._step = step

    async def ring(self) -> None:
        """Ring for it, as workers do."""
        await self.client.start_workflow(
            DRIVE, Errand("a", 10.0), id=self.name, task_queue=self.name, start_signal="ring"
        )

    async def drive(self) -> "WorkflowHandle[object, object]":
        """Start it, and return what waits for its end."""
        await self.ring()
        return self.client.get_workflow_handle(self.name)

    def worker(self, *, place: str | None = None) -> Worker:
        @activity.defn(name=ADVANCE)
        async def advance(_errand: Errand) -> Advanced:
            self.advanced += 1
            if self.advanced in self.ring_during:
                await self.ring()
            return self._step(self, self.advanced)

        queue = self.name if place is None else f"{self.name}@{place}"
        workflows = [RunDriver] if place is None else []
        return Worker(self.client, task_queue=queue, workflows=workflows, activities=[advance])

    ring_during: frozenset[int] = frozenset()
    """The executions during which something comes for the run."""


@pytest.fixture(scope="module")
def server() -> Iterator[DevServer]:
    """Start one that wants histories to be short."""
    made = DevServer(options=("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=20"))
    made.start()
    yield made
    made.remove()


@pytest.fixture
async def client(server: DevServer) -> AsyncIterator[Client]:
    connected = await Client.connect(server.address)
    yield connected
    del connected
    gc.collect()
    await asyncio.sleep(0.2)  # a process that ends while the SDK is at work crashes


async def test_what_comes_while_the_run_is_executed_has_it_executed_once_more(client: Client) -> None:
    driven = Driven(client, lambda _, times: Advanced("waiting" if times < 3 else "completed"))
    driven.ring_during = frozenset({1, 2})
    async with driven.worker():
        handle = await driven.drive()
        assert await handle.result() == "completed"
    assert driven.advanced == 3


async def test_what_comes_as_the_run_ends_has_it_looked_at_once_more(client: Client) -> None:
    driven = Driven(client, lambda *_: Advanced("completed"))
    driven.ring_during = frozenset({1})
    async with driven.worker():
        handle = await driven.drive()
        assert await handle.result() == "completed"
    assert driven.advanced == 2


async def test_a_run_goes_on_by_itself_when_it_is_due(client: Client) -> None:
    driven = Driven(client, lambda _, times: Advanced("waiting", 0.05) if times < 4 else Advanced("failed"))
    async with driven.worker():
        assert await (await driven.drive()).result() == "failed"
    assert driven.advanced == 4


async def test_a_long_life_is_continued_anew_and_no_ring_is_lost(client: Client) -> None:
    driven = Driven(client, lambda _, times: Advanced("waiting") if times < 30 else Advanced("completed"))
    driven.ring_during = frozenset(range(0, 30, 3))
    async with driven.worker():
        handle = await driven.drive()
        while driven.advanced < 30:
            seen = driven.advanced
            await driven.ring()
            async with asyncio.timeout(60):
                while driven.advanced == seen:  # noqa: ASYNC110 -- what a server does has no event here
                    await asyncio.sleep(0.01)
        assert await handle.result() == "completed"
        description = await client.get_workflow_handle(driven.name).describe()
    assert description.history_length < 60
    assert description.raw_description.workflow_execution_info.first_run_id != description.run_id


async def test_a_run_goes_to_the_workers_of_a_queue_and_comes_back(client: Client) -> None:
    stands = [Advanced("waiting", 0.0, "gpu"), Advanced("waiting", 0.0), Advanced("completed")]
    driven = Driven(client, lambda _, times: stands[times - 1])
    async with driven.worker():
        handle = await driven.drive()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(handle.result(), 1.0)
        assert driven.advanced == 1
        async with driven.worker(place="gpu"):
            assert await handle.result() == "completed"
    assert driven.advanced == 3


async def test_the_driver_needs_nothing_that_the_sandbox_forbids(client: Client) -> None:
    driven = Driven(client, lambda _, times: Advanced("waiting", 0.01) if times < 3 else Advanced("completed"))
    async with driven.worker():
        handle = await driven.drive()
        await handle.result()
        history = await client.get_workflow_handle(driven.name).fetch_history()
    replayer = Replayer(workflows=[RunDriver], workflow_runner=SandboxedWorkflowRunner())
    await replayer.replay_workflow(history)
