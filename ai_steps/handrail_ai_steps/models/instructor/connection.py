"""The client of a provider in one event loop, made by instructor or given by a user; it retries and follows nothing."""

import asyncio
import threading
import weakref
from collections.abc import Callable
from typing import Any

import instructor
from instructor.core.exceptions import ConfigurationError

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.instructor.settings import ProviderSettings
from handrail_ai_steps.models.openai.failure import Halted
from handrail_ai_steps.models.openai.quiet import quiet, silence_instructor
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

    async def close(self) -> None:
        """Close what the provider's client holds open, where it is ours."""
        raw = self.client.client
        ways = (getattr(raw, "aio", raw), "aclose"), (raw, "close"), (_connections_of(raw), "aclose")
        closing = next((found for each, name in ways if (found := getattr(each, name, None))), None)
        if self._ours and closing is not None:
            closed = closing()
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
    if provider.address == "http_options":  # without options of its own, that library sends again what broke off
        own = {"retry_options": {"attempts": 1}} | ({"base_url": address.url} if address.url else {})
        options = {**own, **given.get("http_options", {})}
        given["http_options"] = {
            **options,
            "async_client_args": {**(options.get("async_client_args") or {}), **_STAYING},
        }
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


def unretried(made: Any) -> Any:
    """Switch off the retries of a provider's library, which would multiply with ours, and that it follows redirects.

    A question is for the server that it was given for, and so is a key, which most providers take in a header of their
    own that goes along to whom a server names.
    """
    if hasattr(made.client, "max_retries"):
        made.client.max_retries = 0
    connections = _connections_of(made.client)
    if hasattr(connections, "follow_redirects"):
        connections.follow_redirects = False
    return made


def _connections_of(raw: Any) -> Any:
    """Return what a provider's client sends through, or None where it does not say; Mistral's keeps it apart."""
    found = getattr(raw, "_client", None)
    return getattr(getattr(raw, "sdk_configuration", None), "async_client", None) if found is None else found
