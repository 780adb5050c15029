"""A worker's presence on a store: its row, its lock, its bell, and its watch over the others."""

import asyncio
import logging
import os
import socket
import time
import uuid
from collections.abc import Callable, Container
from contextlib import suppress
from pathlib import Path

from handrail_orchestrator.clock import Clock
from handrail_orchestrator.doorbell import Doorbell, sidecar_folder
from handrail_orchestrator.embedded.liveness import HAS_FLOCK, LifeLine, WorkerWatch, here, look_at
from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.store.address import path_of
from handrail_orchestrator.store.address_text import MEMORY
from handrail_orchestrator.store.claiming import Beat, Register, TakeOver
from handrail_orchestrator.store.port import Store

_log = logging.getLogger("handrail.worker")

FOLDER_TRIES = 3


class Presence:
    """Signs on, beats, finds the dead, rings the others; called from the writer's thread where it says so."""

    def __init__(self, store: Store, clock: Clock, lease_seconds: float, crash_limit: int) -> None:
        self._store = store
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._crash_limit = crash_limit
        # Machines that share a server may share a name: what was started before this one was, counts for a file only.
        place = here() if Path(path_of(store.url)).exists() else ""
        self._watch = WorkerWatch(lease_seconds, time.monotonic, place)
        self._line: LifeLine | None = None
        self._bell: Doorbell | None = None
        self._deaf: Callable[[], None] = lambda: None
        """Ends listening to what others write."""
        self._next_beat = 0.0
        self.is_silent = False
        """Whether others may take over although this process lives."""
        self.worker = 0
        self.has_company = False
        """Whether other workers have signed on."""

    def sign_on(self, on_ring: Callable[[], None]) -> int:
        """Take a lock and a bell, and sign on; called on the event loop, before anything is claimed."""
        for _ in range(FOLDER_TRIES):
            try:
                self._settle_in(_folder_beside(self._store), on_ring)
            except FileNotFoundError:  # the last worker before this one has just tidied the folder away
                self.sign_off()
            else:
                break
        lock = "" if self._line is None else self._line.path
        bell = "" if self._bell is None else self._bell.path
        register = Register(os.getpid(), here(), bell, lock, self._clock.now())
        self.worker = self._store.apply([register])[0]
        loop = asyncio.get_running_loop()
        self._deaf()
        self._deaf = self._store.listen(lambda: _call(loop, on_ring))
        return self.worker

    def _settle_in(self, folder: Path | None, on_ring: Callable[[], None]) -> None:
        if folder is None:
            return
        name = uuid.uuid4().hex[:16]
        if HAS_FLOCK:
            self._line = LifeLine(folder / f"{name}.lock")
        if hasattr(socket, "AF_UNIX"):
            self._bell = Doorbell(folder / f"{name}.sock", on_ring)

    def look_after(self) -> bool:
        """Beat, and take over the runs of dead workers; called in the writer's thread.

        Returns whether something may be due: runs were taken over, or another process wrote.

        Raises:
            Fenced: this worker was struck off itself.
            StoreNotFound: the store's file is not there any more, or another one is in its place.
            StoreMoved: all that it held was moved to another store.
            StoreRefused: its server lets nobody in any more.
        """
        self.beat()
        changed = self._store.changed_elsewhere()
        workers = self._store.workers()
        self.has_company = any(each.id != self.worker for each in workers)
        for dead, blame in self._watch.dead(workers, me=self.worker):
            change = TakeOver(dead.id, dead.beat, self._clock.now(), self._crash_limit, blame)
            taken = self._store.apply([change], worker=self.worker)[0]
            if isinstance(taken, Fenced):
                raise taken
            if taken is None:
                continue
            changed = True
            for leftover in (dead.lock, dead.bell):
                with suppress(OSError):
                    Path(leftover).unlink()
            _log.warning("worker %d (process %d) is gone: took over its %d runs", dead.id, dead.pid, taken)
        return changed

    def beat(self) -> None:
        """Show that this worker lives, if it is time to; called in the writer's thread.

        Raises:
            Fenced: this worker was struck off itself.
        """
        if self.is_silent and self._line is not None:
            self._line.hold_again()
        self.is_silent = False
        now = time.monotonic()
        if now >= self._next_beat:
            reply = self._store.apply([Beat()], worker=self.worker)[0]
            if isinstance(reply, Fenced):
                raise reply
            self._next_beat = now + self._lease_seconds / 4

    def fall_silent(self) -> None:
        """Let others take over although this process lives: it cannot go on with its runs."""
        if not self.is_silent and self._line is not None:
            self._line.let_go()
        self.is_silent = True

    def ring_others(self) -> None:
        """Tell the other workers that something is due."""
        if self.has_company:
            self._store.ring(but=self.worker)

    def sign_off(self, *, released: bool = True) -> None:
        """Let go of the lock and take the bell down.

        When its runs could not be given back, the file of the lock stays: by it others see at once that it is gone.
        """
        self._deaf()
        if self._line is not None and not released:
            self._line.hand_over()
            self._line = None
        for part in (self._bell, self._line):
            if part is not None:
                part.close()
                with suppress(OSError):  # others are still there
                    Path(part.path).parent.rmdir()
        self._bell = self._line = None


def _call(loop: asyncio.AbstractEventLoop, on_ring: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(on_ring)


def _folder_beside(store: Store) -> Path | None:
    return None if store.path == MEMORY else sidecar_folder(path_of(store.url))


def report_stranded(store: Store, versions: Container[tuple[str, int]], now: float) -> None:
    """Say which due runs a worker with these workflows cannot execute; they wait until one comes that can."""
    for (name, version), count in store.due(now).items():
        if (name, version) not in versions:
            runs, wait = ("1 due run", "waits") if count == 1 else (f"{count} due runs", "wait")
            _log.warning("%s of %r version %d %s for code that this worker does not have", runs, name, version, wait)


def living(store: Store) -> bool:
    """Return whether any worker on the store seems to be alive."""
    return any(look_at(worker.lock) in {"held", "unknown"} for worker in store.workers())
