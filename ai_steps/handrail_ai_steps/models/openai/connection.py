"""The connections of one model: a client for each event loop, of ours or as a user gave one."""

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any

from httpx2 import URL, Response, Timeout
from openai import APIError, AsyncOpenAI, AsyncStream, DefaultAsyncHttpxClient
from openai._base_client import AsyncHttpxClientWrapper
from openai._types import RequestOptions

from handrail_ai_steps.models.openai.access import Credential
from handrail_ai_steps.models.openai.clients import GivenClient, asks
from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.response_limit import limit_response
from handrail_ai_steps.models.openai.settings import ModelSettings
from handrail_ground.errors import told

RETRIES = 0
"""The SDK's retries would multiply with ours."""
TO_NOBODY_ELSE: RequestOptions = {"follow_redirects": False}
"""A question, and a key in a header of its own, are for the server that they were given for: not for whom it names."""


def own_client(settings: ModelSettings) -> AsyncOpenAI:
    """Return a client of our own for an address and a key."""
    login, key = settings.address.authorization, settings.key
    assert key is not None  # noqa: S101 -- without one there is a client, which brings its own
    return AsyncOpenAI(
        api_key=key.reveal() if isinstance(key, Credential) else asks(key, settings.seen),
        base_url=settings.address.url,
        default_headers=None if login is None else {"Authorization": login.reveal()},
        max_retries=RETRIES,
        timeout=None,  # the deadline is ours: the SDK's starts anew with every byte
        http_client=limited_connections(str(settings.address.url), None),
    )


def limited_connections(base_url: str | URL, timeout: float | Timeout | None) -> DefaultAsyncHttpxClient:
    """Return connections as the SDK makes them by itself, but for how much of a response is read."""
    return DefaultAsyncHttpxClient(base_url=base_url, timeout=timeout, event_hooks={"response": [limit_response]})


class Connection:
    """A client of one event loop; pooled connections cannot move to another."""

    def __init__(self, settings: ModelSettings, client: AsyncOpenAI, *, ours: bool = True) -> None:
        self.slots = asyncio.Semaphore(settings.max_concurrent)
        self.probing = asyncio.Lock()
        self.door = asyncio.Lock()
        self.client = client
        self._ours = ours
        self._given = settings.client
        self._seen = settings.seen

    async def close(self) -> None:
        """Close the client's connections, where they are ours."""
        if self._ours:
            await self.client.close()

    async def post(self, path: str, body: dict[str, Any]) -> bytes:
        """Send a body as it is and return the body of the response.

        Through the SDK's own door for any path: its typed one walks every message and builds an object for every
        token's alternatives, which together takes longer than everything else a call needs.
        """
        with self._open():
            response = await self.client.post(path, cast_to=Response, body=body, options=TO_NOBODY_ELSE)
        if self._given is not None:
            self._seen.add_headers(response.request.headers)
        return response.content

    async def stream(self, path: str, body: dict[str, object]) -> AsyncGenerator[object]:
        """Send a body as it is and yield the events of the response as the JSON they are."""
        with self._open():
            events = await self.client.post(
                path, cast_to=object, body=body, options=TO_NOBODY_ELSE, stream=True, stream_cls=AsyncStream[object]
            )
        if self._given is not None:
            self._seen.add_headers(events.response.request.headers)
        async with events:
            async for event in events:
                yield event

    @contextmanager
    def _open(self) -> Iterator[None]:
        """Send through a client that is open; what goes out to get in is remembered, for a server may quote it."""
        if self._given is not None and self._given.make is None and self._given.first.is_closed():
            raise Halted("failed", "the client that the model was given is closed; give an open one")
        try:
            yield
        except APIError as error:
            if self._given is not None:
                self._seen.add_headers(error.request.headers)
            raise


class Clients:
    """The client of each event loop: ours, one that a user's function makes, or a copy of the one that was given."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._first = threading.Lock()
        self._loop: weakref.ref[asyncio.AbstractEventLoop] | None = None
        """The loop that has the first client that a function made, or a given one with connections of its own kind."""

    def connection(self) -> Connection:
        """Return a new connection of the running loop.

        Raises:
            Halted: there is none for this loop.
        """
        given = self._settings.client
        if given is None:
            return Connection(self._settings, own_client(self._settings))
        if given.make is not None:
            return Connection(self._settings, self._made(given))
        if has_usual_connections(given.first):
            http = limited_connections(given.first.base_url, given.first.timeout)
            return Connection(self._settings, given.first.copy(http_client=http, max_retries=RETRIES))
        if not self._is_first():
            raise Halted(
                "failed",
                "the client that the model was given has an http_client of its own, which belongs to one event loop,"
                " and this is another: give a function that makes it, as client=lambda: AsyncOpenAI(http_client=...)",
            )
        return Connection(self._settings, given.first.with_options(max_retries=RETRIES), ours=False)

    def _made(self, given: GivenClient) -> AsyncOpenAI:
        assert given.make is not None  # noqa: S101 -- the caller has looked
        if self._loop is None and self._is_first():
            return given.first.with_options(max_retries=RETRIES)
        try:
            made: object = given.make()
        except Exception as error:
            raise Halted("failed", f"the function given as client raised {told(error)}") from error
        if not isinstance(made, AsyncOpenAI):
            raise Halted("failed", f"the function given as client made a {type(made).__name__}, and no client")
        return made.with_options(max_retries=RETRIES)

    def _is_first(self) -> bool:
        """Return whether the running loop is the first, or the one that was."""
        loop = asyncio.get_running_loop()
        with self._first:  # loops run in threads
            if self._loop is None:
                self._loop = weakref.ref(loop)
            return self._loop() is loop


def has_usual_connections(client: AsyncOpenAI) -> bool:
    """Return whether a client's connections are those that the SDK makes by itself, so that others do as well."""
    return type(client._client) is AsyncHttpxClientWrapper  # noqa: SLF001 -- the SDK tells it nowhere else
