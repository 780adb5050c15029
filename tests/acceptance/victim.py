"""A process that executes runs until it is killed.

``python victim.py STORE OUTBOX RUNS [SECONDS A STEP [CRASH LIMIT [LEASE]]]``
"""

import asyncio
import os
import random
import sys
from pathlib import Path

from handrail import Orchestrator, Run, action, step_context, workflow
from handrail.orchestrator import Settings

STORE, OUTBOX, RUNS = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
PAUSE = float(sys.argv[4]) if len(sys.argv) > 4 else 0.002
CRASH_LIMIT = int(sys.argv[5]) if len(sys.argv) > 5 else 100
LEASE = float(sys.argv[6]) if len(sys.argv) > 6 else 2.0


@action
async def act(n: int) -> int:
    key = step_context().idempotency_key
    line = f"{key} {n}\n".encode()
    file = os.open(OUTBOX, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line)
    os.close(file)
    await asyncio.sleep(random.random() * PAUSE)
    return n + 1


@workflow(version=1)
async def five(run: Run, n: int) -> int:
    for _ in range(5):
        n = await run.step(act, n)
    return n


async def main() -> None:
    settings = Settings(concurrency=50, lease_seconds=LEASE, crash_limit=CRASH_LIMIT)
    async with Orchestrator(STORE, workflows=[five], settings=settings) as orchestrator:
        await orchestrator.start_many(five, [(f"r{n}", n) for n in range(RUNS)])
        print("started", flush=True)
        await orchestrator.idle()
        print("idle", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
