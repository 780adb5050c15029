"""One of something for each event loop that uses it: pooled connections cannot move to another loop."""

import asyncio
import weakref
from collections.abc import AsyncGenerator, Callable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What holds something open."""

    async def close(self) -> None:
        """Close it."""
        ...


T = TypeVar("T", bound=Closable)


class PerLoop(Generic[T]):
    """One of something for each event loop, as long as the loop lives."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[T, AsyncGenerator[None, None]]]
        self._by_loop = weakref.WeakKeyDictionary()

    async def here(self) -> T:
        """Return that of the running loop."""
        loop = asyncio.get_running_loop()
        found = self._by_loop.get(loop)
        if found is not None:
            return found[0]
        made = self._make()
        lifetime = _until_closed(made)
        self._by_loop[loop] = made, lifetime
        await anext(lifetime)
        return made

    async def aclose(self) -> None:
        """Close that of the running loop; whoever asks next gets another."""
        found = self._by_loop.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found[1].aclose()


async def _until_closed(made: Closable) -> AsyncGenerator[None, None]:
    """Tie its life to the loop's: ``asyncio.run`` ends the generators that are still open, and it."""
    try:
        yield
    finally:
        await made.close()
