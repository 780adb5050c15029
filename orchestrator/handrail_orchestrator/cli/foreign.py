"""Where a command calls code that is not ours: what that does to the process is undone, and no exit code lies."""

import io
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NoReturn, TextIO

from typing_extensions import Buffer, override

ENDED: Final = 2
"""The exit code of a command that foreign code ended."""


@contextmanager
def calling_foreign_code(*, aside: bool = False, lying: Collection[int] = (0, 1)) -> Iterator[None]:
    """Keep the streams, the working directory and the exit code of a command while code is called that is not ours.

    Closing or replacing ``sys.stdout`` and ``sys.stderr`` closes and replaces nothing of ours, and a directory that is
    changed is changed back. ``aside`` sends what is printed to standard error, where standard output is for a program
    to read. ``os._exit`` with one of the ``lying`` codes, which would say how the command came out, ends it with 2.
    """
    out, error, here = sys.stdout, sys.stderr, _directory()
    numbers = [_second_name(number) for number in (1, 2)]
    sys.stdout, sys.stderr = Lent(error if aside else out), Lent(error)
    if aside and numbers[0] is not None:
        os.dup2(2, 1)  # what other programs print that it starts
    leave = os._exit
    os._exit = _telling(leave, lying)
    try:
        yield
    finally:
        os._exit = leave
        sys.stdout, sys.stderr = out, error
        for number, kept in zip((1, 2), numbers, strict=True):
            if kept is not None:
                os.dup2(kept, number)
                os.close(kept)
        if here is not None:
            with suppress(OSError):  # it is gone
                os.chdir(here)


class Lending:
    """What a stream of ours is in foreign hands: closing it closes nothing."""

    def __init__(self, owner: TextIO) -> None:
        self._owner = owner

    def flush(self) -> None:
        """Write out what waits."""
        self._owner.flush()

    def close(self) -> None:
        """Do nothing: the command has something to say, too."""

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the owner's."""
        return self._owner.fileno()


class Lent(Lending, io.TextIOBase):
    """A stream of ours in foreign hands: it can be written to, and closing it closes nothing."""

    @override
    def write(self, text: str, /) -> int:
        return self._owner.write(text)

    @override
    def isatty(self) -> bool:
        return self._owner.isatty()

    @property
    def buffer(self) -> "LentBytes":
        """What takes bytes."""
        return LentBytes(self._owner)

    @override
    def detach(self) -> Any:
        return self.buffer

    @property
    @override
    def encoding(self) -> str:  # type: ignore[override]
        return self._owner.encoding

    @property
    @override
    def errors(self) -> str | None:  # type: ignore[override]
        return self._owner.errors

    def __getattr__(self, name: str) -> object:
        """Return whatever else the stream has, such as ``reconfigure``."""
        return getattr(self._owner, name)


class LentBytes(Lending, io.RawIOBase):
    """The bytes below such a stream."""

    @override
    def write(self, data: Buffer, /) -> int:
        self._owner.flush()  # what was written as text comes first
        return self._owner.buffer.write(data)


def _telling(leave: Any, lying: Collection[int]) -> Any:
    original = os.getpid()

    def told(code: int) -> NoReturn:
        if os.getpid() == original and code in lying:  # a forked copy ends as it likes
            with suppress(OSError, ValueError, AttributeError):
                sys.stdout.flush()
            said = f"handrail: the code that was called ended this process with os._exit({code})"
            os.write(2, f"{said}; what is recorded is kept, the same command goes on\n".encode())
            code = ENDED
        leave(code)
        raise AssertionError  # it does not return

    return told


def _second_name(number: int) -> int | None:
    """Return a second name of a stream's file, None where our own stream is no file of the system, as in a test."""
    stream = sys.stdout if number == 1 else sys.stderr
    try:
        if stream.fileno() != number:
            return None
        stream.flush()
        return os.dup(number)
    except (OSError, ValueError, AttributeError):
        return None


def _directory() -> str | None:
    try:
        return str(Path.cwd())
    except OSError:
        return None
