"""The client that a user gives in place of an address and a key: whose it is, and one of it for each event loop."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeAlias

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.openai.access import NOT_SENDABLE, Credential, is_sendable
from handrail_ground.errors import told

if TYPE_CHECKING:
    from openai import AsyncOpenAI

KeyFunction: TypeAlias = Callable[[], str | Awaitable[str]]
"""Gives the key of the next request: a token that somebody else renews."""

MOST_KEYS = 16
"""Keys that are remembered, to hide them where a server quotes them: those of a function change."""

_KEY_FUNCTIONS = ("_api_key_provider", "_azure_ad_token_provider")
"""Where the SDK keeps a function that gives keys."""

_OPENING = frozenset({"authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie", "proxy-authorization"})
"""Headers that open something, whoever set them."""


class SeenKeys:
    """Keys that went out and were not known before: a function's, and those of a client."""

    def __init__(self) -> None:
        self._keys: dict[str, Credential] = {}

    def add(self, key: str) -> None:
        """Remember a key."""
        if key and key not in self._keys:
            self._keys[key] = Credential(key)
            while len(self._keys) > MOST_KEYS:
                del self._keys[next(iter(self._keys))]

    def add_headers(self, headers: Mapping[str, str]) -> None:
        """Remember what the headers of a request hold that opens something."""
        for name in _OPENING & {each.lower() for each in headers}:
            self.add(headers[name].rpartition(" ")[2])

    def scrub(self, text: str) -> str:
        """Return a text without them."""
        for each in tuple(self._keys.values()):
            text = each.scrub(text)
        return text


class KeyUnavailable(Exception):
    """A key function gave none; the message says why, and shows nothing of what it gave."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing
        """Whether it may give one the next time."""


def asks(function: KeyFunction, seen: SeenKeys) -> Callable[[], Awaitable[str]]:
    """Return a key function as the SDK takes one, whether it was written to be awaited or not."""

    async def key() -> str:
        try:
            given: object = function()
            given = await given if isawaitable(given) else given
        except Exception as error:
            raise KeyUnavailable(f"the key function raised {told(error)}", passing=True) from error
        if not isinstance(given, str) or not given:
            kind = "an empty text" if given == "" else f"a {type(given).__name__}"
            raise KeyUnavailable(f"the key function returned {kind}, and no key", passing=False)
        seen.add(given)
        if not is_sendable(given):
            raise KeyUnavailable(f"the key that the key function returned {NOT_SENDABLE}", passing=False)
        return given

    return key


@dataclass(frozen=True, slots=True)
class GivenClient:
    """A client, or a function that makes one, as ``OpenAIModel(client=...)`` takes it.

    Raises:
        ModelNotReady: it is neither.
    """

    first: "AsyncOpenAI"
    """The client itself, or the first that the function made."""
    make: "Callable[[], AsyncOpenAI] | None" = None
    """Makes another for each event loop; None: a client was given."""

    @classmethod
    def of(cls, given: Any, shown: str) -> "GivenClient":
        """Take what a user gave; ``shown`` names the model in errors."""
        if _is_client(given):
            if given.is_closed():
                raise ModelNotReady(f"{shown}: the client is closed; give an open one")
            return cls(given)
        if not callable(given) or _is_sync_client(given):
            raise ModelNotReady(
                f"{shown}: client is a {type(given).__name__}; give AsyncOpenAI(...), AsyncAzureOpenAI(...), or a"
                " function that makes one"
            )
        made = _made(given, shown)
        if not _is_client(made):
            raise ModelNotReady(
                f"{shown}: the function given as client made a {type(made).__name__}; let it return AsyncOpenAI(...)"
            )
        return cls(made, given)

    @property
    def renews_key(self) -> bool:
        """Return whether it asks a function for the key of each request."""
        return any(getattr(self.first, name, None) for name in _KEY_FUNCTIONS)

    @property
    def query(self) -> dict[str, str]:
        """Return what it adds to every address."""
        return {name: str(value) for name, value in self.first.default_query.items()}


def _made(function: Callable[[], object], shown: str) -> Any:
    try:
        return function()
    except Exception as error:
        raise ModelNotReady(f"{shown}: the function given as client raised {told(error)}") from error


def _is_client(given: object) -> bool:
    """Return whether something is an asynchronous client, without loading the library: who has one has loaded it."""
    library = sys.modules.get("openai")
    return library is not None and isinstance(given, library.AsyncOpenAI)


def _is_sync_client(given: object) -> bool:
    library = sys.modules.get("openai")
    return library is not None and isinstance(given, library.OpenAI)
