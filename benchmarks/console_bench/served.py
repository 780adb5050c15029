"""``handrail serve``, or the desk by hand, as a process of its own, and a visitor who keeps its connection."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from bench.processor import seconds_of
from engine_bench.errors import ChildFailed

KEPT_SECONDS = 2.0
"""How long a connection is used that nothing was asked on: less than the servers keep one."""


class Served:
    """A server on a store, ended with the block it is opened in.

    Its modules are compiled beforehand, as an installed package's are, whatever this process is told of that.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.started_ms = 0.0
        """From before the process to its first answer."""
        self.started_cpu_ms = 0.0
        """Of the processor, until then."""

    module = "handrail.console.server"

    def command(self) -> Sequence[str]:
        """Return what starts the server."""
        return [sys.executable, "-m", "handrail", "serve", "--store", f"sqlite:///{self._file}", "--port", "0"]

    def __enter__(self) -> Self:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(self._file.parent / "compiled")
        environment["PYTHONPATH"] = str(Path(__file__).parents[1])
        subprocess.run([sys.executable, "-c", f"import {self.module}"], check=True, env=environment)
        begun = time.perf_counter()
        self._process = subprocess.Popen(
            self.command(), stderr=subprocess.PIPE, text=True, cwd=self._file.parent, env=environment
        )
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        found = re.search(r"http://\S+", said)
        if found is None:
            raise ChildFailed(f"handrail serve said {said!r}")
        self.url = found[0].rstrip("/")
        self._visitor = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        self._asked = 0.0
        self.get("/queue")
        self.started_ms = 1000 * (time.perf_counter() - begun)
        self.started_cpu_ms = self.cpu_ms
        return self

    def __exit__(self, *_: object) -> None:
        self._visitor.close()
        self._process.terminate()
        self._process.wait(30)

    def get(self, path: str) -> str:
        """Return a page."""
        return self._answer("GET", path)

    def post(self, path: str, body: object) -> dict[str, Any]:
        """Ask the API, and return what it answers."""
        headers = {"Origin": self.url, "Content-Type": "application/json"}
        answer: dict[str, Any] = json.loads(self._answer("POST", path, json.dumps(body), headers))
        return answer

    def _answer(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> str:
        if time.monotonic() - self._asked > KEPT_SECONDS:
            self._visitor.close()  # and connect anew
        try:
            self._visitor.request(method, path, body, headers or {})
            answer = self._visitor.getresponse()
        except http.client.RemoteDisconnected:  # it had been idle for as long as the server keeps one
            if self._process.poll() is not None or method != "GET":
                raise
            self._visitor.request(method, path, body, headers or {})
            answer = self._visitor.getresponse()
        text = answer.read().decode()
        if answer.status >= 400:
            raise ChildFailed(f"{method} {path}: {answer.status} {text[:300]}")
        self._asked = time.monotonic()
        return text

    @property
    def cpu_ms(self) -> float:
        """Return the processor time that the process has used, in milliseconds."""
        while self._is_running:  # what follows an answer belongs to it
            time.sleep(0.0005)
        return 1000 * seconds_of(self._process.pid)

    @property
    def _is_running(self) -> bool:
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            with suppress(OSError):  # a thread that has ended meanwhile
                if (task / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "R":
                    return True
        return False

    @property
    def megabytes(self) -> float:
        """Return the memory that the process holds."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class ServedByHand(Served):
    """The desk by hand on a store."""

    module = "console_bench.plain_server"

    def command(self) -> Sequence[str]:
        """Return what starts the server."""
        return [sys.executable, "-m", self.module, str(self._file)]
