"""What can be wrong with a Temporal server, in our words.

TemporalError
├── TemporalNotReached     nobody answers at the address
├── TemporalRefused        the server answers, and says no
│   └── NamespaceNotFound  it has no such namespace
└── TemporalStopped        this process can take runs from it no more
"""

from temporalio.service import RPCError, RPCStatusCode

from handrail_orchestrator.errors import OrchestratorError
from handrail_orchestrator.temporal.address import TemporalAddress


class TemporalError(OrchestratorError):
    """A Temporal server cannot be used."""


class TemporalNotReached(TemporalError):
    """Nobody answers at the address of a Temporal server."""


class TemporalRefused(TemporalError):
    """A Temporal server says no."""


class NamespaceNotFound(TemporalRefused):
    """A Temporal server has no such namespace."""


class TemporalStopped(TemporalError):
    """This process can take runs from a Temporal server no more; others can."""


_NOT_OUR_TLS = (
    "InvalidContentType", "InvalidCertificate", "UnknownIssuer", "NativeCertsNotFound", "CertificateRequired",
    "HandshakeFailure", "stream closed because of a broken pipe", "connection closed", "connection error detected",
)  # fmt: skip
"""What the SDK says when one side speaks TLS and the other does not, or one does not trust the other.

A server that wants TLS, or a certificate, closes the connection instead of saying so.
"""

_NOT_LET_IN = "code: Unauthenticated", "code: PermissionDenied"
"""What it says, as the text of another error, when the first call of a connection is refused."""


def in_our_words(address: TemporalAddress, error: Exception) -> TemporalError:
    """Return what an error means; one of ours is what it is."""
    return error if isinstance(error, TemporalError) else _of_the_sdk(address, error)


def _of_the_sdk(address: TemporalAddress, error: Exception) -> TemporalError:
    status = error.status if isinstance(error, RPCError) else None
    if status == RPCStatusCode.NOT_FOUND:
        return NamespaceNotFound(
            f"the Temporal server at {address.target} has no namespace {address.namespace!r}: make it with"
            f" `temporal operator namespace create --namespace {address.namespace}`, or name another in the address"
        )
    said = str(error)
    refused = any(sign in said for sign in _NOT_LET_IN)
    if refused or status in {RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED}:
        return TemporalRefused(
            f"the Temporal server at {address.target} lets nobody in without the right key ({error}): set"
            " TEMPORAL_API_KEY, or TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH"
        )
    if any(sign in said for sign in _NOT_OUR_TLS):
        return TemporalRefused(
            f"the server at {address.target} speaks another TLS than is asked for ({said}): with TLS set"
            " TEMPORAL_TLS_SERVER_CA_CERT_PATH, where it wants to know workers TEMPORAL_TLS_CLIENT_CERT_PATH and"
            " TEMPORAL_TLS_CLIENT_KEY_PATH; without TLS none of them, nor TEMPORAL_API_KEY"
        )
    unreached = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}
    if status in unreached or "connect" in str(error).lower():
        return TemporalNotReached(
            f"no Temporal server answers at {address.target}: start one, or correct the address ({error})"
        )
    return TemporalStopped(f"the Temporal server at {address.target}: {type(error).__name__}: {error}")
