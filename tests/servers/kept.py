"""A real server that a test starts, kills and starts again: a process on a private port, in a folder of its own."""

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

KEEPER = Path(__file__).with_name("keeper.py")
STARTS_SECONDS = 90.0
LOOK_SECONDS = 0.02

# What a server sees of our environment: nothing that could change how it behaves.
_PLAIN = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class ServerFailed(Exception):
    """A server did not start; the end of its log says why."""


def unavailable(reason: str) -> NoReturn:
    """Skip what needs a server that is not here; fail in CI, which has all of them."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; CI is set, and there it may not be missing")
    pytest.skip(reason)


def free_port() -> int:
    """Return a loopback port that nobody has at this moment."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def unprivileged() -> str | None:
    """Return as whom a server runs that refuses root: nobody, or None for who we are."""
    return pwd.getpwnam("nobody").pw_name if os.getuid() == 0 else None


class KeptServer:
    """One server: how it is started is its subclass's; a keeper ends it when this process goes."""

    ends_by = signal.SIGTERM

    def __init__(self, prefix: str, user: str | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        self._user = user
        if user is not None:
            shutil.chown(self.folder, user)
        self._keeper: subprocess.Popen[str] | None = None
        self._pid = 0

    @property
    def log(self) -> Path:
        """Where it writes what happens to it."""
        return self.folder / "log"

    @property
    def runs(self) -> bool:
        """Whether its process is there; a frozen one is."""
        return self._keeper is not None and self._keeper.poll() is None

    @property
    def pid(self) -> int:
        """The process that a test may freeze (SIGSTOP) and wake; its own methods kill it."""
        assert self.runs, "the server does not run"
        return self._pid

    def kill(self) -> None:
        """Kill it with -9, with all that it started: what it kept is as that moment left it."""
        if self.runs:
            _signal(self._pid, signal.SIGSTOP)  # so that it starts nothing more
            children = _children(self._pid)
            for each in (self._pid, *children):
                _signal(each, signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        """End it in good order; it can be started again."""
        if self.runs:
            _signal(self._pid, self.ends_by)
            _signal(self._pid, signal.SIGCONT)  # a test may have frozen it
        self._reap()

    def remove(self) -> None:
        """End it and delete all that it has."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _launch(self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        """Start the process under its keeper."""
        assert not self.runs, "the server runs"
        self._reap()  # a test may have killed it by its process id
        order = {
            "command": [str(part) for part in command],
            "environment": {**_PLAIN, **(environment or {})},
            "folder": str(self.folder),
            "log": str(self.log),
            "user": self._user,
            "ends_by": int(self.ends_by),
        }
        # isolated: what a keeper needs is in the standard library, and it must start fast
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is the tests'
        )
        assert self._keeper.stdout is not None
        first = self._keeper.stdout.readline()
        if not first:
            self._reap()
            raise ServerFailed(f"{command[0]} could not be started")
        self._pid = int(first)

    def _wait_until_it_answers(self) -> None:
        """Wait until it answers; raise with its log when it ends first."""
        end = time.monotonic() + STARTS_SECONDS
        while not self._answers():
            if not self.runs or time.monotonic() > end:
                tail = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
                self.kill()
                raise ServerFailed(f"{type(self).__name__} does not answer: {tail}")
            time.sleep(LOOK_SECONDS)

    def _answers(self) -> bool:
        raise NotImplementedError

    def _reap(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.wait()  # it stays as long as the server does
            for stream in (keeper.stdin, keeper.stdout):
                assert stream is not None
                stream.close()


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _children(pid: int) -> list[int]:
    """Return the processes that a process started and that are there."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(child) for child, parent in pairs if int(parent) == pid]
