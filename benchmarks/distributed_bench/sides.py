"""The two sides, with the same load: starts runs, waits for their end, answers what they ask."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol

from temporalio.client import Client as TemporalClient
from temporalio.client import WorkflowExecutionStatus

from distributed_bench.flows import STEPS
from distributed_bench.plain import PlainAsking, PlainTrivial
from distributed_bench.servers import PLAIN_QUEUE, Servers, handrail_worker, plain_worker
from handrail import Client
from handrail.orchestrator import ReviewQuery
from tests.servers.temporal import NAMESPACE

AT_ONCE = 50
"""Starts under way at the same time."""
LOOK_SECONDS = 0.25
"""How often it is asked whether all have ended: seldom, since asking costs the database something."""
BEGINS_SECONDS = 120.0
PATIENCE_SECONDS = 1_800.0

_numbers = itertools.count(1)


class Compared(Protocol):
    """One side."""

    name: str

    def worker(self, folder: Path) -> AbstractContextManager[int]:
        """Run a worker; gives its process."""
        ...

    async def check(self, count: int) -> None:
        """Hold some results against what they must be; not while anything is measured."""
        ...

    async def trivial(self, count: int) -> float:
        """Run five trivial steps so often; return the seconds from the first start to the last end."""
        ...

    async def settled(self) -> None:
        """Wait until the server has nothing more to do for runs that have ended; what it does then counts, too."""
        ...

    async def ask(self, count: int) -> Sequence[str]:
        """Start so many runs that ask, and wait until all of them wait; return their ids."""
        ...

    async def decide(self, run: str) -> float:
        """Answer what a run asks, and return the seconds from before the answer to the end of the run."""
        ...


class PlainSide:
    """Workflows and activities by hand."""

    name = "plain Temporal"

    def __init__(self, at: Servers, client: TemporalClient) -> None:
        self._at = at
        self._client = client

    @property
    def temporal(self) -> TemporalClient:
        """Return the client."""
        return self._client

    @classmethod
    async def connect(cls, at: Servers) -> "PlainSide":
        """Connect the client, as a program that starts workflows does."""
        return cls(at, await TemporalClient.connect(at.temporal.address, namespace=NAMESPACE))

    def worker(self, folder: Path) -> AbstractContextManager[int]:
        """Run a worker; gives its process."""
        return plain_worker(self._at, folder)

    async def trivial(self, count: int) -> float:
        """Start them, and look now and then whether all have ended; when the last one did, the server knows.

        Waiting for each result on a line of its own would cost the server more.
        """
        batch = f"plain-{next(_numbers)}-"
        began = time.time()

        async def one(number: int) -> None:
            await self._client.start_workflow(PlainTrivial.run, number, id=f"{batch}{number}", task_queue=PLAIN_QUEUE)

        await _at_once([partial(one, number) for number in range(count)])
        completed = f"WorkflowId STARTS_WITH '{batch}' AND ExecutionStatus = 'Completed'"
        end = time.monotonic() + PATIENCE_SECONDS
        while (await self._client.count_workflows(completed)).count < count:
            if time.monotonic() > end:
                raise TimeoutError(f"runs of {batch} do not end")
            await asyncio.sleep(LOOK_SECONDS)
        ends = [each.close_time async for each in self._client.list_workflows(completed)]
        return max(each.timestamp() for each in ends if each is not None) - began

    async def settled(self) -> None:
        """Do nothing: a run has ended when the server says so."""

    async def check(self, count: int) -> None:
        """Hold some results against what they must be; not while anything is measured.

        Raises:
            RuntimeError: one is wrong.
        """
        for number in range(count):
            run = f"plain-check-{next(_numbers)}"
            result = await self._client.execute_workflow(PlainTrivial.run, number, id=run, task_queue=PLAIN_QUEUE)
            if result != number + STEPS:
                raise RuntimeError(f"{run} ended with {result}")

    async def ask(self, count: int) -> Sequence[str]:
        """Start them, and wait until each has taken its first step."""
        runs = [f"plain-{next(_numbers)}" for _ in range(count)]

        async def one(run: str) -> None:
            handle = await self._client.start_workflow(PlainAsking.run, 1, id=run, task_queue=PLAIN_QUEUE)
            while (await handle.describe()).history_length < WAITING_EVENTS:  # noqa: ASYNC110 -- of another process
                await asyncio.sleep(LOOK_SECONDS)

        await _at_once([partial(one, run) for run in runs])
        return runs

    async def decide(self, run: str) -> float:
        """Signal it; it has ended when the server says so."""
        handle = self._client.get_workflow_handle(run)
        began = time.time()
        await handle.signal(PlainAsking.decide, arg=True)
        await handle.result()
        told = await handle.describe()
        if told.status != WorkflowExecutionStatus.COMPLETED or told.close_time is None:
            raise RuntimeError(f"{run} did not complete")
        return told.close_time.timestamp() - began


WAITING_EVENTS = 10
"""Of a run's history when it has taken its first step and waits: start, task (3), activity (3), task (3)."""


class HandrailSide:
    """Handrail on Temporal and PostgreSQL."""

    name = "Handrail on Temporal"

    def __init__(self, at: Servers, store: str, client: Client, temporal: TemporalClient) -> None:
        self._at = at
        self._store = store
        self._client = client
        self._temporal = temporal

    def worker(self, folder: Path, *options: str) -> AbstractContextManager[int]:
        """Run a worker; gives its process."""
        return handrail_worker(self._at, self._store, folder, *options)

    async def trivial(self, count: int) -> float:
        """Start them, and look now and then whether all have ended; when the last one did is on record."""
        return await self.run("trivial", count)

    async def check(self, count: int) -> None:
        """Hold some results against what they must be; not while anything is measured.

        Raises:
            RuntimeError: one is wrong.
        """
        for run in await self._ended("trivial", count):
            if (output := self._client.run(run).output) != 1 + STEPS:
                raise RuntimeError(f"{run} ended with {output}")

    async def settled(self) -> None:
        """Wait until the server knows that all have ended: the store knows it a moment before."""
        end = time.monotonic() + PATIENCE_SECONDS
        while (await self._temporal.count_workflows("ExecutionStatus = 'Running'")).count:
            if time.monotonic() > end:
                raise TimeoutError("runs that have ended stay open in the server")
            await asyncio.sleep(LOOK_SECONDS)

    async def run(self, workflow: str, count: int) -> float:
        """Run a workflow so often; return the seconds from before the first start to the last end."""
        began = time.time()
        runs = await self._ended(workflow, count)
        ended = max(self._client.run(run).ended or began for run in runs)
        return ended - began

    async def decide_all(self, runs: Sequence[str], told: Callable[[int], None]) -> float:
        """Answer what all of them ask, as fast as may be; return the seconds until the last one has ended.

        ``told`` is told now and then how many have ended.
        """
        asked = {run: self._client.reviews(ReviewQuery(run_id=run))[0].id for run in runs}
        began = time.time()

        async def one(run: str) -> None:
            await self._client.decide(asked[run], True, by="ann")

        answering = asyncio.create_task(_at_once([partial(one, run) for run in runs]))
        await self._until(runs, "completed", told)
        await answering
        return max(self._client.run(run).ended or began for run in runs) - began

    async def ask(self, count: int, told: Callable[[int], None] = lambda _: None) -> Sequence[str]:
        """Start them, and wait until all wait for a person; ``told`` is told now and then how many do."""
        runs = await self._start("asking", count)
        await self._until(runs, "waiting", told)
        return runs

    async def decide(self, run: str) -> float:
        """Answer it; when it ended is on record."""
        (item,) = self._client.reviews(ReviewQuery(run_id=run))
        began = time.time()
        await self._client.decide(item.id, True, by="ann")
        while (record := self._client.run(run)).ended is None:  # noqa: ASYNC110 -- of another process
            await asyncio.sleep(0.01)
        return record.ended - began

    async def _ended(self, workflow: str, count: int) -> Sequence[str]:
        runs = await self._start(workflow, count)
        await self._until(runs, "completed")
        return runs

    async def _start(self, workflow: str, count: int) -> Sequence[str]:
        async with asyncio.timeout(BEGINS_SECONDS):
            while workflow not in self._client.workflow_names():  # noqa: ASYNC110 -- the worker tells it, as it begins
                await asyncio.sleep(LOOK_SECONDS)
        runs = [f"handrail-{next(_numbers)}" for _ in range(count)]

        async def one(run: str) -> None:
            await self._client.start(workflow, 1, id=run)

        await _at_once([partial(one, run) for run in runs])
        return runs

    async def _until(self, runs: Sequence[str], status: str, told: Callable[[int], None] = lambda _: None) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        ahead = list(runs)
        while ahead:
            while ahead and self._client.run(ahead[-1]).status == status:
                ahead.pop()
            if ahead:
                if time.monotonic() > end:
                    raise TimeoutError(f"{ahead[-1]} is {self._client.run(ahead[-1]).status}, not {status}")
                told(len(runs) - len(ahead))
                await asyncio.sleep(LOOK_SECONDS)


async def _at_once(jobs: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Do them all, so many at the same time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(job: Callable[[], Awaitable[None]]) -> None:
        async with gate:
            await job()

    await asyncio.gather(*(one(job) for job in jobs))
