"""Where a server is, and the login that its address may hold: kept apart, so that no log and no record shows it."""

import base64
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.openai.secret import Secret


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address as it may be shown, and what was taken out of it."""

    url: str | None
    """None: the public OpenAI endpoint."""
    authorization: Secret | None = None
    """The header that the login of the address stands for; None: it has none."""
    hidden: tuple[Secret, ...] = ()
    """What no record may show: the login in each spelling that a server may quote."""

    @property
    def host(self) -> str | None:
        """Return the name of the machine."""
        return urlsplit(self.url).hostname if self.url else None


def address_of(given: str | None, shown: str) -> Address:
    """Take the login out of an address; ``shown`` names the model in errors.

    Raises:
        ModelNotReady: it has a query or a fragment, which would end up in front of the route and in every log.
    """
    if given is None:
        return Address(None)
    parts = urlsplit(given)
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
    return Address(parts._replace(netloc=host).geturl(), Secret(f"Basic {token}"), tuple(map(Secret, spellings)))
