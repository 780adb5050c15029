"""Forbid every connection and name look-up that leaves this machine, for the rest of the process.

An audit hook sees what patched functions miss: sockets that C code or a library opens for itself. A hook cannot be
taken out again, which is what a test run wants.
"""

import ipaddress
import sys
from typing import Any

from handrail_ground.errors import Order

LOCAL_NAMES = frozenset({"", "localhost"})


class NetworkForbidden(Order):
    """A test tried to leave this machine; not an ``Exception``, so that no retry and no fallback can hide it."""


def forbid_network() -> None:
    """Refuse, from now on and in this process, every address that is not on this machine."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    match event:
        case "socket.connect" | "socket.sendto" | "socket.sendmsg":
            address = arguments[1]
            # A unix socket's address is a path; a datagram on a connected socket has none.
            host = address[0] if isinstance(address, tuple) else None
        case "socket.getaddrinfo" | "socket.gethostbyname":
            host = arguments[0]
        case _:
            return
    if not _is_local(host):
        raise NetworkForbidden(f"{event} to {host!r}: tests may only reach this machine; use a recording or a script")


def _is_local(host: str | bytes | None) -> bool:
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False
