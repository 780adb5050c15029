"""A call that blocks, in a thread of its own which nobody waits for at the end of the process."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from handrail_ground.errors import told_in_thread

T = TypeVar("T")


async def in_thread(function: Callable[[], T], *, name: str) -> T:
    """Call in a thread and return the result; one that hangs is left behind when this is cancelled."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # without an error it is what the function returned

    def call() -> None:
        result: T | None = None
        problem: BaseException | None = None
        try:
            result = function()
        except StopIteration as error:  # a future cannot hold one, and whoever awaits it would wait for ever
            problem = RuntimeError(told_in_thread(error))
            problem.__cause__ = error
        except BaseException as error:  # noqa: BLE001 -- it belongs to whoever waits
            problem = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=call, name=name, daemon=True).start()
    return await done
