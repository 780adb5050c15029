"""Ctrl-C, SIGTERM and a closed terminal while runs are executed: noted, so that nobody blames what they interrupt."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from handrail_orchestrator.interrupts import note_stop

STOPPING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What asks a process to end: whoever stops it, and the terminal that it was started from, when that is closed."""
WATCHED = (signal.SIGINT, *STOPPING)
TERMINATED = 128 + signal.SIGTERM
"""The exit code of a process that had to be left in the middle of something."""

Handler = Callable[[int, FrameType | None], Any] | int | None


class _Watch:
    """What came, and the handlers that were there before, while any orchestrator is open in the main thread."""

    def __init__(self) -> None:
        self._stops: list[Callable[[], None]] = []
        self._before: dict[int, Handler] = {}
        self._process = 0
        self._number: int = signal.SIGTERM
        """What came, by which this process ends."""
        self._ending: set[Callable[[], None]] | None = None
        """Who has still to hand runs back before this process ends; None: nothing ends it."""

    def begin(self, stop: Callable[[], None]) -> None:
        if not self._stops:
            note_stop(came=False)
            self._process = os.getpid()
            for number in WATCHED:
                found = signal.getsignal(number)
                if found is not None and found != signal.SIG_IGN:  # None: set by C code, which cannot be called on
                    self._before[number] = found
                    signal.signal(number, self._came)
        self._stops.append(stop)

    def end(self, stop: Callable[[], None]) -> None:
        self._stops.remove(stop)
        if not self._stops:
            for number, handler in self._before.items():
                if signal.getsignal(number) == self._came:  # the program may have set its own since
                    signal.signal(number, handler)
            self._before.clear()

    def stopped(self, stop: Callable[[], None]) -> None:
        if self._ending is not None:
            self._ending.discard(stop)
            if not self._ending:
                die_of(self._number)

    def _came(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # a child that was forked off, which has no runs to hand back
            die_of(number)
        note_stop(came=True)
        handler = self._before.get(number, signal.SIG_DFL)
        if callable(handler):
            handler(number, frame)
        elif self._ending is None:
            self._number = number
            self._ending = set(self._stops)
            for stop in self._stops:
                stop()
        else:  # for the second time
            die_of(number)


_watch = _Watch()


class Signals:
    """One orchestrator's part in it; does nothing outside the main thread, where no handler can be set."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._open = False

    def open(self) -> None:
        """Take note of signals from now on; ``stop`` is called for one that would end the process."""
        if threading.current_thread() is threading.main_thread():
            _watch.begin(self._stop)
            self._open = True

    def stopped(self) -> None:
        """Say that the runs are handed back: once all orchestrators of the process have said so, it ends."""
        _watch.stopped(self._stop)

    def close(self) -> None:
        """Leave signals to whoever had them before."""
        if self._open and threading.current_thread() is threading.main_thread():
            self._open = False
            _watch.end(self._stop)


def die_of(number: int) -> None:
    """End this process as the signal would have, had nobody caught it."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def leave_after(seconds: float, code: int = TERMINATED) -> threading.Timer:
    """End this process after a while, whatever holds it up then, unless the timer is cancelled."""
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()
    return timer
