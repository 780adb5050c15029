"""What code that was called leaves behind in the event loop and in threads: it has a little time, then nobody waits."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection

LEFT_BEHIND: Final[list[object]] = []
"""What did not end: only the end of the process ends it, which must be a quick one."""


def end_leftovers(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """End what is left in a loop whose work is over, so that closing it waits for nothing.

    Tasks are cancelled, generators closed and threads waited for. What goes on all the same is left to itself.
    """
    if loop.is_closed():
        return
    with suppress(SystemExit):  # of a task that ends like that: closing the loop looks after the others
        loop.run_until_complete(_ended(loop, seconds))


async def _ended(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    until = loop.time() + seconds
    await _cancelled_by(until)
    if await _end_by(until, {loop.create_task(loop.shutdown_asyncgens())}):
        await _cancelled_by(until)  # each generator has a task of its own
    if await _end_by(until, {loop.create_task(loop.shutdown_default_executor())}):
        loop.set_default_executor(ThreadPoolExecutor(1))  # closing the loop would wait for the threads of the other


async def _cancelled_by(until: float) -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await _end_by(until, tasks)


async def _end_by(until: float, tasks: "Collection[asyncio.Task[Any]]") -> bool:
    """Wait for tasks up to a time by the loop's clock; return whether one has to be left behind."""
    if not tasks:
        return False
    rest = max(until - asyncio.get_running_loop().time(), 0.1)
    _, left = await asyncio.wait(tasks, timeout=rest)
    for task in left:
        # kept alive and unknown to asyncio, which would wait for it for ever
        setattr(task, "_log_destroy_pending", False)  # noqa: B010 -- as asyncio.gather has it
        asyncio._unregister_task(task)  # noqa: SLF001 -- documented, for those who make tasks of their own
    LEFT_BEHIND.extend(left)
    return bool(left)
