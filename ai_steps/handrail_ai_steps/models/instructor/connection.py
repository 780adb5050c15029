"""The client of a provider in one event loop, made by instructor or given by a user; it retries and follows nothing."""

import asyncio
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import instructor
from httpx2 import AsyncClient
from instructor.core.exceptions import ConfigurationError

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.instructor.blocking import blocks, in_thread, limited_boto, unretried_boto
from handrail_ai_steps.models.instructor.settings import ProviderSettings
from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.quiet import quiet, silence_instructor
from handrail_ai_steps.models.openai.response_limit import limit_response
from handrail_ground.errors import told

_MODES = {
    "tools": instructor.Mode.TOOLS,
    "json": instructor.Mode.JSON,
    "json_schema": instructor.Mode.JSON_SCHEMA,
    "md_json": instructor.Mode.MD_JSON,
}


_STAYING = {"follow_redirects": False, "allow_redirects": False}
"""What keeps Google's library from asking whom a server names, by each of the two transports that it may have."""


class ProviderConnection:
    """A provider's client in one event loop, and who may ask through it."""

    def __init__(self, settings: ProviderSettings, client: Any, *, ours: bool = True) -> None:
        self.slots = asyncio.Semaphore(settings.max_concurrent)
        self.door = asyncio.Lock()
        self.client = client
        self._ours = ours

    @property
    def mode(self) -> str:
        """Return how it asks for data: ``tools``, ``json`` and the like."""
        return str(self.client.mode.value).removesuffix("_call").removesuffix("_mode").replace("tool", "tools")

    async def create(self, **asked: Any) -> Any:
        """Ask as instructor's client does."""
        if blocks(self.client.client):
            return await in_thread(lambda: self.client.create(**asked))
        return await self.client.create(**asked)

    async def close(self) -> None:
        """Close what the provider's client holds open, where it is ours."""
        raw = self.client.client
        connections = _connections_of(raw)
        library = next(
            (found for name in ("aclose", "close") if (found := getattr(getattr(raw, "aio", raw), name, None))), None
        )
        # what was handed to a library, as to Google's, it leaves open
        for close in filter(None, (library, getattr(connections, "aclose", None))) if self._ours else ():
            closed = close()
            if asyncio.iscoroutine(closed):
                await closed


class ProviderClients:
    """The client of each event loop."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._first = threading.Lock()
        self._loop: weakref.ref[asyncio.AbstractEventLoop] | None = None
        """The loop that has the client that was given."""

    def connection(self) -> ProviderConnection:
        """Return a new connection of the running loop.

        Raises:
            Halted: there is none for this loop.
            ModelNotReady: the provider's client cannot be made.
        """
        given = self._settings.client
        if given is None:
            return ProviderConnection(self._settings, unretried(_made(self._settings)))
        if callable(given) and not isinstance(given, instructor.AsyncInstructor):
            return ProviderConnection(self._settings, unretried(self._from(given)))
        if not isinstance(given, instructor.AsyncInstructor):
            raise ModelNotReady(
                f"{self._settings.shown}: client is a {type(given).__name__}; give an AsyncInstructor, as"
                " instructor.from_provider(..., async_client=True) returns, or a function that makes one"
            )
        if not self._is_first():
            raise Halted(
                "failed",
                "the client that the model was given belongs to one event loop, and this is another: give a function"
                " that makes it, as client=lambda: instructor.from_provider(...)",
            )
        return ProviderConnection(self._settings, unretried(given), ours=False)

    def _from(self, function: Callable[[], object]) -> Any:
        try:
            made = function()
        except Exception as error:
            raise Halted("failed", f"the function given as client raised {told(error)}") from error
        if not isinstance(made, instructor.AsyncInstructor):
            raise Halted("failed", f"the function given as client made a {type(made).__name__}, and no AsyncInstructor")
        return made

    def _is_first(self) -> bool:
        loop = asyncio.get_running_loop()
        with self._first:  # loops run in threads
            if self._loop is None:
                self._loop = weakref.ref(loop)
            return self._loop() is loop


def _made(settings: ProviderSettings) -> Any:
    """Return what ``from_provider`` makes of the settings.

    Raises:
        ModelNotReady: it cannot make a client.
    """
    provider, address = settings.provider, settings.address
    given = dict(settings.options)
    if settings.key:
        given["api_key"] = settings.key
    if address.url and provider.address == "option":
        given["base_url"] = address.url
    if provider.address == "http_options":
        given["http_options"] = _google_options(given.get("http_options", {}), address.url)
    if settings.answers_by is not None:
        given["mode"] = _MODES[settings.answers_by]
    try:
        with quiet():
            made = instructor.from_provider(f"{provider.name}/{settings.model}", async_client=True, **given)
    except (ConfigurationError, ImportError) as error:
        raise ModelNotReady(
            f'{settings.shown}: {settings.scrub(told(error))}; what it needs comes with pip install "{provider.brings}"'
        ) from error
    except Exception as error:
        raise ModelNotReady(f"{settings.shown}: its client cannot be made ({settings.scrub(told(error))})") from error
    raw: Any = made.client
    if address.url and provider.address == "client":
        raw.base_url = address.url
    if settings.key and isinstance(getattr(raw, "api_key", None), str):
        raw.api_key = settings.key  # of a server of one's own, such as Ollama's, instructor puts a word in its place
    silence_instructor()
    return made


def _google_options(given: Mapping[str, Any], url: str | None) -> dict[str, Any]:
    """Return how Google's library sends: once, to nobody else, and through a client whose answers end somewhere."""
    made: dict[str, Any] = {"retry_options": {"attempts": 1}} | ({"base_url": url} if url else {}) | dict(given)
    if any(made.get(name) for name in ("async_client_args", "httpx_async_client", "aiohttp_client")):
        return {**made, "async_client_args": {**(made.get("async_client_args") or {}), **_STAYING}}
    # aiohttp, which it would take where that is installed, unpacks without an end
    hooks = {"response": [limit_response]}
    return {**made, "httpx_async_client": AsyncClient(timeout=None, follow_redirects=False, event_hooks=hooks)}


def unretried(made: Any) -> Any:
    """Switch off the retries of a provider's library, which would multiply with ours, and that it follows redirects.

    A question is for the server that it was given for, and so is a key, which most providers take in a header of their
    own that goes along to whom a server names. What is read of an answer ends somewhere, where its library uses httpx.
    """
    if hasattr(made.client, "max_retries"):
        made.client.max_retries = 0
    if blocks(made.client):
        unretried_boto(made.client)
        limited_boto(made.client)
    connections = _connections_of(made.client)
    if hasattr(connections, "follow_redirects"):
        connections.follow_redirects = False
    hooks = getattr(connections, "event_hooks", None)
    if isinstance(hooks, dict) and limit_response not in (before := hooks.get("response", [])):
        connections.event_hooks = {**hooks, "response": [limit_response, *before]}
    return made


def _connections_of(raw: Any) -> Any:
    """Return what a provider's client sends through, or None where it does not say; some keep it in a corner."""
    for way in _WAYS_IN:
        found = raw
        for name in way:
            found = getattr(found, name, None)
        if hasattr(found, "follow_redirects"):
            return found
    return None


_WAYS_IN = (
    ("_client",),
    ("sdk_configuration", "async_client"),  # Mistral's
    ("_client_wrapper", "httpx_client", "httpx_client"),  # Cohere's
    ("_api_client", "_async_httpx_client"),  # Google's, where it has not found aiohttp
)
