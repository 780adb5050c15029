"""A provider's library that blocks, asked in a thread: the event loop has heartbeats and limits of time to keep."""

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def blocks(raw: Any) -> bool:
    """Return whether a client blocks while it asks, though instructor calls it asynchronous: boto3's does."""
    return hasattr(getattr(raw, "meta", None), "events")


def unretried_boto(raw: Any) -> None:
    """Switch off the retries of a client of boto3's, which are a handler of its events."""
    service = raw.meta.service_model.service_id.hyphenize()
    raw.meta.events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")


async def in_thread(ask: Callable[[], Awaitable[T]]) -> T:
    """Await something in a thread of its own.

    Who is cancelled leaves the thread behind: its library ends it with a time limit of its own, or the process does.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(set_it: Callable[[Any], None], what: object) -> None:
        if not answer.done():
            set_it(what)

    async def asked() -> T:
        return await ask()

    def work() -> None:
        set_it: Callable[[Any], None]
        what: object
        try:
            set_it, what = answer.set_result, asyncio.run(asked())
        except BaseException as error:  # noqa: BLE001 -- it is raised where it is waited for
            set_it, what = answer.set_exception, error
        with suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(tell, set_it, what)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name="handrail-provider", daemon=True).start()
    return await answer
