"""A provider's library that blocks, asked in a thread: the event loop has heartbeats and limits of time to keep."""

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from handrail_ai_steps.models.openai import response_limit

T = TypeVar("T")


def blocks(raw: Any) -> bool:
    """Return whether a client blocks while it asks, though instructor calls it asynchronous: boto3's does."""
    return hasattr(getattr(raw, "meta", None), "events")


def unretried_boto(raw: Any) -> None:
    """Switch off the retries of a client of boto3's, which are a handler of its events."""
    service = raw.meta.service_model.service_id.hyphenize()
    raw.meta.events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")


def limited_boto(raw: Any) -> None:
    """Let an answer to a client of boto3's end with an error where it is too long: it reads to the end otherwise."""
    endpoint = raw._endpoint  # noqa: SLF001 -- boto3 takes a session of one's own nowhere else
    if not isinstance(endpoint.http_session, _LimitedSession):
        endpoint.http_session = _LimitedSession(endpoint.http_session)


class _LimitedSession:
    """What a client of boto3's sends through, and how much of an answer is read."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def send(self, request: Any) -> Any:
        """Send a request and return its response, read unless it is a stream."""
        is_stream = request.stream_output
        request.stream_output = True  # else it is read in there
        response = self._session.send(request)
        response.raw = _CountedBody(response.raw)
        if not is_stream:
            response.content  # noqa: B018 -- it reads
        return response

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class _CountedBody:
    """The body of a response, piece by piece; in anything else it is the one of urllib3."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def stream(self, *sizes: Any, **options: Any) -> Iterator[bytes]:
        """Give the pieces.

        Raises:
            ResponseTooLong: there are too many.
        """
        count = 0
        for piece in self._raw.stream(*sizes, **options):
            count += len(piece)
            if count > response_limit.MOST_BYTES:
                self._raw.close()
                raise response_limit.too_long(response_limit.MOST_BYTES)
            yield piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


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
