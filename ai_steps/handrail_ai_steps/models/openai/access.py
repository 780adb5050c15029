"""How a server is reached: its address, and what opens it and shows in no record, log or repr."""

import base64
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from handrail_ai_steps.errors import ModelNotReady

PUBLIC_HOST = "api.openai.com"
HIDDEN = "***"
LEAST_PART = 8
"""Characters of a longer secret whose beginning is hidden where the rest is missing."""


class Credential:
    """A text to send and never to show."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself, for the wire only."""
        return self._value

    def scrub(self, text: str) -> str:
        """Return the text with every occurrence of the secret hidden: servers quote keys in their errors.

        The beginning of a long one is hidden too: a server may have cut its message where the key stands. A short one,
        such as the ``x`` that a server of one's own takes, is hidden where it stands alone, and not inside of words.
        """
        if not self._value:
            return text
        if len(self._value) < LEAST_PART:
            return re.sub(rf"(?<![0-9A-Za-z]){re.escape(self._value)}(?![0-9A-Za-z])", HIDDEN, text)
        whole = text.replace(self._value, HIDDEN)
        return self._without_beginnings(whole) if len(self._value) > LEAST_PART else whole

    def _without_beginnings(self, text: str) -> str:
        kept, position = [], 0
        while (start := text.find(self._value[:LEAST_PART], position)) >= 0:
            end = start + LEAST_PART
            while end < len(text) and end - start < len(self._value) and text[end] == self._value[end - start]:
                end += 1
            kept.append(text[position:start])
            position = end
        return HIDDEN.join([*kept, text[position:]])

    def __repr__(self) -> str:
        return f"Credential({HIDDEN!r})"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled; build the model again where it is needed")


NOT_SENDABLE = (
    "has a line break, a space around it, or a sign that is no ASCII, which no server can be sent: look at where it is"
    " read from, and strip() it"
)


def is_sendable(key: str) -> bool:
    """Return whether a header can hold a key."""
    return key.isascii() and key.isprintable() and key == key.strip()


def credential(key: str, shown: str) -> Credential:
    """Return a key as it is sent; ``shown`` names the model in errors.

    Raises:
        ModelNotReady: no header can hold it, as with the line break that ends a file.
    """
    if not is_sendable(key):
        raise ModelNotReady(f"{shown}: the key {NOT_SENDABLE}")
    return Credential(key)


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address as it may be shown, and what was taken out of it."""

    url: str | None
    """None: the public OpenAI endpoint."""
    authorization: Credential | None = None
    """The header that the login of the address stands for; None: it has none."""
    hidden: tuple[Credential, ...] = ()
    """What no record may show: the login in each spelling that a server may quote."""

    @property
    def is_public(self) -> bool:
        """Return whether it is OpenAI's own."""
        return self.url is None or urlsplit(self.url).hostname == PUBLIC_HOST


def address_of(given: Any, shown: str) -> Address:
    """Take the login out of an address; ``shown`` names the model in errors.

    Raises:
        ModelNotReady: it is none of the web, or has a query or a fragment, which would end up in front of the route and
            in every log.
    """
    if given is None:
        return Address(None)
    if not isinstance(given, str):
        raise ModelNotReady(f"{shown}: base_url is {given!r}; give an address as text")
    if (parts := _of_the_web(given)) is None:
        raise ModelNotReady(f"{shown}: base_url is no address that begins with http:// or https:// and names a host")
    if parts.query or parts.fragment:
        where = f"{parts.scheme}://{parts.hostname}{parts.path}"
        raise ModelNotReady(
            f"{shown}: the address {where} has something behind its path (? or #), where a route is to follow: leave it"
            " out, and give a key as api_key=..."
        )
    login, at, host = parts.netloc.rpartition("@")
    if not at:
        return Address(given)
    user, _, password = login.partition(":")
    token = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    secret = password or user
    spellings = sorted({secret, unquote(secret), token} - {""}, key=len, reverse=True)
    return Address(
        parts._replace(netloc=host).geturl(), Credential(f"Basic {token}"), tuple(map(Credential, spellings))
    )


def _of_the_web(given: str) -> SplitResult | None:
    """Return the parts of an address that names a host of the web, or None."""
    try:
        parts = urlsplit(given)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is none, or brackets that do not close
        return None
    return parts if is_one else None
