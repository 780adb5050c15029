"""The SDK's client and the slots for open requests: one set for each event loop a model is used from."""

import asyncio
import weakref
from collections.abc import AsyncGenerator
from typing import Any

from handrail_ai_steps.models.openai.settings import Settings


class Connection:
    """A client of one event loop; pooled connections cannot move to another."""

    def __init__(self, settings: Settings) -> None:
        from openai import AsyncOpenAI  # noqa: PLC0415 -- loaded on the first question

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
        from httpx2 import Response  # noqa: PLC0415 -- as above

        return (await self.client.post(path, cast_to=Response, body=body)).content

    async def stream(self, path: str, body: dict[str, Any]) -> AsyncGenerator[Any]:
        """Send a body as it is and yield the events of the response as the JSON they are."""
        from openai import AsyncStream  # noqa: PLC0415 -- as above

        events = await self.client.post(path, cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object])
        async with events:
            async for event in events:
                yield event


class Connections:
    """A connection for each event loop, as long as the loop lives."""

    def __init__(self, settings: Settings) -> None:
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
        """Close the running loop's connection; the next question opens another."""
        found = self._by_loop.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found.aclose()
