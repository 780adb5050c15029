"""Being told that others wrote: NOTIFY is part of their transaction, LISTEN has a connection of its own."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.claiming import Beat, Claim
from handrail_orchestrator.store.postgres.connection import close, connect
from handrail_orchestrator.store.traces import KeepTrace

_log = logging.getLogger("handrail.store")

LISTEN_SECONDS = 1.0
"""How soon a thread that listens notices that it is not wanted any more."""
GATHER_SECONDS = 0.01
"""Rings that follow each other so soon are one."""
AGAIN_SECONDS = 0.5
"""How soon a connection that was lost is made anew."""

QUIET: frozenset[type] = frozenset({c.RecordStep, c.NoteStarted, Claim, Beat, c.ExtendLease, c.ReadAnswer, KeepTrace})
"""Changes after which nobody else has anything to do; commits that notify follow each other, one at a time."""


class Bell:
    """Rings for what others wrote to a store, and says in whose name this one rings."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._listening: psycopg.Connection[Any] | None = None
        self.name = uuid.uuid4().hex
        """What tells this store object's own rings from others'."""

    def begin(self) -> None:
        """Listen from now on, if it is not listened yet.

        Raises:
            psycopg.Error: the server cannot be reached.
        """
        if self._listening is None:
            connection = connect(self._address)
            try:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel(connection))))
            except BaseException:
                close(connection)
                raise
            self._listening = connection

    def has_rung(self) -> bool:
        """Return whether others wrote since the last call; after the connection was lost, they may have.

        Raises:
            psycopg.Error: the server cannot be reached.
        """
        if self._listening is None:
            self.begin()
            return True
        try:
            heard = [each.payload for each in self._listening.notifies(timeout=0)]
        except psycopg.OperationalError:
            self.close()
            self.begin()
            return True
        return any(payload != self.name for payload in heard)

    def wait_for_others(self, name: str, seconds: float) -> bool:
        """Wait for a ring in another name; whoever begins to listen may have missed one.

        Raises:
            psycopg.Error: the server cannot be reached.
        """
        if self._listening is None:
            self.begin()
            return True
        heard = list(self._listening.notifies(timeout=seconds, stop_after=1))
        heard += self._listening.notifies(timeout=0)
        return any(each.payload != name for each in heard)

    def close(self) -> None:
        """Listen no more."""
        close(self._listening)
        self._listening = None


class Listener:
    """A thread that calls back as soon as others write to a store."""

    def __init__(self, address: str, name: str, on_ring: Callable[[], None]) -> None:
        self._address = address
        self._name = name
        self._on_ring = on_ring
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="handrail-bell", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Call back no more."""
        self._closing.set()

    def _work(self) -> None:
        bell = Bell(self._address)
        while not self._closing.is_set():
            try:
                if bell.wait_for_others(self._name, LISTEN_SECONDS) and not self._closing.is_set():
                    self._on_ring()
                    time.sleep(GATHER_SECONDS)
            except psycopg.Error as error:  # what is due is found without it, only later
                _log.debug("listening to the store: %s", error)
                bell.close()
                self._closing.wait(AGAIN_SECONDS)
        bell.close()


def channel(connection: "psycopg.Connection[Any]") -> str:
    """Return the name under which the processes of a store tell each other."""
    row = connection.execute("SELECT current_schema()").fetchone()
    return f"handrail {row[0] if row else ''}"[:63]


def is_loud(changes: Sequence[c.Change]) -> bool:
    """Return whether others may have something to do after these."""
    return not all(type(c.plain(each)) in QUIET for each in changes)
