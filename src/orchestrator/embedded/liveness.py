"""Who is alive: a lock that the operating system drops with its process, and a beat for all other cases."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from orchestrator.store.rows import WorkerRow

try:
    import fcntl
except ImportError:  # a system without flock: the beat alone decides
    HAS_FLOCK = False
else:
    HAS_FLOCK = True


class LifeLine:
    """A file this process holds locked while it lives."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def let_go(self) -> None:
        """Let go and leave the file, for others to see that this process executes nothing any more."""
        os.close(self._descriptor)

    def close(self) -> None:
        """Let go."""
        os.close(self._descriptor)
        with suppress(FileNotFoundError):
            Path(self.path).unlink()


def let_go(path: str) -> bool:
    """Return whether the process that held this lock is gone; False when that cannot be told."""
    if not path or not HAS_FLOCK:
        return False
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # cleaned away, or another user's: the beat decides
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


class Watch:
    """Decides which workers are dead from their locks and beats.

    Beats are compared by this process's own monotonic clock, so a wall clock that jumps ends no lease.
    """

    def __init__(self, lease_seconds: float, monotonic: Callable[[], float]) -> None:
        self._lease = lease_seconds
        self._monotonic = monotonic
        self._seen: dict[int, tuple[int, float]] = {}

    def dead(self, workers: Iterable[WorkerRow], *, me: int | None) -> list[WorkerRow]:
        """Return the workers whose lock is free, or whose beat has not moved for a whole lease."""
        now = self._monotonic()
        seen: dict[int, tuple[int, float]] = {}
        dead: list[WorkerRow] = []
        for worker in workers:
            if worker.id == me:
                continue
            beat, since = self._seen.get(worker.id, (-1, now))
            seen[worker.id] = (worker.beat, since if beat == worker.beat else now)
            if let_go(worker.lock) or now - seen[worker.id][1] > self._lease:
                dead.append(worker)
        self._seen = seen
        return dead
