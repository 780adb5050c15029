"""What stands behind a model of a server, loaded when the model is first asked: its libraries take a second or more."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Generic, Protocol, TypeVar

from handrail_ai_steps.deadline import Deadline
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer

TRANSPORT = ("httpcore2", "anyio._backends._asyncio")
"""What a connection loads when it is first used."""


def load_ahead(*names: str) -> None:
    """Load what libraries load by themselves at their first use, as far as it is here: a server's time begins later."""
    for name in names:
        with suppress(ImportError):
            import_module(name)


class Answering(Protocol):
    """What answers requests once its libraries are loaded."""

    async def answer(self, request: ModelRequest, deadline: Deadline) -> Answer | NoAnswer:
        """Answer a request, or say why there is no answer."""
        ...

    async def aclose(self) -> None:
        """Close the running event loop's connections."""
        ...


B = TypeVar("B", bound=Answering)


class LoadedBackend(Generic[B]):
    """Loads a backend once, in a thread, for whoever asks first; it may be asked from several event loops."""

    def __init__(self, load: Callable[[], B]) -> None:
        """Load by this, which imports what is needed."""
        self._load = load
        self._loading = threading.Lock()
        self.loaded: B | None = None
        """It, once it is there."""

    async def here(self) -> B:
        """Return it, loaded if it was not yet: in a thread, so that the event loop goes on."""
        found = self.loaded
        return await asyncio.to_thread(self._load_once) if found is None else found

    def _load_once(self) -> B:
        with self._loading:  # requests side by side share one: its pace and its places are for all of them
            found = self.loaded or self._load()
            self.loaded = found
        return found

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer a request within its time, of which loading takes none: it is not the server's."""
        deadline = request.deadline or Deadline(request.seconds)
        with deadline.held():
            backend = await self.here()
        return await backend.answer(request, deadline)

    async def aclose(self) -> None:
        """Close the running event loop's connections; the next request opens others."""
        if self.loaded is not None:
            await self.loaded.aclose()
