"""A loopback proxy before a server: it cuts connections, refuses them, and loses the answers to commits."""

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

COMMIT = b"COMMIT\0"
"""How a message of PostgreSQL's protocol ends that commits."""
STATEMENTS = (b"P", b"B")
"""How messages begin with which statements and their values are sent, many before the first answer."""


class CuttingProxy:
    """Passes bytes on between clients and a server until a test cuts them off."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self.lost = 0
        """Answers to commits that were lost."""
        self.loses_answer: Callable[[], bool] = lambda: False
        """Asked before each commit is passed on: whether its answer is lost."""
        self.loses_commit: Callable[[], bool] = lambda: False
        """Asked before each commit: whether it is lost itself."""
        self.halves: Callable[[bytes], bool] = lambda _: False
        """Asked before statements are passed on: whether half of them are, and then nothing more."""
        self.halved = 0
        """How often that was done."""
        self.late: threading.Event | None = None
        """Until when the next commit is on its way, after its client was cut off."""
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # wakes who accepts
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def cut(self) -> None:
        """Cut all connections, and refuse new ones until they are let through again."""
        with self._lock:
            self._is_cut = True
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let new connections through again."""
        self._is_cut = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            if self._is_cut:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._server))
            except OSError:
                return
            with server:
                with self._lock:
                    self._open |= {client, server}
                answers = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
                answers.start()
                self._pass_on(client, server, is_asking=True)
                answers.join()
                with self._lock:
                    self._open -= {client, server}

    def _passes_commit(self, client: socket.socket) -> bool:
        """Do to a commit what the test wants; return whether it goes on to the server."""
        if self.loses_commit():
            self.lost += 1
            return False
        late, self.late = self.late, None
        if late is not None or self.loses_answer():
            self.lost += 1
            client.shutdown(socket.SHUT_RDWR)
        if late is not None:
            late.wait()
        return True

    def _pass_on(self, source: socket.socket, target: socket.socket, *, is_asking: bool = False) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if is_asking and data.endswith(COMMIT) and not self._passes_commit(source):
                    break
                if is_asking and data.startswith(STATEMENTS) and self.halves(data):
                    self.halved += 1
                    target.sendall(data[: len(data) // 2])
                    break
                target.sendall(data)
                if self._is_cut:
                    break
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_WR if each is target and is_asking else socket.SHUT_RDWR)
