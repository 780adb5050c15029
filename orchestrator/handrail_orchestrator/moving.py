"""Moving all of a store to another address, once nobody works on it; see ``store.moves`` for how it is made safe."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from handrail_orchestrator.clock import SystemClock
from handrail_orchestrator.embedded.liveness import WorkerWatch, look_at
from handrail_orchestrator.errors import Misuse, StoreInUse, StoreMoved
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.control import Pause, PauseRow, Resume
from handrail_orchestrator.store.copying import TableContents, side_of, without_password
from handrail_orchestrator.store.moves import RESTING, Workers, arrived, begun, in_hand, left, move_all
from handrail_orchestrator.store.port import Store

LOOK_SECONDS = 0.2
LEASE_SECONDS = 30.0
"""A worker whose lock cannot be seen from here, and that shows no life for so long, is dead."""
DRAIN_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class StoreMove:
    """What became of a move."""

    address: str
    """Of the new store, without a password."""
    tables: dict[str, TableContents]
    """What was copied; empty when an earlier run had done all of it."""
    was_done: bool

    @property
    def rows(self) -> int:
        """Return how many rows were copied."""
        return sum(table.rows for table in self.tables.values())


def move_store(
    source: str,
    target: str,
    *,
    drain: bool = False,
    within: float = DRAIN_SECONDS,
    say: Callable[[str], None] = lambda _: None,
) -> StoreMove:
    """Move all that a store holds to an address where nothing is; with ``drain`` its workers end what they execute.

    Raises:
        Misuse: an address is none, or both are the same.
        StoreInUse: workers are signed on to the old store; with ``drain``: they did not end in time.
        StoreMoved: it was moved to another address.
        StoreError: a store cannot be read or written, or the new one holds something; the old one is as it was.
    """
    address = without_password(target)
    if without_password(source) == address:
        raise Misuse(f"{address} is where it is already: give another address")
    move = left(source)
    if move is not None:
        if arrived(target, move):
            return StoreMove(address, {}, was_done=True)
        if move.address != address:
            raise StoreMoved(without_password(source), move.refusal)
    now = SystemClock().now
    if move is not None:  # it broke off at its very end: nobody could work on the old store since
        copied = move_all(source, target, move, Workers((), may_stay=False), now=now(), say=say)
        return StoreMove(address, copied, was_done=False)
    store = open_store(source, create=False)
    try:
        workers = None if drain else _all_dead(store)
        with side_of(target, "fill"):
            pass  # made only once nothing speaks against it: it can be reached and written, and holds nothing
        with _resting(store) if drain else nullcontext():
            workers = workers or _drained(store, source, address, within, say)
            copied = move_all(source, target, begun(address, now()), workers, now=now(), say=say)
    finally:
        store.close()
    return StoreMove(address, copied, was_done=False)


def _all_dead(store: Store) -> Workers:
    """Wait until it is certain that every worker which is signed on is dead.

    Raises:
        StoreInUse: one lives.
    """
    watch = WorkerWatch(LEASE_SECONDS, time.monotonic)
    beats: dict[int, int] = {}
    while True:
        workers = store.workers()
        dead = {each.worker.id for each in watch.dead(workers, me=None)}
        for each in workers:
            if each.id not in dead and (look_at(each.lock) == "held" or beats.get(each.id, each.beat) != each.beat):
                problem = f"worker {each.id} (process {each.pid} on {each.host.split()[0]}) is signed on"
                raise StoreInUse(store.path, f"{problem}: end it first, or give --drain")
        if len(dead) == len(workers):
            return Workers(dead, may_stay=False)
        beats = {each.id: each.beat for each in workers}
        time.sleep(LOOK_SECONDS)


def _drained(store: Store, source: str, address: str, within: float, say: Callable[[str], None]) -> Workers:
    """Let every workflow rest, and wait until no worker that lives has a run in hand.

    Raises:
        StoreInUse: they did not end in time.
    """
    watch = WorkerWatch(LEASE_SECONDS, time.monotonic)
    end = time.monotonic() + within
    told = -1
    while True:
        _let_rest(store, address)
        workers = Workers({each.worker.id for each in watch.dead(store.workers(), me=None)}, may_stay=True)
        busy = in_hand(source, workers)
        if not busy:
            return workers
        if time.monotonic() > end:
            raise StoreInUse(store.path, f"{busy:,} runs are still executed after {within:g} s: end those workers")
        if busy != told:
            say(f"waiting for {busy:,} runs that are being executed")
        told = busy
        time.sleep(LOOK_SECONDS)


def _let_rest(store: Store, address: str) -> None:
    """Pause every workflow that does not rest yet."""
    resting = {each.name for each in store.pauses() if each.kind == "workflow"}
    new = [name for name in store.workflow_names() if name not in resting]
    if new:
        now, why = SystemClock().now(), f"all of it is moved to {address} {RESTING}"
        store.apply([Pause(PauseRow("workflow", name, None, why, now)) for name in new])
        store.ring()


@contextmanager
def _resting(store: Store) -> Iterator[None]:
    """Let workflows go on that rested for a move which came to nothing."""
    try:
        yield
    except BaseException:
        ours = [each for each in store.pauses() if (each.why or "").endswith(RESTING)]
        store.apply([Resume(each.kind, each.name, None, SystemClock().now()) for each in ours])
        store.ring()
        raise
