"""A process whose runs need a system; files beside the store say how that does.

``python needy.py STORE FOLDER RUNS``: ``FOLDER/up`` is there while the system is up; while ``FOLDER/hangs`` is, its
calls do not come back. Each call is a line of ``FOLDER/calls``: the process, and the run.
"""

import asyncio
import os
import sys
from pathlib import Path

from handrail import Orchestrator, Run, action, step_context, workflow
from handrail.orchestrator import Breaker, Settings

STORE, FOLDER, RUNS = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])


@action(system="crm")
async def call(n: int) -> int:
    file = os.open(FOLDER / "calls", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{os.getpid()} {step_context().run_id}\n".encode())
    os.close(file)
    while (FOLDER / "hangs").exists():  # noqa: ASYNC110 -- a test in another process ends it
        await asyncio.sleep(0.02)
    if not (FOLDER / "up").exists():
        raise ConnectionRefusedError("nobody there")
    return n


@workflow(version=1)
async def needs(run: Run, n: int) -> int:
    return await run.step(call, n)


async def main() -> None:
    systems = {"crm": Breaker(failures=3, probe_after_seconds=0.5, release_per_second=100)}
    settings = Settings(lease_seconds=1.0, crash_limit=100)
    async with Orchestrator(STORE, workflows=[needs], systems=systems, settings=settings) as orchestrator:
        await orchestrator.start_many(needs, [(f"r{n}", n) for n in range(RUNS)])
        print("started", flush=True)
        await orchestrator.failed()


if __name__ == "__main__":
    asyncio.run(main())
