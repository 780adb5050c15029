"""Single keys that people press on a terminal, without Enter behind each."""

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, Self

from handrail_orchestrator.cli.terminal import EndOfInput, Pulse, is_terminal, wait_for

if sys.platform != "win32":
    import termios

REST_SECONDS = 0.05
"""How long the rest of a key may take that sends several bytes, as arrows do; Escape alone sends one."""

PASTE_BEGINS, PASTE_ENDS = b"\x1b[200~", b"\x1b[201~"
ASK_FOR_PASTES, NO_MORE_PASTES = "\x1b[?2004h", "\x1b[?2004l"
LONGEST_PASTE = 4_000

_NAMED = {
    b"\r": "enter", b"\n": "enter", b"\x7f": "backspace", b"\x08": "backspace", b"\x15": "clear", b"\x17": "clear",
    b"\x04": "end", b"\t": "down", b"\x1b": "escape", b"\x1b[A": "up", b"\x1b[B": "down", b"\x1b[Z": "up",
    b"\x1bOA": "up", b"\x1bOB": "down", b"\x1bOM": "enter",
}  # fmt: skip


class PressedKey(NamedTuple):
    """One key: what it is called, or the character that it writes; pasted text comes as one."""

    name: str
    text: str = ""
    """What was pasted."""


def decoded(read: bytes, *, is_all: bool) -> tuple[PressedKey | None, int]:
    """Return the first key of what was read, and how many bytes it took; (None, 0) while more of it is to come.

    ``is_all``: nothing more comes, so that half a key is taken for what it is. A key that means nothing has no name.
    """
    if read.startswith(PASTE_BEGINS):
        return _pasted(read, is_all=is_all)
    if read[:1] == b"\x1b":
        return _escaped(read, is_all=is_all)
    if read[:1] in _NAMED:
        return PressedKey(_NAMED[read[:1]]), 1
    size = next((size for start, size in ((0xF0, 4), (0xE0, 3), (0xC2, 2)) if read[0] >= start), 1)
    if len(read) < size and not is_all:
        return None, 0
    return _character(read[:size])


def _character(read: bytes) -> tuple[PressedKey, int]:
    try:
        character = read.decode()
    except UnicodeDecodeError:
        return PressedKey("wrong"), 1
    return PressedKey(character if len(character) == 1 and character.isprintable() else ""), len(read)


def _pasted(read: bytes, *, is_all: bool) -> tuple[PressedKey | None, int]:
    end = read.find(PASTE_ENDS)
    if end >= 0:
        pasted = read[len(PASTE_BEGINS) : end].decode(errors="replace")
        return PressedKey("paste", pasted[:LONGEST_PASTE]), end + len(PASTE_ENDS)
    return (PressedKey(""), len(read)) if is_all else (None, 0)


def _escaped(read: bytes, *, is_all: bool) -> tuple[PressedKey | None, int]:
    """Read an escape sequence: ESC, ESC [ parameters letter, ESC O letter."""
    if len(read) == 1:
        return (PressedKey("escape"), 1) if is_all else (None, 0)
    if read[1:2] == b"O":
        return (PressedKey(_NAMED.get(read[:3], "")), min(3, len(read))) if len(read) > 2 or is_all else (None, 0)
    if read[1:2] != b"[":
        return PressedKey("escape"), 1
    for place in range(2, len(read)):
        if 0x40 <= read[place] <= 0x7E:
            return PressedKey(_NAMED.get(read[: place + 1], "")), place + 1
    return (PressedKey(""), len(read)) if is_all else (None, 0)


def can_press_keys() -> bool:
    """Return whether this is a terminal that gives single keys and can draw again what it has drawn."""
    return is_terminal() and sys.platform != "win32" and os.environ.get("TERM", "dumb") not in {"", "dumb", "unknown"}


class Keyboard:
    """The keys of this process's terminal, inside its ``with`` block; they are not echoed there."""

    def __init__(self, pulse: Pulse | None = None) -> None:
        self._descriptor = sys.stdin.fileno()
        self._pulse = pulse
        self._read = b""
        self._held: list[Any] | None = None
        """How the terminal was before; None: it is so now."""
        self._gives_keys = False
        """Whether the terminal was told to give keys, and not told otherwise since."""

    def __enter__(self) -> Self:
        """Have the terminal give keys as they are pressed."""
        self._continued = signal.signal(signal.SIGCONT, self._go_on)
        try:
            self._held = termios.tcgetattr(self._descriptor)
        except termios.error as error:
            raise EndOfInput from error
        self._unbuffer()
        return self

    def __exit__(self, *_: object) -> None:
        """Have the terminal as it was."""
        self._restore()
        signal.signal(signal.SIGCONT, self._continued)

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Have the terminal as it was, for somebody else or for whole lines."""
        self._restore()
        try:
            yield
        finally:
            self._unbuffer()

    def pressed(self) -> PressedKey:
        """Return the next key.

        Raises:
            EndOfInput: the terminal is gone, or Ctrl-D was pressed.
        """
        while True:
            while not self._read and not wait_for(self._descriptor, self._pulse, woken_by_signals=True):
                self._unbuffer()  # it may have been suspended: a shell sets the terminal back
            self._read = self._read or self._more()
            key, taken = decoded(self._read, is_all=False)
            if key is None and self._is_more_coming(REST_SECONDS):
                self._read += self._more()
                continue
            if key is None:
                key, taken = decoded(self._read, is_all=True)
            self._read = self._read[taken:]
            if key is not None and key.name == "end":
                raise EndOfInput
            if key is not None and key.name:
                return key

    def discard(self) -> bytes:
        """Throw away what was typed so far, and return it.

        Raises:
            EndOfInput: Ctrl-D was among it.
        """
        thrown, self._read = self._read, b""
        while self._is_more_coming(0.0):
            thrown += self._more()
        if b"\x04" in thrown:
            raise EndOfInput
        return thrown

    def _more(self) -> bytes:
        try:
            read = os.read(self._descriptor, 1)  # no more than a key: the rest is for whoever reads next
        except OSError as error:  # a terminal that is gone reads as an error
            raise EndOfInput from error
        if not read:
            raise EndOfInput
        return read

    def _is_more_coming(self, seconds: float) -> bool:
        return bool(select.select([self._descriptor], [], [], seconds)[0])

    def _unbuffer(self) -> None:
        self._gives_keys = True
        try:
            self._give_keys()
        except termios.error as error:
            raise EndOfInput from error
        _say(ASK_FOR_PASTES)

    def _give_keys(self) -> None:
        attributes = termios.tcgetattr(self._descriptor)
        attributes[3] &= ~(termios.ICANON | termios.ECHO)
        attributes[6][termios.VMIN], attributes[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, attributes)

    def _go_on(self, _number: int, _frame: object) -> None:
        """Set the terminal again after a suspension, wherever in the program it came: the shell has set it back.

        It is not said on the screen here, where something may just be being written.
        """
        if self._gives_keys:
            with suppress(termios.error):  # it is gone: the next key tells
                self._give_keys()

    def _restore(self) -> None:
        self._gives_keys = False
        _say(NO_MORE_PASTES)
        if self._held is not None:
            with suppress(termios.error):  # it is gone
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._held)


def _say(code: str) -> None:
    with suppress(OSError):  # nobody looks any more: the next key tells
        sys.stdout.write(code)
        sys.stdout.flush()
