"""No network, for as long as a test wants it: whatever reaches beyond this machine stops the test."""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from handrail_ground.errors import Order

_CONNECTING = ("connect", "connect_ex", "sendto")
_LOOKING_UP = ("getaddrinfo", "gethostbyname")
_HERE = frozenset({"", "localhost", "ip6-localhost"})


class NetworkForbidden(Order):
    """Something reached beyond this machine inside ``forbid_network()``.

    Not an ``Exception``: a model would take it for an outage, and the test would go on with a ``Doubtful``.
    """

    def __init__(self, message: str, *, host: str) -> None:
        """Name the host that was reached for."""
        super().__init__(message)
        self.host = host
        """The name or address."""


@contextmanager
def forbid_network() -> Iterator[None]:
    """Refuse, in this process and inside the ``with`` block, every host but this machine.

    It watches Python's ``socket`` module, which the client libraries use. It can be nested.

    Raises:
        NetworkForbidden: from the call that looked up or connected to another host.
    """
    with ExitStack() as restored:
        for name in _CONNECTING:
            restored.callback(setattr, socket.socket, name, getattr(socket.socket, name))
            setattr(socket.socket, name, _guarded(getattr(socket.socket, name), _host_of_address))
        for name in _LOOKING_UP:
            restored.callback(setattr, socket, name, getattr(socket, name))
            setattr(socket, name, _guarded(getattr(socket, name), _host_looked_up))
        yield


def _guarded(call: Callable[..., Any], host_of: Callable[[tuple[Any, ...]], Any]) -> Callable[..., Any]:
    def checked(*args: Any, **kwargs: Any) -> Any:
        host = host_of(args or tuple(kwargs.values()))
        if not is_here(host):
            raise NetworkForbidden(
                f"the network is forbidden here, and something reached for {host!r}; "
                "use a ScriptedModel, a recording, or a server on this machine",
                host=str(host),
            )
        return call(*args, **kwargs)

    return checked


def _host_of_address(args: tuple[Any, ...]) -> Any:
    address = args[-1]
    return address[0] if isinstance(address, tuple) else None  # a path is a socket on this machine


def _host_looked_up(args: tuple[Any, ...]) -> Any:
    return args[0]


def is_here(host: str | bytes | None) -> bool:
    """Return whether a host, by name or address, is this machine; None, as of a path, is."""
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name in _HERE:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False
