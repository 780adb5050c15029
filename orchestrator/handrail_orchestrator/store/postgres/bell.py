"""Being told that others wrote: NOTIFY is part of their transaction, LISTEN has a connection of its own."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql

from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.claiming import Beat, Claim
from handrail_orchestrator.store.postgres.connection import close, connect
from handrail_orchestrator.store.recorded import RecordResult
from handrail_orchestrator.store.traces import KeepTrace

_log = logging.getLogger("handrail.store")

LISTEN_SECONDS = 1.0
"""How soon a thread that listens notices that it is not wanted any more."""
GATHER_SECONDS = 0.01
"""Rings that follow each other so soon are one."""
AGAIN_SECONDS = 0.5
"""How soon a connection that was lost is made anew."""

QUIET: frozenset[type] = frozenset(
    {c.RecordStep, RecordResult, c.NoteStarted, Claim, Beat, c.ExtendLease, c.ReadAnswer, KeepTrace}
)
"""Changes after which nobody else has anything to do; commits that notify follow each other, one at a time."""


class Bell:
    """Hears what others write to a store, on one connection with a thread of its own; begun by who first asks it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.name = uuid.uuid4().hex
        """In whose name this store rings; by it its own rings are told from others'."""
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        """The thread's, once it is there."""
        self._thread: threading.Thread | None = None
        self._rung = False
        self._called: list[Callable[[], None]] = []
        self._closing = threading.Event()

    def has_rung(self) -> bool:
        """Return whether others wrote since the last call; where nobody listened meanwhile, they may have."""
        began = self._begin()
        with self._lock:
            rung, self._rung = self._rung, False
        return rung or began

    def listen(self, on_ring: Callable[[], None]) -> Callable[[], None]:
        """Call back now, as there may be something, and whenever others have written; returns what ends that."""
        self._begin()
        with self._lock:
            self._called.append(on_ring)
        on_ring()

        def end() -> None:
            with self._lock, suppress(ValueError):  # it was ended before
                self._called.remove(on_ring)

        return end

    def close(self) -> None:
        """Listen no more; the thread notices soon."""
        self._closing.set()

    def _begin(self) -> bool:
        """Begin to listen, if it is not begun yet; return whether that was done."""
        with self._lock:
            if self._thread is not None:
                return False
            with suppress(psycopg.Error):  # the thread tries again
                self._connection = self._connected()
            self._thread = threading.Thread(target=self._work, name="handrail-bell", daemon=True)
            self._thread.start()
            return True

    def _connected(self) -> "psycopg.Connection[Any]":
        connection = connect(self._address)
        try:
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel(connection))))
        except BaseException:
            close(connection)
            raise
        return connection

    def _work(self) -> None:
        while not self._closing.is_set():
            try:
                if self._heard():
                    self._ring()
                    time.sleep(GATHER_SECONDS)
            except psycopg.Error as error:  # what is due is found without it, only later
                _log.debug("listening to the store: %s", error)
                close(self._connection)
                self._connection = None
                self._closing.wait(AGAIN_SECONDS)
        close(self._connection)

    def _heard(self) -> bool:
        """Wait for a ring of others for a while; where the connection was lost, they may have rung."""
        if self._connection is None:
            self._connection = self._connected()
            return True
        heard = list(self._connection.notifies(timeout=LISTEN_SECONDS, stop_after=1))
        heard += self._connection.notifies(timeout=0)
        return any(each.payload != self.name for each in heard)

    def _ring(self) -> None:
        with self._lock:
            self._rung = True
            called = tuple(self._called)
        for each in called:
            with suppress(RuntimeError):  # its event loop has just been closed; the others are called all the same
                each()


def channel(connection: "psycopg.Connection[Any]") -> str:
    """Return the name under which the processes of a store tell each other."""
    row = connection.execute("SELECT current_schema()").fetchone()
    return f"handrail {row[0] if row else ''}"[:63]


def is_loud(changes: Sequence[c.Change]) -> bool:
    """Return whether others may have something to do after these."""
    return not all(type(c.plain(each)) in QUIET for each in changes)
