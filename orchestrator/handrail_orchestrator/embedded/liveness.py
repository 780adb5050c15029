"""Who is alive: a lock that the operating system drops with its process, and a beat for all other cases."""

import os
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

from handrail_orchestrator.store.rows import WorkerRow

try:
    import fcntl
except ImportError:  # a system without flock: the beat alone decides
    HAS_FLOCK = False
else:
    HAS_FLOCK = True


HELD_LEASES = 6
"""A worker whose lock is held is alive: it is waited for so many times as long."""
LONGEST_LOOK_SECONDS = 1.0
"""More than this between two looks, or half a lease, and the watcher did not look at all."""
EXECUTING = b"executing\n"
"""In the file of the lock of a worker whose runs are its own; an empty one has handed them over."""

Lock = Literal["held", "free", "handed over", "unknown"]


class LifeLine:
    """A file this process holds locked while it lives."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._descriptor: int | None = None
        self._hold()

    def _hold(self) -> None:
        descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        with suppress(OSError):  # a full disk: then it looks handed over, and nobody is blamed for its end
            os.pwrite(descriptor, EXECUTING, 0)

    def let_go(self) -> None:
        """Let go and leave the file: by it others see at once that this process cannot go on."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def hold_again(self) -> None:
        """Take the lock that was let go; others may have noticed meanwhile, and then the store says so."""
        with suppress(OSError):
            self._hold()

    def hand_over(self) -> None:
        """Let go and leave the file, marked as that of a process that executes nothing any more."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)  # which needs no space on a full disk
        self.let_go()

    def close(self) -> None:
        """Let go, and tidy up."""
        self.let_go()
        with suppress(FileNotFoundError):
            Path(self.path).unlink()


def look_at(path: str) -> Lock:
    """Return what can be seen of a worker's lock from here."""
    if not path or not HAS_FLOCK:
        return "unknown"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # cleaned away, or another user's: the beat decides
        return "unknown"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return "held"
    except OSError:
        return "unknown"
    else:
        return "free" if os.fstat(descriptor).st_size else "handed over"
    finally:
        os.close(descriptor)


def here() -> str:
    """Return this machine's name, with what differs after every start of it where the system tells."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return socket.gethostname()
    return f"{socket.gethostname()} {boot}"


class Death(NamedTuple):
    """A worker that executes nothing any more."""

    worker: WorkerRow
    blame: bool
    """Whether what it executed may have killed it."""


class WorkerWatch:
    """Decides which workers are dead from their locks and beats.

    Beats are compared by this process's own monotonic clock, so a wall clock that jumps ends no lease. A watcher that
    did not look for a while itself, stopped or kept waiting by the store as all others, begins to watch anew.
    """

    def __init__(self, lease_seconds: float, monotonic: Callable[[], float], place: str | None = None) -> None:
        self._lease = lease_seconds
        self._monotonic = monotonic
        self._place = here() if place is None else place
        self._seen: dict[int, tuple[int, float]] = {}
        self._looked = monotonic()

    def dead(self, workers: Iterable[WorkerRow], *, me: int | None) -> list[Death]:
        """Return the workers that are gone; called after a beat of one's own, so the store can be written."""
        now = self._monotonic()
        if now - self._looked > max(self._lease / 2, LONGEST_LOOK_SECONDS):
            self._seen = {worker: (beat, now) for worker, (beat, _) in self._seen.items()}
        self._looked = now
        seen: dict[int, tuple[int, float]] = {}
        dead: list[Death] = []
        for worker in workers:
            if worker.id == me:
                continue
            beat, since = self._seen.get(worker.id, (-1, now))
            seen[worker.id] = (worker.beat, since if beat == worker.beat else now)
            death = self._death(worker, now - seen[worker.id][1])
            if death is not None:
                dead.append(death)
        self._seen = seen
        return dead

    def _death(self, worker: WorkerRow, still_seconds: float) -> Death | None:
        if _started_before(worker.host, self._place):
            return Death(worker, blame=False)
        match look_at(worker.lock):
            case "free":
                return Death(worker, blame=True)
            case "handed over":
                return Death(worker, blame=False)
            case "held":  # alive, only stopped or stuck: nobody's fault
                return Death(worker, blame=False) if still_seconds > HELD_LEASES * self._lease else None
            case "unknown":
                return Death(worker, blame=True) if still_seconds > self._lease else None


def _started_before(host: str, place: str) -> bool:
    """Return whether a worker signed on before this machine was started the last time."""
    name, _, boot = host.partition(" ")
    my_name, _, my_boot = place.partition(" ")
    return bool(boot and my_boot) and name == my_name and boot != my_boot
