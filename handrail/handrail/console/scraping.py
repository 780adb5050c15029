"""``/metrics``: the numbers of the store as Prometheus reads them, for those who may."""

import hmac
import ipaddress
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from handrail.console.api.problems import problem
from handrail.console.context import console_of
from handrail.console.security import is_loopback
from handrail_ground.optional import LibraryMissing, needs
from handrail_orchestrator.client import Client

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

KEPT_SECONDS = 5.0
"""How long numbers are kept: however many ask, the store is read once in this time."""
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""What a proxy adds: what it hands on is from somebody else, although it comes from this machine."""


@dataclass(slots=True)
class Scraped:
    """The numbers that were read last."""

    client: Client
    _read: float = field(default=-KEPT_SECONDS, init=False)
    _numbers: "CollectorRegistry | None" = field(default=None, init=False)
    _reading: Lock = field(default_factory=Lock, init=False)

    def written(self, accept: str) -> tuple[bytes, str]:
        """Return the numbers as they were at most a few seconds ago, in a format that is accepted, and its name.

        Raises:
            LibraryMissing: the extra ``telemetry`` is not installed.
            StoreError: the store cannot be read.
        """
        with needs("telemetry"):
            from handrail.console import store_numbers  # noqa: PLC0415 -- a library that no page needs

        with self._reading:
            if self._numbers is None or time.monotonic() - self._read >= KEPT_SECONDS:
                self._numbers, self._read = store_numbers.read(self.client), time.monotonic()
            return store_numbers.written(self._numbers, accept)


def routes() -> list[BaseRoute]:
    """Return the route of the numbers."""
    return [Route("/metrics", metrics, name="metrics")]


def metrics(request: Request) -> Response:
    """Answer with the numbers, or refuse; without the library that writes them, say what to install."""
    console = console_of(request)
    if not may_read(request, console.settings.metrics_token):
        refused = "metrics are for this machine, or for who has the token (HANDRAIL_METRICS_TOKEN)\n"
        return PlainTextResponse(refused, 403)
    scraped = request.app.state.scraped
    assert isinstance(scraped, Scraped)  # noqa: S101 -- app.py has put it there
    try:
        body, kind = scraped.written(request.headers.get("accept", ""))
    except LibraryMissing as error:
        status = HTTPStatus.NOT_IMPLEMENTED
        return problem(request, status, status.phrase, str(error))
    return Response(body, headers={"content-type": kind})


def may_read(request: Request, token: str | None) -> bool:
    """Return whether a request has the token; where there is none, whether it comes from this machine, by no proxy."""
    if token is not None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
    if any(name in request.headers for name in FORWARDED) or not is_loopback(request.headers.get("host", "")):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
