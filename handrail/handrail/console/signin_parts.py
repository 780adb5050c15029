"""What signing in works with while the console runs: sessions, passwords, the count of tries, the identity provider."""

from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import HTTPConnection

from handrail.console.attempts import Attempts
from handrail.console.passwords import Passwords
from handrail.console.sessions import Sessions
from handrail.console.signin_settings import SignInSettings
from handrail.console.viewer import SingleUser
from handrail_orchestrator.client import Client

if TYPE_CHECKING:
    from handrail.console.oidc import Provider


class SignInParts(NamedTuple):
    """What signing in works with."""

    sessions: Sessions
    passwords: Passwords
    attempts: Attempts
    provider: "Provider | None"

    @staticmethod
    def of(client: Client, settings: SignInSettings, single_user: SingleUser) -> "SignInParts":
        """Return the parts for a store whose client is open."""
        provider = None
        if settings.oidc is not None:
            from handrail.console.oidc import Provider  # noqa: PLC0415 -- its libraries take as long as all the others

            provider = Provider(settings.oidc, now=client.now)
        return SignInParts(Sessions(client, settings, single_user), Passwords(), Attempts(), provider)


def signing_in(request: HTTPConnection) -> SignInParts:
    """Return what signing in works with at the console that a request came to."""
    found = request.app.state.sign_in
    assert isinstance(found, SignInParts)  # noqa: S101 -- app.py has put it there
    return found
