"""One server as one model knows it: a client for each event loop, and who may send when."""

import asyncio
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from httpx2 import Response
from openai import AsyncOpenAI, AsyncStream

from handrail_ai_steps.models.openai.capabilities import Capabilities
from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.limits import Pacer
from handrail_ai_steps.models.openai.settings import ModelSettings


class Connection:
    """A client of one event loop; pooled connections cannot move to another."""

    def __init__(self, settings: ModelSettings) -> None:
        self.slots = asyncio.Semaphore(settings.max_concurrent)
        self.probing = asyncio.Lock()
        self.door = asyncio.Lock()
        login = settings.address.authorization
        self.client = AsyncOpenAI(
            api_key=settings.key.reveal(),
            base_url=settings.address.url,
            default_headers=None if login is None else {"Authorization": login.reveal()},
            max_retries=0,  # the SDK's retries would multiply with ours
            timeout=None,  # the deadline is ours: the SDK's starts anew with every byte
        )

        self._lifetime = self._until_closed()

    async def open(self) -> None:
        """Tie the client's life to the loop's: ``asyncio.run`` ends the generators that are still open, and it."""
        await anext(self._lifetime)

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._lifetime.aclose()

    async def _until_closed(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.client.close()

    async def post(self, path: str, body: dict[str, Any]) -> bytes:
        """Send a body as it is and return the body of the response.

        Through the SDK's own door for any path: its typed one walks every message and builds an object for every
        token's alternatives, which together takes longer than everything else a call needs.
        """
        return (await self.client.post(path, cast_to=Response, body=body)).content

    async def stream(self, path: str, body: dict[str, object]) -> AsyncGenerator[object]:
        """Send a body as it is and yield the events of the response as the JSON they are."""
        events = await self.client.post(path, cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object])
        async with events:
            async for event in events:
                yield event


class Connections:
    """A connection for each event loop, as long as the loop lives."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Connection] = weakref.WeakKeyDictionary()

    async def here(self) -> Connection:
        """Return the connection of the running loop."""
        loop = asyncio.get_running_loop()
        found = self._by_loop.get(loop)
        if found is None:
            found = self._by_loop[loop] = Connection(self._settings)
            await found.open()
        return found

    async def aclose(self) -> None:
        """Close the running loop's connection; the next request opens another."""
        found = self._by_loop.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found.aclose()


@dataclass(frozen=True, slots=True)
class Server:
    """One server as one model knows it."""

    settings: ModelSettings
    connection: Connection
    pacer: Pacer
    can: Capabilities

    @asynccontextmanager
    async def admission(self, ledger: TryLedger) -> AsyncIterator[None]:
        """Wait for a place among the open requests and then for a free start; the place is given back at the end.

        Raises:
            Halted: the server asked for a pause that outlives the call, or the turn did not come in time.
        """
        slots, place, started = self.connection.slots, False, time.monotonic()
        try:
            try:
                async with ledger.deadline.queued():
                    place = await slots.acquire()
                    await self.pacer.turn(self.connection.door, ledger.deadline.left)
            except TimeoutError:
                limits = f"max_concurrent={self.settings.max_concurrent}, per_minute={self.settings.per_minute}"
                waited = time.monotonic() - started
                raise Halted("timed_out", f"no turn after {waited:.3g} seconds of waiting ({limits})") from None
            yield
        finally:
            if place:
                slots.release()
