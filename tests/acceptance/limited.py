"""A process whose bodies share a limit with others: ``python limited.py STORE FOLDER RUNS [HANG]``.

Each body appends when it began and when it ended to ``FOLDER/log``; with HANG they do not end.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from handrail import Limit, Orchestrator, Run, action, workflow
from handrail.orchestrator import Limited, Settings

STORE, FOLDER, RUNS, HANGS = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), len(sys.argv) > 4


def log(what: str, n: int) -> None:
    file = os.open(FOLDER / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{what} {os.getpid()} {n} {time.time()}\n".encode())
    os.close(file)


def customer(n: int) -> int:
    return n % 2


@action(limit=Limited("crm", key=customer))
async def call(n: int) -> int:
    log("+", n)
    while HANGS:  # noqa: ASYNC110 -- until it is killed
        await asyncio.sleep(60)
    await asyncio.sleep(0.01)
    log("-", n)
    return n


@action(limit="mail")
async def mail(n: int) -> int:
    log("m", n)
    return n


@workflow(version=1)
async def calls(run: Run, n: int) -> int:
    return await run.step(mail, await run.step(call, n))


async def main() -> None:
    limits = {"crm": Limit(concurrent=2, shared=True), "mail": Limit(per_second=50, shared=True)}
    settings = Settings(lease_seconds=1.0, crash_limit=100)
    async with Orchestrator(STORE, workflows=[calls], limits=limits, settings=settings) as orchestrator:
        await orchestrator.start_many(calls, [(f"r{n}", n) for n in range(RUNS)])
        print("started", flush=True)
        await orchestrator.idle()
        print("idle", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
