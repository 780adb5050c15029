"""Connections of callers: none is kept that sends its request too slowly, and never more than the process can bear.

The server closes a connection that is idle between two requests. One that begins a request and never ends it would
stay, and as many as there are file descriptors would keep everybody else out, the worker's own files among them.
"""

import asyncio
import sys
from typing import Any

from h11 import IDLE, SEND_BODY
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 60.0
"""How long a request may take to arrive: a megabyte over a slow line."""
MOST_CONNECTIONS = 1_000
"""Connections that are kept at once, where the system allows as many open files."""
SPARED_SHARE = 2
"""One of so many of the process's files may be a connection: the others are for the store and for workflows."""


def most_connections() -> int:
    """Return how many connections this process may keep."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource  # noqa: PLC0415 -- there is none on Windows

    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if allowed < 0 else max(1, min(MOST_CONNECTIONS, allowed // SPARED_SHARE))


class CallerConnection(H11Protocol):
    """One caller's connection, which ends when a request is not there in time, or at once when there are too many."""

    def __init__(self, *, seconds: float = REQUEST_SECONDS, most: int = MOST_CONNECTIONS, **more: Any) -> None:
        super().__init__(**more)
        self._seconds = seconds
        self._most = most
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base class
        """Keep a new connection, if there is room."""
        super().connection_made(transport)
        if len(self.connections) > self._most:
            transport.abort()
        else:
            self._watch()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request; it ends in time or not at all."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on with what has arrived of the next request meanwhile."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Give a request that is not whole until the end of its time, counted from its first part."""
        if self.transport.is_closing() or self.conn.their_state not in {IDLE, SEND_BODY}:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self._seconds, self.transport.abort)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
