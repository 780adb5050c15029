"""What every page works with: the store's client, and how the console was started."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from handrail.console.commonness import Commonness
from handrail.console.page_pictures import PagePictures
from handrail.console.signin_settings import SignInSettings
from handrail_orchestrator.client import Client
from handrail_orchestrator.notices.slack import SlackChannel
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.review.moves import UNDO_SECONDS
from handrail_orchestrator.similar import Similar

if TYPE_CHECKING:  # whoever starts the console reads its settings before it is known whether the extra is there
    from starlette.requests import HTTPConnection, Request

DEFAULT_PORT = 8377


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How the console was started."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    root_path: str = ""
    """Where a proxy shows it, such as ``/review``; empty: at the top."""
    single_user: str = "me"
    """Whose decisions they are while nobody is configured in the store."""
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    """How people sign in."""
    behind_proxy: str | None = None
    """The address of the proxy whose ``X-Forwarded-For`` and ``-Proto`` are believed; None: nobody's are."""
    undo_seconds: float = UNDO_SECONDS
    """How long an answer can be taken back before it counts."""
    metrics_token: str | None = field(default=None, repr=False)
    """Who has it may read ``/metrics``; None: whoever is on this machine."""


@dataclass(frozen=True, slots=True)
class Console:
    """A store behind pages."""

    client: Client
    settings: ConsoleSettings = field(default_factory=ConsoleSettings)
    similar: Similar | None = None
    """Finds decided cases that resemble an item; None: nobody does."""
    pictures: PagePictures = field(default_factory=PagePictures)
    """Pages of documents that were looked at."""
    slack: tuple[SlackChannel, ...] = ()
    """The channels whose messages can be answered in Slack."""
    commonness: Commonness = field(default_factory=Commonness)
    """How often each label is decided."""

    @property
    def orchestrator(self) -> Orchestrator | None:
        """Return what executes runs in this process; None: it only looks at the store."""
        return self.client if isinstance(self.client, Orchestrator) else None


def root_of(request: "HTTPConnection") -> str:
    """Return where a proxy shows the console, without a slash at the end; below a mount it is still the console's."""
    root: str = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    return root.rstrip("/")


def console_of(request: "Request") -> Console:
    """Return the console that a request came to."""
    found = request.app.state.console
    assert isinstance(found, Console)  # noqa: S101 -- app.py has put it there
    return found
