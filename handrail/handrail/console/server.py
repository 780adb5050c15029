"""The console's server: one event loop for the pages, the timers, and the worker if there is one."""

import asyncio
import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

import typer
import uvicorn

from handrail.console.app import console
from handrail.console.connections import CallerConnection, most_connections
from handrail.console.context import ConsoleSettings
from handrail.console.security import is_loopback
from handrail.similar import SimilarCases
from handrail_orchestrator import chores
from handrail_orchestrator.breaker import Breaker
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import Misuse, StoreLocked
from handrail_orchestrator.limits import Limit
from handrail_orchestrator.notices.chores import telling
from handrail_orchestrator.notices.plan import Notices
from handrail_orchestrator.notices.slack import SlackChannel
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.standing import standing
from handrail_orchestrator.telemetry.exporting import telemetry_from_environment
from handrail_orchestrator.triggers.port import Trigger
from handrail_orchestrator.workflow import AnyWorkflow

LAST_ANSWERS_SECONDS = 5
"""How long answers that are being given may take when the server stops."""
BACKLOG = 512

_log = logging.getLogger("handrail.console")


@dataclass(frozen=True, slots=True)
class Served:
    """What is served."""

    store: str
    workflows: tuple[tuple[AnyWorkflow, str], ...]
    """Each with where its code is found."""
    settings: ConsoleSettings
    concurrency: int
    triggers: tuple[Trigger, ...] = ()
    notices: Notices | None = None
    """Who is told what."""
    systems: Mapping[str, Breaker] | None = None
    """Breakers of the systems that steps need."""
    limits: Mapping[str, Limit] | None = None
    """Limits that steps name."""


class _Server(uvicorn.Server):
    """A server that leaves signals to the command that runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve_until_stopped(served: Served) -> None:
    """Serve a store until this is cancelled.

    Raises:
        Misuse: the address is taken, or is none of this machine's loopback while nobody is configured.
        StoreError: the store cannot be used.
    """
    with listening(served.settings) as listener:
        async with _opened(served) as client:
            if isinstance(client, Orchestrator):
                for workflow, target in served.workflows:
                    await client.remember_code(workflow.name, target)
            _must_be_safe(served.settings, has_people=client.people.exist())
            if served.notices is not None:
                await client.outbox.declare(served.notices.declaration())
            with closing(SimilarCases(client)) as similar:
                await _serve(client, similar, served, listener)


def _opened(served: Served) -> Client:
    if served.workflows:
        workflows = [workflow for workflow, _ in served.workflows]
        return Orchestrator(
            served.store,
            workflows=workflows,
            concurrency=served.concurrency,
            triggers=served.triggers,
            systems=served.systems,
            limits=served.limits,
            telemetry=telemetry_from_environment(),
        )
    return Client(served.store)


def _must_be_safe(settings: ConsoleSettings, *, has_people: bool) -> None:
    if has_people:
        return
    reached = None if is_loopback(settings.host) else f"--host {settings.host} is no loopback address"
    if settings.behind_proxy is not None:
        reached = "--behind-proxy lets others than this machine in"
    if settings.sign_in.oidc is not None:
        reached = "--oidc-issuer lets others than this machine in"
    if reached is not None:
        raise Misuse(
            f"{reached}, and nobody is configured in this store, so that everybody could decide:"
            " add a first person with `handrail people add NAME --role admin --password`"
        )


@contextmanager
def listening(settings: ConsoleSettings) -> Iterator[socket.socket]:
    """Open the socket, so that a taken port is told before anything else begins.

    What is sent goes out at once. Asyncio asks for that where a socket names its protocol, which this one does not, and
    on a connection that is kept the second part of an answer would wait 40 ms for a visitor's word on the first.
    """
    where = f"{settings.host}:{settings.port}"
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (OSError, UnicodeError) as error:  # the latter of a name such as a..b
        why = getattr(error, "strerror", None) or error
        raise Misuse(f"cannot listen on {where} ({why}): choose another --port or --host") from None
    try:
        yield listener
    finally:
        listener.close()


async def _serve(client: Client, similar: SimilarCases, served: Served, listener: socket.socket) -> None:
    most = most_connections()
    config = uvicorn.Config(
        console(client, served.settings, similar=similar, slack=_answering(served)),
        lifespan="off",
        http=partial(CallerConnection, most=most),  # type: ignore[arg-type]  # it is called as a class is
        ws="none",
        backlog=min(BACKLOG, max(1, most // 4)),  # so many are let in at once, before one of them is looked at
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=served.settings.behind_proxy is not None,
        forwarded_allow_ips=served.settings.behind_proxy,
        timeout_graceful_shutdown=LAST_ANSWERS_SECONDS,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]), name="serving")
    beside = [asyncio.create_task(_fire_timers(client), name="timers")]
    if isinstance(client, Orchestrator):
        beside.append(asyncio.create_task(client.failed(), name="worker"))
    beside += chores.begin([*standing(client), *_telling(client, served)])
    typer.echo(_greeting(served, listener), err=True)
    try:
        done, _ = await asyncio.wait([serving, *beside], return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()
    finally:
        server.should_exit = True
        await asyncio.gather(serving, chores.ended(beside), return_exceptions=True)


def _answering(served: Served) -> list[SlackChannel]:
    """Return the channels in which people answer."""
    channels = () if served.notices is None else served.notices.channels.values()
    return [each for each in channels if isinstance(each, SlackChannel) and each.answers]


def _telling(client: Client, served: Served) -> "list[chores.Chore]":
    """Return what tells people: where the plan does not say how the console is reached, the command does."""
    settings = served.settings
    public = settings.sign_in.public_url
    url = None if public is None else f"{public}{settings.root_path}"
    return telling(client.outbox, served.notices, url=url)


async def _fire_timers(client: Client) -> None:
    """Let what is due happen, once a second: undo windows that end, items that are late."""
    while True:
        await asyncio.sleep(1.0)
        try:
            await client.fire_timers()
        except StoreLocked:  # somebody holds it for a moment: the next second is soon enough
            _log.warning("timers: the store is locked")


def _greeting(served: Served, listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    names = ", ".join(f"{workflow.name} v{workflow.version}" for workflow, _ in served.workflows)
    working = f", working on {names}" if names else ""
    return f"serving {served.store}{working}: http://{shown}:{port}{served.settings.root_path}/"
