"""The process that reads: it waits for files, and reads each in a child of its own, which may die of it."""

import contextlib
import ctypes
import gc
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from struct import Struct

ORDER = 128
"""Bytes of an order, beside which two sockets come: the name of the module that will be needed, padded."""
STATUS = Struct(">iqd")
"""How a child ended: its wait status, the most memory it had (bytes), the processor time it took (seconds)."""
IDLE_SECONDS = 60.0
"""After which it ends, to be started again when a file comes."""

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
        self._warm(order.rstrip(b"\0").decode())
        gc.freeze()  # pages that nobody writes to are shared with the children
        asked, status = (socket.socket(fileno=each) for each in descriptors)
        child = os.fork()
        if child == 0:
            self._become_child(asked)
        asked.close()
        self._waited_for[child] = status
        self._selector.register(status, selectors.EVENT_READ, child)
        return True

    def _warm(self, name: str) -> None:
        """Load a module, and let it do once what each child would do anew; it meets no file but its own."""
        if name in self._warmed:
            return
        self._warmed.add(name)
        with contextlib.suppress(Exception):  # the child will meet what is wrong with it, and say so
            getattr(import_module(name), "warm", _nothing)()

    def _become_child(self, asked: socket.socket) -> None:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            for each in (self._control, self._ended, self._wake, *self._waited_for.values()):
                each.close()
            self._answer(asked)
            code = 0
        finally:
            os._exit(code)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._ended.recv(4096):
                pass
        while self._waited_for:
            child, status, used = os.wait4(-1, os.WNOHANG)
            if child == 0:
                return
            teller = self._waited_for.pop(child)
            with contextlib.suppress(KeyError):
                self._selector.unregister(teller)
            with contextlib.suppress(OSError), teller:
                teller.sendall(STATUS.pack(status, used.ru_maxrss * _MAXRSS, used.ru_utime + used.ru_stime))
