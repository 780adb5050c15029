"""``handrail serve``: the pages and the HTTP API of a store, and with workflows the worker too."""

import getpass
import os
from typing import Annotated
from urllib.parse import urlsplit

import typer

import handrail.standing_promises  # noqa: F401 -- adds the chore
from handrail.console.context import DEFAULT_PORT, ConsoleSettings
from handrail.console.signin_settings import SECRET_VARIABLE, OidcSettings, SignInSettings
from handrail_ground.optional import needs
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.given_systems import LimitsOption, SystemsOption, load_limits, load_systems
from handrail_orchestrator.cli.given_triggers import TriggersOption, load_triggers
from handrail_orchestrator.cli.loading import lasting
from handrail_orchestrator.cli.options import DEFAULT_STORE, ConcurrencyOption, LogOption, StoreOption
from handrail_orchestrator.cli.stopping import run_until_stopped
from handrail_orchestrator.cli.target import load_workflow
from handrail_orchestrator.cli.telling import NoticesOption, load_notices
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.logs import log_json
from handrail_orchestrator.records.person import checked_role
from handrail_orchestrator.review.moves import LONGEST_UNDO_SECONDS, UNDO_SECONDS

LARGEST_PORT = 65_535
METRICS_VARIABLE = "HANDRAIL_METRICS_TOKEN"
"""Holds what a reader of ``/metrics`` has to give, where it is not on this machine."""
NOBODY = "me"
"""Who decides in single-user mode where the system cannot tell who is logged in."""


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return NOBODY


@complaining
def serve(  # noqa: PLR0913, PLR0917 -- a command has a parameter for each of its options
    store: StoreOption = DEFAULT_STORE,
    host: Annotated[str, typer.Option(help="the address to listen on; others than loopback need people")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=LARGEST_PORT, help="0: any that is free")] = DEFAULT_PORT,
    workflows: Annotated[
        list[str] | None, typer.Option(metavar="MODULE:WORKFLOW", help="execute this one, too; may be given again")
    ] = None,
    root_path: Annotated[str, typer.Option(metavar="/PATH", help="where a proxy shows it")] = "",
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="who decides while nobody is configured")] = "",
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="how browsers reach it, such as https://review.example.com")
    ] = None,
    behind_proxy: Annotated[
        str | None, typer.Option(metavar="IP", help="believe what the proxy at this address says of its callers")
    ] = None,
    oidc_issuer: Annotated[
        str | None, typer.Option(metavar="URL", help="let people sign in with this provider")
    ] = None,
    oidc_client_id: Annotated[
        str, typer.Option(metavar="ID", help=f"how the provider knows the console; its secret: {SECRET_VARIABLE}")
    ] = "",
    oidc_role: Annotated[
        str | None,
        typer.Option(metavar="ROLE", help="of whom the provider lets in and nobody added (default: refused)"),
    ] = None,
    undo_seconds: Annotated[
        float, typer.Option(min=0, max=LONGEST_UNDO_SECONDS, help="how long an answer can be taken back")
    ] = UNDO_SECONDS,
    concurrency: ConcurrencyOption = 100,
    triggers: TriggersOption = None,
    notices: NoticesOption = None,
    systems: SystemsOption = None,
    limits: LimitsOption = None,
    logs: LogOption = False,  # noqa: FBT002 -- typer makes an option of it
) -> None:
    """Show the review pages of a store in a browser, and its HTTP API; with workflows, execute them too."""
    if logs:
        log_json()
    signing_in = SignInSettings(
        oidc=_provider(oidc_issuer, oidc_client_id, oidc_role), public_url=_checked_public(public_url)
    )
    settings = ConsoleSettings(
        host, port, _checked_root(root_path), by.strip() or _user(), signing_in, behind_proxy, undo_seconds,
        metrics_token=os.environ.get(METRICS_VARIABLE) or None,
    )  # fmt: skip
    with needs("console"):
        from handrail.console.server import Served, serve_until_stopped  # noqa: PLC0415 -- needs the extra
    targets = [name for each in workflows or () for name in each.split(",") if name]
    with calling_foreign_code():
        loaded = [(load_workflow(target), lasting(target)) for target in targets]
        given = tuple(load_triggers(triggers))
        if given and not loaded:
            raise Misuse("--triggers start runs, which takes --workflows MODULE:WORKFLOW, too")
        plan = load_notices(notices)
        breakers, limited = load_systems(systems), load_limits(limits)
        served = Served(store, tuple(loaded), settings, concurrency, given, plan, breakers, limited)
        run_until_stopped(serve_until_stopped(served))


def _provider(issuer: str | None, client_id: str, role: str | None) -> OidcSettings | None:
    """Return the provider that people sign in with; None: there is none."""
    if issuer is None:
        return None
    secret = os.environ.get(SECRET_VARIABLE) or None
    return OidcSettings(
        issuer=issuer, client_id=client_id, secret=secret, role=None if role is None else checked_role(role)
    )


def _checked_public(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Misuse(f"--public-url {url!r} is no address of a host: write it as https://review.example.com")
    return f"{parts.scheme}://{parts.netloc}"


def _checked_root(path: str) -> str:
    trimmed = path.rstrip("/")
    if trimmed and (not trimmed.startswith("/") or "//" in trimmed or any(each in trimmed for each in "?#%\\ ")):
        raise Misuse(f"--root-path {path!r} is no path: write it as /review")
    return trimmed
