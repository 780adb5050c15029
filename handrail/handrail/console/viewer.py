"""Who looks at a page: their name, zone and settings, and the token that their forms carry."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote

from starlette.requests import HTTPConnection
from starlette.responses import Response

from handrail.console.times import UTC_NAME, known_zone
from handrail_orchestrator.client import Client
from handrail_orchestrator.records.person import Person
from handrail_orchestrator.review import permission
from handrail_orchestrator.secret import signing_secret
from handrail_orchestrator.store.address import path_of

ZONE_COOKIE = "zone"
SETTINGS_COOKIE = "settings"
LONGEST_SETTINGS = 3_000
"""Characters of a cookie with settings: browsers keep no more than 4,096 bytes."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page."""

    person: str
    """Their name, as every move is made ``by=`` it."""
    csrf: str
    """What each of their forms carries, so that no other site can send one."""
    role: str = "admin"
    """Their highest role, in words; what they may do to one item is decided by the state machine."""
    zone: str = UTC_NAME
    """The IANA time zone in which they read times."""
    is_single_user: bool = False
    """Whether nobody is configured in the store: everybody at this machine is the same person."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Keys and page settings of their own."""
    known: Person | None = None
    """Whom the store knows them as; None: nobody is configured."""

    def may(self, action: permission.Action, item: permission.Governed | None = None) -> bool:
        """Return whether they may do something, so that a page can leave out what would be refused."""
        return permission.may(self.known, action, item)


class SignIn(Protocol):
    """Finds out who sends a request."""

    async def viewer(self, request: HTTPConnection) -> Viewer | None:
        """Return who it is; None: somebody who is not signed in."""
        ...

    def refused(self, request: HTTPConnection) -> Response:
        """Return the answer to somebody who is not signed in."""
        ...


class SingleUser:
    """Nobody is configured: whoever reaches the console on loopback is one and the same person."""

    def __init__(self, name: str, csrf: str | None = None) -> None:
        self._name = name
        self._csrf = csrf or secrets.token_hex(32)

    @staticmethod
    def at(client: Client, name: str) -> "SingleUser":
        """Return the one person of a store, whose forms carry a token of its secret: it outlives this process.

        Raises:
            SecretUnusable: nobody is configured in the store, and its secret cannot be read or made.
        """
        if client.people.exist():  # everybody signs in, from now on for good
            return SingleUser(name)
        return SingleUser(name, signing_secret(path_of(client.store)).sign("csrf", "single-user", name))

    async def viewer(self, request: HTTPConnection) -> Viewer | None:
        """Return the one person there is, with the zone and settings that their browser keeps."""
        return self.of(request)

    def of(self, request: HTTPConnection) -> Viewer:
        """Return the one person there is."""
        return Viewer(
            self._name,
            self._csrf,
            zone=zone_of(request),
            is_single_user=True,
            settings=settings_of(request),
        )

    def refused(self, request: HTTPConnection) -> Response:
        """Return what never happens: everybody is let in."""
        raise AssertionError(request)


def zone_of(request: HTTPConnection) -> str:
    """Return the zone that a browser says it is in; UTC when it says none that is known."""
    return known_zone(unquote(request.cookies.get(ZONE_COOKIE, "")))


def settings_of(request: HTTPConnection) -> Mapping[str, Any]:
    """Return the settings that a browser keeps; none when they cannot be read."""
    text = unquote(request.cookies.get(SETTINGS_COOKIE, ""))
    try:
        found = json.loads(text) if 0 < len(text) <= LONGEST_SETTINGS else {}
        json.dumps(found, ensure_ascii=False).encode()  # what no page can show is no setting
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def viewer_of(request: HTTPConnection) -> Viewer:
    """Return who sent a request."""
    found = request.scope["viewer"]
    assert isinstance(found, Viewer)  # noqa: S101 -- security.py lets nobody else through
    return found
