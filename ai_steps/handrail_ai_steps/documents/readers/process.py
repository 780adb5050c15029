"""The process that reads: it waits for files, and reads each in a child of its own, which may die of it.

While nothing is read it forks the next children ahead. A child's first milliseconds go into pages of memory that it
shared and now writes to, as many as a short file takes to be read: a spare child has them behind it.
"""

import contextlib
import ctypes
import gc
import os
import resource
import select
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from itertools import chain
from struct import Struct

ORDER = 128
"""Bytes of an order, beside which two sockets come: the name of the module that will be needed, padded."""
STATUS = Struct(">iqd")
"""How a child ended: its wait status, the most memory it had (bytes), the processor time it took (seconds)."""
IDLE_SECONDS = 60.0
"""After which it ends, to be started again when a file comes."""
SPARES = 2
"""Children that wait for a file: one of many pages is read by two. Each reads one file, as any child does."""

_TRIM, _PAD, _MAP = -1, -2, -3
"""``M_TRIM_THRESHOLD``, ``M_TOP_PAD`` and ``M_MMAP_THRESHOLD`` of glibc."""
_MAXRSS = 1 if sys.platform == "darwin" else 1024
"""The unit of ``ru_maxrss`` in bytes."""


def main(answer: Callable[[socket.socket], None]) -> None:
    """Serve the process at the other end of the standard input, until it closes it or ends.

    ``answer`` is what a child does: it takes a request from the socket, and answers it there.
    """
    _keep_memory()
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    _Server(control, answer, parent=os.getppid()).run()


def _nothing() -> None:
    """Do nothing: a module has nothing to do once."""


def _keep_memory() -> None:
    """Let what is freed be used again at once: a child gives all of it back when it ends.

    PDFium takes and frees half a megabyte for each page. The C library would give that back to the system and ask for
    it anew each time, which takes a tenth of the time of a page.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):  # not with every C library
            set_option = ctypes.CDLL(None).mallopt
            for option, size in ((_TRIM, 512 << 20), (_MAP, 32 << 20), (_PAD, 4 << 20)):
                set_option(option, size)


class _Server:
    """Takes orders, forks, and says how each child ended; it never looks into a file."""

    def __init__(self, control: socket.socket, answer: Callable[[socket.socket], None], *, parent: int) -> None:
        self._control = control
        self._answer = answer
        self._parent = parent
        self._ended, wake = socket.socketpair()
        for each in (self._ended, wake):
            each.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        self._wake = wake
        self._waited_for: dict[int, socket.socket] = {}
        """The children by their process ids, and whom to tell how they ended."""
        self._warmed: set[str] = set()
        """The modules that are loaded."""
        self._last = ""
        """The module that was needed last, which a spare child gets ready for."""
        self._spares: dict[int, socket.socket] = {}
        """The children that wait for a file by their process ids, and the line to each."""
        self._given: dict[int, tuple[socket.socket, socket.socket]] = {}
        """Of spare children that were given one that asks: the line, on which they say that they took it, and him."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._selector.register(self._ended, selectors.EVENT_READ)

    def run(self) -> None:
        idle = 0.0
        try:
            while os.getppid() == self._parent and idle < IDLE_SECONDS:
                ready = self._selector.select(timeout=1.0)
                idle = 0.0 if ready or self._waited_for else idle + 1.0
                for key, _ in ready:
                    if key.fileobj is self._control:
                        if not self._take():
                            return
                    elif key.fileobj is self._ended:
                        self._reap()
                    elif key.data in self._waited_for:  # whoever waited for this child has gone, and it has not ended
                        self._selector.unregister(key.fileobj)
                        os.kill(key.data, signal.SIGKILL)
        finally:
            for child in self._waited_for:
                os.kill(child, signal.SIGKILL)

    def _take(self) -> bool:
        order, descriptors, _, _ = socket.recv_fds(self._control, ORDER, 2)
        while order and len(order) < ORDER:
            more = self._control.recv(ORDER - len(order))
            order = order + more if more else b""
        if not order or len(descriptors) != 2:
            return False
        self._last = order.rstrip(b"\0").decode()
        if self._last not in self._warmed:
            self._warmed.add(self._last)
            _warm(self._last)
            self._dismiss()
        asked, status = (socket.socket(fileno=each) for each in descriptors)
        self._begin(asked, status)
        return True

    def _begin(self, asked: socket.socket, status: socket.socket) -> None:
        """Let a child answer the one that asks: a spare one if there is one."""
        child = self._spare(asked)
        if child is None:
            with asked:
                child = self._fork(lambda: asked, status)
        self._waited_for[child] = status
        self._selector.register(status, selectors.EVENT_READ, child)

    def _fork(self, wait: Callable[[], socket.socket | None], not_its: socket.socket) -> int:
        """Return a new child, which answers what it waits for, if anything comes."""
        gc.freeze()  # pages that nobody writes to are shared with the children
        child = os.fork()
        if child == 0:
            self._become_child(wait, not_its)
        return child

    def _become_child(self, wait: Callable[[], socket.socket | None], not_its: socket.socket) -> None:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            lines = *self._waited_for.values(), *self._spares.values(), *chain(*self._given.values())
            for each in (self._control, self._ended, self._wake, *lines, not_its):
                each.close()
            asked = wait()
            if asked is not None:
                self._answer(asked)
            code = 0
        finally:
            os._exit(code)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._ended.recv(4096):
                pass
        has_read = False
        with contextlib.suppress(ChildProcessError):  # there is none
            while (ended := os.wait4(-1, os.WNOHANG))[0]:
                has_read |= self._tell(*ended)
        if has_read:  # and not when a spare one ends: what ends it might end the next
            self._keep_spares()

    def _tell(self, child: int, status: int, used: resource.struct_rusage) -> bool:
        """Say how a child ended to whoever waits for that, and return whether anybody does."""
        waiting = self._spares.pop(child, None)
        if waiting is not None:
            waiting.close()
        teller = self._waited_for.pop(child, None)
        if teller is None:
            return False
        with contextlib.suppress(KeyError):
            self._selector.unregister(teller)
        if self._was_killed_waiting(child, teller):
            return False
        with contextlib.suppress(OSError), teller:
            teller.sendall(STATUS.pack(status, used.ru_maxrss * _MAXRSS, used.ru_utime + used.ru_stime))
        return True

    def _was_killed_waiting(self, child: int, teller: socket.socket) -> bool:
        """Return whether a spare child had not taken what it was given when it ended: then another does."""
        if child not in self._given:
            return False
        line, asked = self._given.pop(child)
        with line, contextlib.suppress(OSError):
            if line.recv(1, socket.MSG_DONTWAIT):
                asked.close()
                return False
        self._begin(asked, teller)
        return True

    def _keep_spares(self) -> None:
        """Fork children ahead, up to their number."""
        while len(self._spares) < SPARES:
            ours, theirs = socket.socketpair()
            with theirs:
                self._spares[self._fork(partial(_given, theirs, self._last), ours)] = ours

    def _spare(self, asked: socket.socket) -> int | None:
        """Give the one that asks to a child that waits, and return it; None: none does."""
        while self._spares:
            child = next(iter(self._spares))  # the one that has waited longest is the readiest
            line = self._spares.pop(child)
            try:
                socket.send_fds(line, [b"."], [asked.fileno()])
            except OSError:  # it was killed
                line.close()
            else:
                self._given[child] = line, asked
                return child
        return None

    def _dismiss(self) -> None:
        """Let the spare children end: they do not have what was loaded just now."""
        while self._spares:
            self._spares.popitem()[1].close()


def _warm(name: str) -> None:
    """Load a module, and do once what each child would do anew; it meets no file but its own."""
    with contextlib.suppress(Exception):  # the child will meet what is wrong with it, and say so
        getattr(import_module(name), "warm", _nothing)()


def _given(line: socket.socket, name: str) -> socket.socket | None:
    """In a spare child: get ready for a file that a module reads, and return the one that asks; None: nobody will."""
    with line:
        if not select.select([line], [], [], 0)[0]:
            _warm(name)
        _, descriptors, _, _ = socket.recv_fds(line, 1, 1)
        if descriptors:
            line.send(b".")
    return socket.socket(fileno=descriptors[0]) if descriptors else None
