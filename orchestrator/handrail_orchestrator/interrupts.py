"""Ctrl-C and other orders to stop, told apart from code that raises ``KeyboardInterrupt`` and the like itself."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from handrail_ground.errors import is_order
from handrail_orchestrator.forked import end_copy, this_process


class _Noted:
    """Whether this process was asked to stop."""

    stop = False


_noted = _Noted()


def note_stop(*, came: bool) -> None:
    """Take note of a signal that asks this process to stop, or forget what came before the first orchestrator."""
    _noted.stop = came


def stop_signalled() -> bool:
    """Return whether a signal to stop came since the first orchestrator that is open now was entered."""
    return _noted.stop


class NobodyInterrupted(Exception):
    """Code raised ``KeyboardInterrupt``, and nobody had pressed Ctrl-C."""

    def __init__(self) -> None:
        super().__init__("the code raised KeyboardInterrupt by itself")


@contextmanager
def interrupts_by_hand() -> Iterator[None]:
    """Let a ``KeyboardInterrupt`` out of foreign code only when somebody pressed Ctrl-C, and no forked copy at all.

    Where another handler of SIGINT is at work, nobody can tell, and every one is let out. Where it is ignored, as in
    background jobs of a shell, nobody can have pressed it.

    Raises:
        NobodyInterrupted: the code raised one by itself.
    """
    original = this_process.generation
    in_main = threading.current_thread() is threading.main_thread()
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.default_int_handler(number, frame)

    before = signal.getsignal(signal.SIGINT)
    mine = in_main and before is signal.default_int_handler
    if mine:
        signal.signal(signal.SIGINT, note)
    try:
        yield
        end_copy(original)
    except BaseException as error:
        end_copy(original, error)
        if not isinstance(error, KeyboardInterrupt):
            raise
        if pressed or (in_main and not mine and before is not signal.SIG_IGN):
            raise
        raise NobodyInterrupted from error
    finally:
        if mine and signal.getsignal(signal.SIGINT) is note:  # foreign code may have set its own
            signal.signal(signal.SIGINT, signal.default_int_handler)


def is_for_us(error: BaseException) -> bool:
    """Return whether an exception caught around foreign code in an event loop is to be raised again.

    Inside ``asyncio.run`` Ctrl-C cancels the main task, and a ``KeyboardInterrupt`` that comes out of a call is the
    call's own, unless a signal came while an orchestrator is open.
    Of all others see ``handrail_ground.errors.is_order``.
    """
    if isinstance(error, KeyboardInterrupt | SystemExit) and stop_signalled():
        return True
    if not isinstance(error, KeyboardInterrupt):
        return is_order(error)
    in_main = threading.current_thread() is threading.main_thread()
    return in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
