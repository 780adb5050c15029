"""The process that reads files, as this process sees it: started once, asked for each file, ended when it is late."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from handrail_ai_steps.documents import errors
from handrail_ai_steps.documents.errors import DocumentError, ReaderCrashed, TooHeavy
from handrail_ai_steps.documents.frames import beginning, take
from handrail_ai_steps.documents.limits import MEGABYTE, ReadingLimits
from handrail_ai_steps.documents.readers import process
from handrail_ai_steps.documents.readers.wire import limits_as_json
from handrail_ground.optional import LibraryMissing

CLOCK = 3.0
"""How much longer than the processor's time a file may take by the clock."""
GRACE_SECONDS = 10.0
"""More by the clock for any file, in which a busy machine starts a process."""
OF_SECONDS = (
    "ReadingLimits.seconds, which all that reads a file shares: give more if you trust it, or let a person read it"
)
"""What is to be said where time ran out."""

NEARLY = 0.7
"""Of the allowed memory in use: a process that dies there died of it; libraries end when they get no more."""

_PROGRAM = """
import json, sys
sys.path += [each for each in json.loads(sys.argv[1]) if each not in sys.path]
from handrail_ai_steps.documents.readers.child import answer
from handrail_ai_steps.documents.readers.process import main
main(answer)
"""
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "COVERAGE_PROCESS_CONFIG")
"""What the process sees of the environment."""


def ask(
    task: str, data: bytes, limits: ReadingLimits, *, module: str = "", **request: Any
) -> Generator[tuple[Any, bytes], None, None]:
    """Let a child of the reading process do something with a file's bytes, and yield its messages as they come.

    ``module`` is what the task will need, loaded once for all.

    Raises:
        DocumentError: what the child says is wrong with the file, or that it died of it, or was late.
        LibraryMissing: an optional library that it needs is not installed.
    """
    for again in (True, False):
        answered = False
        try:
            for message in _asked({"task": task, "limits": limits_as_json(limits), **request}, data, limits, module):
                answered = True
                yield message
        except _Gone as gone:
            if not again or answered:
                raise ReaderCrashed(str(gone)) from None
        else:
            return


class _Gone(Exception):
    """The process that reads ended, without an answer."""


def _asked(request: Mapping[str, Any], data: bytes, limits: ReadingLimits, module: str) -> Iterator[tuple[Any, bytes]]:
    channel, status = _KEPT_READER.order(module)
    until = _Until(limits.seconds)
    with channel, status, channel.makefile("rb") as incoming:
        try:
            _send(channel, beginning(request, len(data)), until)
            _send(channel, data, until)
            while True:
                said, more = _next(channel, incoming, until)
                match said:
                    case ["end"]:
                        return
                    case ["error", name, message]:
                        raise _error(name, message)
                    case ["missing", library, extra]:
                        raise LibraryMissing(library=library, extra=extra)
                    case ["failed", message]:
                        raise ReaderCrashed(f"what reads it failed: {message}")
                    case ["page", *_]:
                        until.seconds += limits.page_seconds
                    case _:
                        pass
                yield said, more
        except DocumentError as error:
            ended = _end(status)
            error.seconds = 0.0 if ended is None else ended.seconds
            raise
        except _Silent:
            raise _why(_end(status), limits) from None


class _Silent(Exception):
    """The child says no more."""


def _next(channel: socket.socket, incoming: BinaryIO, until: "_Until") -> tuple[Any, bytes]:
    """Return the child's next message."""
    until.limit(channel)
    try:
        return take(_exactly(incoming))
    except TimeoutError:
        raise until.late() from None
    except (EOFError, OSError, ValueError):
        raise _Silent from None


class _Until:
    """How long a child is waited for, by the clock."""

    def __init__(self, seconds: float) -> None:
        self._began = time.monotonic()
        self.seconds = seconds
        """Of the processor, that it may use."""
        self._set = 0.0

    def left(self) -> float:
        """Return how many seconds by the clock are left."""
        return max(self._began + CLOCK * self.seconds + GRACE_SECONDS - time.monotonic(), 0.001)

    def limit(self, channel: socket.socket) -> None:
        """Let the next message be waited for so long, to a second: a call of the system for each page is too many."""
        left = self.left()
        if abs(left - self._set) > 1 or left < 1:
            channel.settimeout(left)
            self._set = left

    def late(self) -> TooHeavy:
        """Return what a file is that takes longer."""
        return TooHeavy(
            f"reading it took longer than {CLOCK * self.seconds + GRACE_SECONDS:.0f} s by the clock ({OF_SECONDS})"
        )


def _send(channel: socket.socket, data: bytes, until: _Until) -> None:
    """Send all of it, unless the child ends first: then what it said, or its end, is what counts."""
    channel.settimeout(until.left())
    try:
        with suppress(BrokenPipeError, ConnectionResetError):
            channel.sendall(data)
    except TimeoutError:
        raise until.late() from None


def _exactly(incoming: BinaryIO) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        data = incoming.read(size)
        if len(data) < size:
            raise EOFError
        return data

    return read


def _error(name: str, message: str) -> DocumentError:
    kind = getattr(errors, name, None)
    return kind(message) if isinstance(kind, type) and issubclass(kind, DocumentError) else ReaderCrashed(message)


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a child ended."""

    status: int
    """As ``wait`` tells it."""
    memory: int
    """The most it had, in bytes."""
    seconds: float
    """Of the processor."""


def _end(status: socket.socket) -> _Ended | None:
    """Let a child end if it has not, and return how it did; None: whoever would say so has ended, too."""
    try:
        status.shutdown(socket.SHUT_WR)  # as if we had gone
        status.settimeout(GRACE_SECONDS)
        with status.makefile("rb") as told:
            return _Ended(*process.STATUS.unpack(_exactly(told)(process.STATUS.size)))
    except (EOFError, OSError):
        return None


def _why(ended: _Ended | None, limits: ReadingLimits) -> Exception:
    """Return why there is no more of an answer, by how the child ended."""
    if ended is None:
        return _Gone("the process that read it was ended from outside; try again")
    error = _died(ended, limits)
    error.seconds = ended.seconds
    return error


def _died(ended: _Ended, limits: ReadingLimits) -> DocumentError:
    number = os.WTERMSIG(ended.status) if os.WIFSIGNALED(ended.status) else 0
    if number in {signal.SIGPROF, signal.SIGXCPU}:
        return TooHeavy(f"reading it took more than {ended.seconds:.1f} s of the processor ({OF_SECONDS})")
    if ended.memory > limits.memory * NEARLY:
        return TooHeavy(f"reading it took more than {limits.memory // MEGABYTE} MB (ReadingLimits.memory)")
    if number == signal.SIGKILL:
        return ReaderCrashed("the process that read it was killed, from outside or for want of memory; try again")
    how = f"signal {number} ({_signal_name(number)})" if number else f"status {ended.status}"
    return ReaderCrashed(f"the process that read it ended with {how}: the file is damaged, or made to do harm")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "of no name"


class _Reader:
    """The reading process, and the socket on which it takes orders from any thread."""

    def __init__(self) -> None:
        """Start it.

        Raises:
            ReaderCrashed: it cannot be started.
        """
        if os.name != "posix":
            raise ReaderCrashed("files are read in a process that forks, which this system cannot: use Linux or macOS")
        self._control, theirs = socket.socketpair()
        self._lock = threading.Lock()
        paths = json.dumps([str(Path(each).absolute()) for each in sys.path])
        command = [sys.executable or "python3", "-I", "-X", "utf8", "-c", _PROGRAM, paths]
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603 -- our own program, by this very Python
                    command,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env={name: os.environ[name] for name in _KEPT if name in os.environ},
                    start_new_session=True,
                )
            except OSError as error:
                self._control.close()
                raise ReaderCrashed(f"the process that reads files cannot be started: {error}") from error

    def order(self, module: str) -> tuple[socket.socket, socket.socket]:
        """Return the ends of the channel to a new child, and of the one that says how it ended.

        Raises:
            OSError: the process has ended.
        """
        (channel, theirs), (status, told) = socket.socketpair(), socket.socketpair()
        with theirs, told:
            try:
                with self._lock:
                    name = module.encode().ljust(process.ORDER, b"\0")
                    socket.send_fds(self._control, [name], [theirs.fileno(), told.fileno()])
            except BaseException:
                channel.close()
                status.close()
                raise
        return channel, status

    def close(self, *, ours: bool = True) -> None:
        """Let it end; ``ours``: this process started it, not the one that this was forked from."""
        self._control.close()
        if ours:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=GRACE_SECONDS)


class _Kept:
    """The one reading process of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reader: _Reader | None = None

    def order(self, module: str) -> tuple[socket.socket, socket.socket]:
        """Order a child, of a new process if the last has ended."""
        with self._lock:
            if self._reader is not None:
                try:
                    return self._reader.order(module)
                except OSError:
                    self._reader.close()
            self._reader = _Reader()
            return self._reader.order(module)

    def close(self) -> None:
        """Let the process end."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def leave_to_parent(self) -> None:
        """In a process that was just forked: forget the process of the parent, whose children would not be ours."""
        self._lock = threading.Lock()
        if self._reader is not None:
            self._reader.close(ours=False)
            self._reader = None


_KEPT_READER = _Kept()
atexit.register(_KEPT_READER.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_KEPT_READER.leave_to_parent)
