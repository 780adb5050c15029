"""A command on a pseudo-terminal of its own, as a person has it."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

PATIENCE_SECONDS = 60.0


class Terminal:
    """One ``handrail`` command whose input, output and errors are a terminal."""

    def __init__(
        self, folder: Path, *arguments: str, lines: int = 50, columns: int = 120, environment: Mapping[str, str] = {}
    ) -> None:
        self._master, slave = pty.openpty()
        inherited = {name: value for name, value in os.environ.items() if name not in {"LINES", "COLUMNS"}}
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "handrail", *arguments],
            stdin=slave, stdout=slave, stderr=slave, cwd=folder, env={**inherited, "TERM": "xterm", **environment},
            preexec_fn=lambda: os.login_tty(slave),  # noqa: PLW1509 -- no threads here; Ctrl-C needs its own terminal
        )  # fmt: skip
        os.close(slave)
        self.shown = ""
        self._read = 0

    def until(self, text: str) -> str:
        """Wait until a text is on the screen that was not there at the last look, and return what came up to it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while (found := self.shown.find(text, self._read)) < 0:
            if not self._more(end - time.monotonic()):
                raise AssertionError(f"{text!r} is not on the screen:\n{self.shown}")
        before, self._read = self.shown[self._read : found], found + len(text)
        return before

    def type(self, keys: str) -> None:
        self.write(keys.encode())

    def write(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def hang_up(self) -> None:
        """Close the terminal, as somebody who closes its window."""
        os.close(self._master)
        self._master = -1

    def is_as_usual(self) -> bool:
        """Return whether the terminal is as a shell expects it: it echoes, and gives whole lines."""
        local: int = termios.tcgetattr(self._master)[3]
        return bool(local & termios.ECHO) and bool(local & termios.ICANON)

    def set_as_usual(self) -> None:
        """Set the terminal back, as a shell does that takes it over."""
        attributes = termios.tcgetattr(self._master)
        attributes[3] |= termios.ECHO | termios.ICANON
        termios.tcsetattr(self._master, termios.TCSANOW, attributes)

    def wait_until_unusual(self) -> None:
        """Wait until the command has set the terminal as it needs it: keys come one by one, and are not shown."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.is_as_usual():
            assert time.monotonic() < end, f"the terminal stays as it was:\n{self.shown}"
            time.sleep(0.01)

    def wait_until_stopped(self) -> None:
        """Wait until the process is suspended."""
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def ended(self) -> int:
        """Read to the end and return the exit code."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self._master >= 0 and self._more(end - time.monotonic()):
            pass
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if self._master >= 0:
            os.close(self._master)

    def _more(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            read = os.read(self._master, 4096)
        except OSError:  # nobody has the other side any more
            return False
        self.shown += read.decode(errors="replace")
        return bool(read)


@contextlib.contextmanager
def terminal(
    folder: Path, *arguments: str, lines: int = 50, columns: int = 120, **environment: str
) -> Iterator[Terminal]:
    """Start a command on a terminal, and end it whatever happens."""
    shown = Terminal(folder, *arguments, lines=lines, columns=columns, environment=environment)
    try:
        yield shown
    finally:
        shown.close()
