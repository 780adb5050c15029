"""How people sign in at the console: how long a session lasts, and the identity provider if there is one."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.records.person import Role

SECRET_VARIABLE = "HANDRAIL_OIDC_SECRET"  # noqa: S105 -- the name of the variable, not what is in it
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """An identity provider that people sign in with (OpenID Connect, code flow with PKCE).

    Raises:
        Misuse: the issuer is no address that can be trusted, or something is missing.
    """

    issuer: str
    """As the provider writes it in what it signs, such as ``https://login.example.com/realms/staff``."""
    client_id: str
    """How the provider knows this console."""
    secret: str | None = field(default=None, repr=False)
    """What proves it to the provider; None: a public client, which PKCE alone protects."""
    role: Role | None = None
    """The role of somebody whom the store does not know yet; None: they are refused."""
    label: str = ""
    """What the button says; empty: the issuer's host."""

    def __post_init__(self) -> None:
        if not is_trusted_address(self.issuer):
            raise Misuse(
                f"the issuer {self.issuer!r} must begin with https:// (http:// only on this machine), and be an address"
                " as the provider writes it: ASCII, no name or password, a port that can be"
            )
        if not self.client_id.strip():
            raise Misuse("the identity provider needs a client id: give --oidc-client-id")
        if self.role == "admin":
            raise Misuse("nobody becomes an admin by signing in: make them one with `handrail people role`")

    @property
    def shown(self) -> str:
        """Return what the button says."""
        return self.label or urlsplit(self.issuer).hostname or self.issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInSettings:
    """How people sign in."""

    oidc: OidcSettings | None = None
    """The identity provider; None: people sign in with a password alone."""
    session_seconds: float = 12 * 3600.0
    """After which a session ends, whatever happens in it."""
    idle_seconds: float = 2 * 3600.0
    """After which a session ends in which nothing happens."""
    public_url: str | None = None
    """Where people reach the console, such as ``https://review.example.com``; None: as their request says."""


def is_trusted_address(url: str) -> bool:
    """Return whether nobody on the way can change what is exchanged with an address."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # a port that cannot be is a ValueError
    except ValueError:
        return False
    if parts.username or parts.password or not host or not url.isascii() or not url.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_NAMES)
