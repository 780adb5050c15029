"""The one writer: changes of all runs in this process share commits.

Changes gathered in one turn of the event loop become one transaction. It is committed in the loop itself
as long as the disk is quick, because handing over to a thread would cost more than it saves; by a thread
when the disk is slow, a transaction is large, or another process is writing.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from handrail_orchestrator.embedded.commit import Commit
from handrail_orchestrator.embedded.flushes import Flushes
from handrail_orchestrator.errors import (
    CommitUnknown,
    Misuse,
    OrchestratorError,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreNotFound,
    StoreReadOnly,
    StoreRefused,
)
from handrail_orchestrator.store.changes import Change, Prune, StartMany, claim_of, plain, run_of
from handrail_orchestrator.store.files import KeepFile, PutPart, SweepFiles
from handrail_orchestrator.store.starts import Fire

if TYPE_CHECKING:
    from handrail_orchestrator.store.port import Store

_log = logging.getLogger("handrail.writer")

REPORT_EVERY_SECONDS = 5.0
TICK_SECONDS = 1.0
"""How soon the store is looked after again when that has failed."""
MOST_HERE = 1_000
"""Changes in a transaction that holds up the event loop no longer than a few milliseconds."""
_LARGE = frozenset({StartMany, Prune, Fire, KeepFile, PutPart, SweepFiles})
"""Changes that are many in one, or hold a file."""

_FATAL = (StoreFull, StoreReadOnly, StoreCorrupt, StoreNotFound, StoreRefused)
"""Of the store and not of a change: no run fails of what nobody can write."""


class Batch:
    """Changes that become one transaction."""

    __slots__ = ("changes", "commit", "unknown", "waiting", "worker")

    def __init__(self, loop: asyncio.AbstractEventLoop, worker: int | None) -> None:
        self.worker = worker
        self.changes: list[Change] = []
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        self.commit = Commit(loop)
        self.unknown: CommitUnknown | None = None
        """What tells whether they are in the store, when the answer to their commit was lost."""


class Host:
    """Whom a writer writes for and tells what became of it; by itself one that executes nothing."""

    def is_alone(self) -> bool:
        """Return whether nobody else is held up while the event loop waits for a commit."""
        return True

    def refused(self, change: Change, error: Exception) -> None:
        """Take note that the store refused a change whose reply nobody waits for."""

    def unheard(self, change: Change, reply: object) -> None:
        """Take note of a reply that nobody waits for any more."""

    def give_up(self, error: StoreError) -> None:
        """Take note that the store cannot be written any more."""

    def rested(self) -> None:
        """Take note that nothing is on its way to the store."""

    def tick(self) -> float | None:
        """Look after the store, in the writer's thread; return in how many seconds to do so again, None: never."""
        return None


class Writer:
    """Takes changes on the event loop, commits them in order."""

    def __init__(self, store: "Store", host: Host) -> None:
        self.commits = 0
        """How many batches are over."""
        self._worker: int | None = None
        self._store = store
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._open: Batch | None = None
        self._queue: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._in_thread = 0
        self._flushes = Flushes()
        self._closing = threading.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name="handrail-writer", daemon=True)

    def begin(self) -> None:
        """Begin to look after the store, and be there for what is not to hold up the event loop."""
        self._thread.start()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is on its way to the store."""
        return self._open is None and not self._in_thread

    def work_for(self, worker: int) -> None:
        """Write in the name of a worker from now on; what was added before stays in the old name, and its fence."""
        self._send()
        self._worker = worker

    def add(self, change: Change) -> Commit:
        """Put a change into the open batch and return its commit."""
        batch = self._open
        if batch is None:
            if self._closing.is_set():
                raise StoreError(self._store.path, "it is closed: use the orchestrator inside its `async with` block")
            batch = self._open = Batch(self._loop, self._worker)
            self._loop.call_soon(self._flush)
        batch.changes.append(change)
        return batch.commit

    def require_its_loop(self) -> None:
        """Check that whoever asks is in the event loop that all of this belongs to, before anything is done.

        Raises:
            Misuse: they are in another one, such as that of another thread.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise Misuse(
                "this belongs to the event loop that it was opened in: from another thread, call"
                " asyncio.run_coroutine_threadsafe(..., loop) with that loop"
            )

    def is_under_way(self, commit: asyncio.Future[None]) -> bool:
        """Return whether a commit is still to come that nothing can be added to any more."""
        return not commit.done() and (self._open is None or self._open.commit is not commit)

    async def ask(self, change: Change) -> Any:
        """Write a change and return its reply once it is committed; a refusal is raised."""
        return await self.asked(change)

    def asked(self, change: Change) -> asyncio.Future[Any]:
        """Write a change and return the future of its reply; cancelling that takes nothing back.

        Raises:
            Misuse: another event loop asks.
        """
        self.require_its_loop()
        self.add(change)
        batch = self._open
        assert batch is not None  # noqa: S101 -- add() has just opened it
        future = self._loop.create_future()
        batch.waiting[len(batch.changes) - 1] = future
        return future

    def _flush(self) -> None:
        """Commit the open batch, unless the thread is busy: then it gathers more until the thread is free."""
        if not self._in_thread:
            self._send()

    def _send(self) -> None:
        batch, self._open = self._open, None
        if batch is None:
            return
        if not self._in_thread and self._flushes.quick(alone=self._host.is_alone()) and _is_small(batch):
            self._commit_here(batch)
        else:
            self._in_thread += 1
            self._queue.put(batch)

    def _commit_here(self, batch: Batch) -> None:
        begun, spent = time.perf_counter(), time.thread_time()
        try:
            replies = self._store.try_apply(batch.changes, worker=batch.worker)
        except CommitUnknown as error:
            replies, batch.unknown = None, error
        except Exception:  # noqa: BLE001 -- whatever it was, the thread tries again, one by one, and reports
            replies = None
        self._flushes.waited(time.perf_counter() - begun - (time.thread_time() - spent))
        if replies is None:
            self._in_thread += 1
            self._queue.put(batch)
        else:
            self._complete(batch, replies)

    def _complete(self, batch: Batch, replies: Sequence[Any]) -> None:
        waiting = batch.waiting
        for index, reply in enumerate(replies):
            if reply is None and index not in waiting:
                continue
            future = waiting.get(index)
            if isinstance(reply, Exception):
                if future is None:
                    self._refuse(batch.changes[index], reply)
                elif not future.done():
                    future.set_exception(reply)
            elif future is not None and not future.done():
                future.set_result(reply)
            elif future is not None:
                self._host.unheard(batch.changes[index], reply)
        batch.commit.set_result(None)
        self._over()

    def _over(self) -> None:
        self.commits += 1
        if self._open is None and not self._in_thread:
            self._host.rested()

    def _refuse(self, change: Change, error: Exception) -> None:
        try:
            self._host.refused(change, error)
        except Exception:  # noqa: BLE001 -- the others of the batch still want to know that they are on disk
            _log.exception("a refused %s could not be handled", type(plain(change)).__name__)

    def _fail(self, batch: Batch, error: StoreError) -> None:
        for future in (batch.commit, *batch.waiting.values()):
            if not future.done():
                future.set_exception(error)
                future.exception()  # whoever waits sees it; nobody waiting is no news
        if isinstance(error, _FATAL):
            self._host.give_up(error)
        self._over()

    def _finished(self, batch: Batch, replies: Sequence[Any] | StoreError) -> None:
        self._in_thread -= 1
        self._flush()  # first, so that the thread is never without work
        if isinstance(replies, StoreError):
            self._fail(batch, replies)
        else:
            self._complete(batch, replies)

    def _work(self) -> None:
        next_tick: float | None = time.monotonic()
        while True:
            if next_tick is not None and time.monotonic() >= next_tick:
                next_tick = self._ticked()
            timeout = None if next_tick is None else max(0.0, next_tick - time.monotonic())
            try:
                batch = self._queue.get(timeout=timeout)
            except queue.Empty:
                continue
            if batch is None:
                break
            replies = self._answered(batch)
            try:
                self._loop.call_soon_threadsafe(self._finished, batch, replies)
            except RuntimeError:  # the loop is closed; what was committed stays committed
                return
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._ended.set)

    def _ticked(self) -> float | None:
        """Let the store be looked after; return when to do so again."""
        seconds: float | None = TICK_SECONDS
        try:
            seconds = self._host.tick()
        except StoreError as error:
            _log.warning("the store did not answer: %s", error)
        except Exception:  # noqa: BLE001 -- looking after the store must go on
            _log.exception("looking after the store failed; trying again")
        return None if seconds is None else time.monotonic() + seconds

    def _answered(self, batch: Batch) -> Sequence[Any] | StoreError:
        """Commit a batch, and fail it alone if that is impossible: all that is written later needs this thread."""
        try:
            return self._committed(batch.changes, batch.worker, batch.unknown)
        except Exception as error:  # noqa: BLE001 -- whatever it was, the next batch must be written
            _log.exception("a batch of %d changes cannot be written", len(batch.changes))
            failed = StoreError(self._store.path, f"a change cannot be written: {type(error).__name__}: {error}")
            failed.__cause__ = error
            return failed

    def _committed(
        self, changes: Sequence[Change], worker: int | None, unknown: CommitUnknown | None = None
    ) -> Sequence[Any] | StoreError:
        begun = reported = time.monotonic()
        while True:
            try:
                if unknown is not None and (settled := unknown.settle()) is not None:
                    return settled
                unknown = None
                return self._store.apply(changes, worker=worker)
            except _FATAL as error:
                return error
            except StoreError as error:
                # what may be recorded already must not be written once more: it is asked for until somebody knows
                if unknown is None and not isinstance(error, StoreLocked):
                    return self._one_by_one(changes, worker, error)
                unknown = error if isinstance(error, CommitUnknown) else unknown
                if self._closing.is_set():
                    return error
                if time.monotonic() - reported >= REPORT_EVERY_SECONDS:
                    reported = time.monotonic()
                    _log.warning("waiting for the store since %.0f s: %s", reported - begun, error)
                time.sleep(0.02)
            except Exception as error:  # noqa: BLE001 -- one change, whatever is wrong with it, must not end the thread
                return self._one_by_one(changes, worker, error)

    def _one_by_one(
        self, changes: Sequence[Change], worker: int | None, error: Exception
    ) -> Sequence[Any] | StoreError:
        """Keep one change that cannot be written from taking the others with it; it gets its own error."""
        if len(changes) == 1:
            return [self._in_our_words(changes[0], error)]
        replies: list[Any] = []
        refused: dict[tuple[int, int | None], Exception] = {}
        for change in changes:
            run = run_of(change)
            key = None if run is None else (run, claim_of(change))
            if key in refused:  # what a run did after something that is not recorded did not happen either
                replies.append(refused[key])
                continue
            reply = self._committed([change], worker)
            if isinstance(reply, StoreError):
                return reply
            replies += reply
            if key is not None and isinstance(reply[0], Exception):
                refused[key] = reply[0]
        return replies

    def _in_our_words(self, change: Change, error: Exception) -> OrchestratorError:
        if isinstance(error, OrchestratorError):
            return error
        problem = f"{type(plain(change)).__name__} cannot be written: {type(error).__name__}: {error}"
        _log.error("%s", problem, exc_info=error)
        wrapped = StoreError(self._store.path, problem)
        wrapped.__cause__ = error
        return wrapped

    async def close(self) -> None:
        """Commit what is open, then end the thread."""
        self._send()
        self._closing.set()
        self._queue.put(None)
        await self._ended.wait()


def _is_small(batch: Batch) -> bool:
    return len(batch.changes) <= MOST_HERE and _LARGE.isdisjoint(map(type, batch.changes))
