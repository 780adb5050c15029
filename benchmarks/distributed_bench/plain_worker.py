"""A worker of plain Temporal, as a process: ``python -m distributed_bench.plain_worker HOST:PORT NAMESPACE QUEUE``."""

import asyncio
import signal
import sys

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from distributed_bench.plain import ACTIVITIES, WORKFLOWS


async def work(address: str, namespace: str, queue: str) -> None:
    """Work until SIGTERM. Without the sandbox, which would only make this side dearer."""
    client = await Client.connect(address, namespace=namespace)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Worker(
        client,
        task_queue=queue,
        workflows=list(WORKFLOWS),
        activities=list(ACTIVITIES),
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:4]))
