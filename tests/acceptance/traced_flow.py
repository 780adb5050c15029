"""A workflow that is executed by commands in processes of their own, and told of over the wire."""

import asyncio
import logging
import os
from pathlib import Path

from handrail import Run, action, step_context, workflow

MARKS = Path(os.environ.get("TRACED_MARKS", "."))
"""Where a step leaves a file while it is being executed, and looks for one that lets it end."""

_log = logging.getLogger("traced")


@action
async def slow(n: int) -> int:
    _log.warning("at it")
    (MARKS / f"begun-{step_context().attempt}-{os.getpid()}").touch()
    while not (MARKS / "go").exists():  # noqa: ASYNC110 -- another process says so
        await asyncio.sleep(0.05)
    return n + 1


@action
async def first(n: int) -> int:
    return n * 2


@workflow(version=1)
async def traced(run: Run, n: int) -> int:
    n = await run.step(first, n)
    n += await run.event("more", int)
    return await run.step(slow, n)
