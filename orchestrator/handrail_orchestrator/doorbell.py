"""A doorbell between processes: a datagram says that something is due, the store says what.

Nothing is lost when a ring is: every worker also looks at the store once in a while.
"""

import hashlib
import os
import socket
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

LONGEST_SOCKET_PATH = 100
"""Unix sockets take 107 bytes on Linux and 103 elsewhere."""


def sidecar_folder(store_path: str) -> Path | None:
    """Return this user's private folder for sockets and locks of one store, or None when there cannot be one."""
    import tempfile  # noqa: PLC0415 -- whoever only rings needs none

    if not hasattr(os, "getuid"):
        return None
    name = hashlib.blake2s(os.fsencode(os.path.realpath(store_path)), digest_size=8).hexdigest()
    root = Path(tempfile.gettempdir()) / f"handrail-{os.getuid()}"
    folder = root / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = root.lstat()
    except OSError:
        return None
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    fits = len(os.fsencode(folder)) < LONGEST_SOCKET_PATH - len("/0123456789abcdef.sock")
    return folder if private and fits else None


class Doorbell:
    """This worker's own bell."""

    def __init__(self, path: Path, on_ring: Callable[[], None]) -> None:
        import asyncio  # noqa: PLC0415 -- whoever only rings needs no loop

        self.path = str(path)
        self._on_ring = on_ring
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(self.path)
        self._loop.add_reader(self._socket, self._rung)

    def _rung(self) -> None:
        with suppress(BlockingIOError):
            while self._socket.recv(16):
                pass
        self._on_ring()

    def close(self) -> None:
        """Take the bell down."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        with suppress(FileNotFoundError):
            Path(self.path).unlink()


def ring(bells: Iterable[str]) -> None:
    """Ring other workers' bells; one that cannot be reached looks at the store by itself soon."""
    paths = [path for path in bells if path]
    if not paths:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for path in paths:
            with suppress(OSError):
                sender.sendto(b"!", path)
