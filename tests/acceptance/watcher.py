"""A process that watches a folder and executes what it starts, until it is killed, stopped or has nothing left.

``python watcher.py STORE INBOX [until-idle]``
"""

import asyncio
import sys
from pathlib import Path

from handrail import File, Orchestrator, Run, action, step_context, workflow
from handrail.orchestrator import Settings, folder

STORE, INBOX = sys.argv[1], Path(sys.argv[2])


@action
async def text_of(file: File) -> str:
    await asyncio.sleep(0.002)
    return step_context().read_file(file)[:40].decode()


@workflow(version=1)
async def register(run: Run, file: File) -> str:
    return await run.step(text_of, file)


async def main() -> None:
    inbox = folder(INBOX, "*.txt", workflow=register, settle_seconds=0.05, poll_seconds=0.02)
    settings = Settings(lease_seconds=2.0, crash_limit=1_000)
    async with Orchestrator(STORE, workflows=[register], settings=settings, triggers=[inbox]) as orchestrator:
        print("watching", flush=True)
        if sys.argv[3:]:
            await inbox.emptied()
            await orchestrator.idle()
            print("idle", flush=True)
        else:
            await orchestrator.failed()


if __name__ == "__main__":
    asyncio.run(main())
