"""A worker on a store in PostgreSQL: executes runs until SIGTERM, and writes down each body that it executed.

    postgres_worker.py STORE OUTBOX [LEASE [SKEW]]

SKEW is by how many seconds the clock of its machine is wrong. Its locks and bells are in a folder of its own (TMPDIR),
as on a machine of its own.
"""

import asyncio
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

STORE, OUTBOX = sys.argv[1:3]
LEASE = float(sys.argv[3]) if len(sys.argv) > 3 else 2.0
SKEW = float(sys.argv[4]) if len(sys.argv) > 4 else 0.0

_real = time.time
if SKEW:
    time.time = lambda: _real() + SKEW  # before anything takes a look at it

from handrail import Limit, Orchestrator, Run, Workflow, action, step_context, workflow  # noqa: E402 -- see above
from handrail.orchestrator import Settings  # noqa: E402
from handrail_orchestrator.cli.stopping import run_service  # noqa: E402


def note(what: str) -> None:
    with Path(OUTBOX).open("a", encoding="utf-8") as out:
        out.write(f"{step_context().idempotency_key} {what}\n")


@action
async def act(n: int) -> int:
    note(str(n))
    await asyncio.sleep(0.05)
    return n + 1


@action(limit="one at a time")
async def alone(n: int) -> int:
    note("enter")
    await asyncio.sleep(0.1)
    note("leave")
    return n


@workflow(version=1)
async def five(run: Run, n: int) -> int:
    for _ in range(5):
        n = await run.step(act, n)
    return n


@workflow(version=1)
async def asking(run: Run, n: int) -> int:
    return n if await run.ask("Go on?", bool) else -n


@workflow(version=1)
async def napping(run: Run, seconds: float) -> float:
    begun = await run.now()
    await run.sleep(timedelta(seconds=seconds))
    return ((await run.now()) - begun).total_seconds()


@workflow(version=1)
async def parent(run: Run, n: int) -> int:
    return await run.child(five, n, id=f"child-{n % 10}")


@workflow(version=1)
async def limited(run: Run, n: int) -> int:
    return await run.step(alone, n)


ALL: list[Workflow[Any, Any]] = [five, asking, napping, parent, limited]


async def main() -> None:
    settings = Settings(lease_seconds=LEASE, grace_seconds=0.5, concurrency=20, crash_limit=100)
    async with Orchestrator(
        STORE, workflows=ALL, settings=settings, limits={"one at a time": Limit(concurrent=1, shared=True)}
    ) as orchestrator:
        print("up", flush=True)
        await orchestrator.failed()


run_service(main())
