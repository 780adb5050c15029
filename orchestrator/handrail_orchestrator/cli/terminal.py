"""Lines that people type, one at a time; Ctrl-C and a lost terminal end the waiting at once."""

import os
import re
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

import typer

Pulse: TypeAlias = Callable[[], float | None]
"""What is done while nobody types; it returns after how many seconds at the latest it wants to be called again."""

_CODES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class EndOfInput(Exception):
    """Nobody types any more."""


def typed_line(prompt: str, pulse: Pulse | None = None) -> str:
    """Return the next line, without white space at its ends; what is no text is asked for again.

    So is a line with keys in it that write nothing, such as arrows: a terminal that gives lines hands on their codes.

    Raises:
        EndOfInput: there is none.
    """
    while True:
        typer.echo(prompt, nl=False)
        sys.stdout.flush()
        try:
            line = _next_line(pulse)
        except OSError as error:  # a terminal that is gone reads as an error
            raise EndOfInput from error
        if not line:
            raise EndOfInput
        try:
            text = line.decode().removeprefix("\ufeff").strip()  # some shells put this mark before what they pipe
        except UnicodeDecodeError:
            typer.echo("  that is not UTF-8 text: nothing was done")
            continue
        if not (is_terminal() and _CODES.search(text)):
            return text
        typer.echo(
            "  a key was pressed in it that writes nothing here, such as an arrow: nothing was done, type it again"
        )


_ahead = bytearray()
"""What was read beyond the last line: a pipe gives more than one at a time."""


def _next_line(pulse: Pulse | None) -> bytes:
    """Return the next line with its end, or less at the end of input."""
    try:
        descriptor = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or no file at all
        return sys.stdin.readline().encode(errors="surrogateescape") if sys.stdin else b""
    while (end := _ahead.find(b"\n")) < 0:
        wait_for(descriptor, pulse)
        read = os.read(descriptor, 65536)
        if not read:
            end = len(_ahead) - 1
            break
        _ahead.extend(read)
    line = bytes(_ahead[: end + 1])
    del _ahead[: end + 1]
    return line


def wait_for(descriptor: int, pulse: Pulse | None = None, *, woken_by_signals: bool = False) -> bool:
    """Wait until something can be read; a signal that comes just before the waiting begins ends it all the same.

    A signal that ends nothing is waited through, unless the caller wants to know: then it is the answer False.
    """
    if sys.platform == "win32":  # select knows only sockets there, and Ctrl-C ends the reading itself
        return True
    woken, waking = os.pipe()
    try:
        os.set_blocking(waking, False)
        before = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        try:
            while True:
                ready = select.select([descriptor, woken], [], [], None if pulse is None else pulse())[0]
                if descriptor in ready:
                    return True
                if ready:
                    os.read(woken, 64)
                    if woken_by_signals:
                        return False
        finally:
            signal.set_wakeup_fd(before)
    finally:
        os.close(woken)
        os.close(waking)


def is_terminal() -> bool:
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
