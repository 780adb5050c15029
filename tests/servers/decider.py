"""A real decision model with its own server, from a wheel that holds the weights, in a process of its own."""

import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

NAME = "sparrow-nano-general-v1.1"
"""2.2 MB, Apache-2.0; it learned from other questions than ours, and is told the options of each."""
TRIES = 600


class Decider:
    """A running server on the loopback interface; use it as a context manager."""

    def __enter__(self) -> Self:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "sparrow_decider.cli", "--model", NAME, "serve", "--port", str(port)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        for _ in range(TRIES):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    return self
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        self.__exit__(None, None, None)
        raise RuntimeError("the decision model's server did not start")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
