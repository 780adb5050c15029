"""Showing a long text a screen at a time, with the program that the person likes for that."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import typer

from handrail_orchestrator.cli.screen import TerminalScreen
from handrail_orchestrator.cli.terminal import Pulse, is_terminal

PULSE_SECONDS = 1.0


def show_paged(text: str, pulse: Pulse) -> None:
    """Show a text until the person has seen it; where there is no terminal or no such program, print it."""
    screen = TerminalScreen.here()
    shown = "".join(f"{line}\n" for line in screen.drawn(text))
    command = _command() if is_terminal() else None
    if command is None:
        typer.echo(shown, nl=False)
        return
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 -- the person's own choice of a pager
    except OSError:  # it is named, and is not there
        typer.echo(shown, nl=False)
        return
    with _left_to(process) as stopped:
        _feed_and_wait(process, shown.encode(), pulse)
    if stopped:
        raise KeyboardInterrupt


def _feed_and_wait(process: "subprocess.Popen[bytes]", text: bytes, pulse: Pulse) -> None:
    def feed() -> None:
        with suppress(OSError):  # it ended before it had read all
            assert process.stdin is not None  # noqa: S101 -- it was asked for
            with process.stdin as pipe:
                pipe.write(text)

    feeding = threading.Thread(target=feed, daemon=True)
    feeding.start()
    while True:
        try:
            process.wait(timeout=PULSE_SECONDS)
        except subprocess.TimeoutExpired:
            pulse()
        else:
            return


@contextmanager
def _left_to(process: "subprocess.Popen[bytes]") -> Iterator[list[int]]:
    """Leave Ctrl-C to the pager; a signal that is to end this process ends the pager, and is what the block yields."""
    stopped: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)
        process.terminate()

    wanted = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    before = {number: signal.signal(number, stop) for number in wanted}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _command() -> list[str] | None:
    """Return the pager's command: what the person names, or what the system has."""
    if os.environ.get("TERM", "dumb") in {"", "dumb", "unknown"} and "PAGER" not in os.environ:
        return None
    with suppress(ValueError):  # a quote that does not end
        named = shlex.split(os.environ.get("PAGER", ""))
        if named:
            return named
    for name in ("less", "more"):
        if shutil.which(name):
            return [name]
    return None if sys.platform != "win32" else ["more"]
