"""One server as one model knows it: a client for each event loop, and who may send when."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from httpx2 import Response
from openai import AsyncOpenAI, AsyncStream

from handrail_ai_steps.models.openai.capabilities import Capabilities
from handrail_ai_steps.models.openai.ledger import TryLedger
from handrail_ai_steps.models.openai.limits import Pacer, admitted
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

    async def close(self) -> None:
        """Close the client's connections."""
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


@dataclass(frozen=True, slots=True)
class Server:
    """One server as one model knows it."""

    settings: ModelSettings
    connection: Connection
    pacer: Pacer
    can: Capabilities
    given: list[object] = field(default_factory=list)
    """Replies that a batch brought, as JSON: handed out in place of the first requests."""

    def admission(self, ledger: TryLedger) -> AbstractAsyncContextManager[None]:
        """Return what a request waits in for its turn, and holds its place in."""
        limits = f"max_concurrent={self.settings.max_concurrent}, per_minute={self.settings.per_minute}"
        return admitted(self.connection, self.pacer, ledger, limits)
