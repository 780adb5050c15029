"""Lines that people type, one at a time; Ctrl-C and a lost terminal end the waiting at once."""

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer


class EndOfInput(Exception):
    """Nobody types any more."""


def typed_line(prompt: str) -> str:
    """Return the next line, without white space at its ends; what is no text is asked for again.

    Raises:
        EndOfInput: there is none.
    """
    while True:
        typer.echo(prompt, nl=False)
        sys.stdout.flush()
        try:
            line = _next_line()
        except OSError as error:  # a terminal that is gone reads as an error
            raise EndOfInput from error
        if not line:
            raise EndOfInput
        try:
            return line.decode().strip()
        except UnicodeDecodeError:
            typer.echo("  that is not UTF-8 text: nothing was done")


_ahead = bytearray()
"""What was read beyond the last line: a pipe gives more than one at a time."""


def _next_line() -> bytes:
    """Return the next line with its end, or less at the end of input."""
    try:
        descriptor = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or no file at all
        return sys.stdin.readline().encode(errors="surrogateescape") if sys.stdin else b""
    while (end := _ahead.find(b"\n")) < 0:
        _wait_for(descriptor)
        read = os.read(descriptor, 65536)
        if not read:
            end = len(_ahead) - 1
            break
        _ahead.extend(read)
    line = bytes(_ahead[: end + 1])
    del _ahead[: end + 1]
    return line


def _wait_for(descriptor: int) -> None:
    """Wait until something can be read; a signal that comes just before the waiting begins ends it all the same."""
    if sys.platform == "win32":  # select knows only sockets there, and Ctrl-C ends the reading itself
        return
    woken, waking = os.pipe()
    try:
        os.set_blocking(waking, False)
        before = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        try:
            while descriptor not in select.select([descriptor, woken], [], [])[0]:
                os.read(woken, 64)  # a signal that ends nothing
        finally:
            signal.set_wakeup_fd(before)
    finally:
        os.close(woken)
        os.close(waking)


def can_page() -> bool:
    """Return whether a person looks at this on a terminal."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stdout.isatty())


@contextmanager
def hang_ups_interrupt() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the block as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    wanted = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    before = {number: signal.signal(number, interrupt) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
