"""The file that carries a watch over restarts, and between the processes that share it.

A watch that could never alarm must not be taken for one that did not: what a file says of it is checked.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

from handrail_evals.decide.drift.seen import Audited, Routed, Seen, require_zone
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.shift import Bet, Signal
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.errors import UnreadableWatch
from handrail_ground.files import beside, write_whole
from handrail_ground.records import Misfit, Records

FORMAT: TypeAlias = Literal["handrail-watch/1"]
"""What a file calls itself; a later format has another number."""

_Stamp: TypeAlias = tuple[int, int, int]

_ARMING = (
    "a watch is armed once, in Python, with scores of usual cases:"
    " `write_watch(path, Watch.armed(WatchSettings(...), reference, at=datetime.now(UTC)))`, see docs/drift.md"
)
"""What to do where there is none: a threshold's promise and a reference are needed, which no command has."""

_RACY_NS = 100_000_000
"""How old a file must be, in nanoseconds, before its stamp is trusted: the clocks of file systems tick in milliseconds,
so a file that was replaced twice within a tick can look like itself."""


def fault_of(watch: Watch) -> str:
    """Return the first thing that cannot be, in words; empty when all is sound."""
    return next(_faults(watch), "")


def _faults(watch: Watch) -> Iterator[str]:
    shift = watch.shift
    counts = (watch.routed_cases, watch.undrawn, watch.wrong_at_alarm, watch.audits_at_alarm, shift.known, shift.recent)
    if min(counts) < 0 or not 0 <= watch.wrong <= watch.audits or watch.audits_at_alarm > watch.audits:
        yield "its counts do not fit each other"
    if watch.awaited & watch.aside:
        yield "an audit is awaited twice"
    kinds = {change.kind for change in watch.changes}
    if watch.phase != "usual" and watch.phase not in kinds:
        yield f"it is {watch.phase} and does not say since when"
    if not watch.risk or not watch.shift.signals:
        yield "it bets on nothing"
    if watch.risk_once and len(watch.risk_once) != len(watch.risk):
        yield "it does not bet on clusters as it does on audits"
    for bet in (*watch.risk, *watch.risk_once):
        yield from _faults_of_bet(bet)
    for signal in watch.shift.signals:
        yield from _faults_of_signal(signal, watch)


def _faults_of_signal(signal: Signal, watch: Watch) -> Iterator[str]:
    if not (0 <= signal.hits <= watch.shift.known and 0 <= signal.recent <= watch.shift.recent):
        yield f"more cases were {signal.kind} than there were cases"
    if not (0 <= signal.kind.share <= 1 and math.isfinite(signal.kind.edge)):
        yield f"the kind {signal.kind.name} has no edge"
    if not signal.bets:
        yield f"it does not bet on cases {signal.kind}"
    for bet in signal.bets:
        yield from _faults_of_bet(bet)


def _faults_of_bet(bet: Bet) -> Iterator[str]:
    sound = bet.ratio > 1 and 0 <= bet.least < 1 and bet.evidence >= 0 and bet.run > 0 and 0 <= bet.hits <= bet.cases
    if not sound or not all(map(math.isfinite, bet)):
        yield f"the bet {tuple(bet)!r} cannot stand so"


@dataclass(frozen=True)
class _Record:
    format: FORMAT
    watch: Watch


_RECORDS = Records(_Record)


def watch_to_json(watch: Watch) -> str:
    """Return a watch as the text of a file."""
    return _RECORDS.to_json(_Record("handrail-watch/1", watch)) + "\n"


def watch_from_json(text: str) -> Watch:
    """Return the watch that the text of a file holds.

    Raises:
        UnreadableWatch: it holds none, or one of a newer release, or one with a number that cannot be.
    """
    try:
        watch = _RECORDS.from_json(text).watch
    except Misfit as misfit:
        raise UnreadableWatch(f"no watch of this release: {misfit}; arm the watch anew") from misfit
    fault = fault_of(watch)
    if fault:
        raise UnreadableWatch(f"no watch that can be: {fault}; arm the watch anew")
    return watch


try:
    import fcntl
except ImportError:  # pragma: no cover -- Windows: one process keeps a watch there
    fcntl = None  # type: ignore[assignment]


def write_watch(path: Path, watch: Watch) -> None:
    """Write a watch, whole or not at all; one that was there is replaced."""
    write_whole(path, [watch_to_json(watch).encode()])


def read_watch(path: Path) -> Watch:
    """Return the watch of a file.

    Raises:
        UnreadableWatch: there is none, or it is damaged, foreign, or from a newer release; the message names it.
    """
    try:
        return watch_from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableWatch(f"{path} cannot be read ({error.strerror}); {_ARMING}") from error
    except UnicodeDecodeError as error:
        raise UnreadableWatch(f"{path}: not UTF-8 at byte {error.start}; arm the watch anew") from error
    except UnreadableWatch as error:
        raise UnreadableWatch(f"{path}: {error}") from error


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WatchFile:
    """A watch that lives in a file: every case and audit is on the disk before the call returns.

    Threads share the object, processes the file: what one of them is told, all know with their next question. Where the
    system has no file locks (Windows), one process keeps a watch.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = _utc_now) -> None:
        """Read the watch; ``clock`` gives the time with its zone.

        Raises:
            UnreadableWatch: there is none that can be read.
            InvalidSetting: the clock gives times without a zone.
        """
        require_zone(clock())
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._watch = read_watch(path)

    @property
    def now(self) -> Watch:
        """Return the watch as it stands, read again when another process changed it.

        Raises:
            UnreadableWatch: the file is gone or damaged.
        """
        with self._lock:
            return self._current()

    def routed(self, case: Routed) -> Watch:
        """Tell the watch of a routed case, and return it.

        Raises:
            UnreadableWatch: the file is gone or damaged.
        """
        return self.update(lambda watch: watch.routed(case, at=self._clock()))

    def audited(self, audit: Audited) -> Watch:
        """Tell the watch of an answered audit, and return it.

        Raises:
            UnknownCase: the case awaits no audit.
            UnreadableWatch: the file is gone or damaged.
        """
        return self.update(lambda watch: watch.audited(audit, at=self._clock()))

    def rearm(self, reference: Iterable[Seen], *, settings: WatchSettings | None = None) -> Watch:
        """Arm the watch with the reference of a new calibration, and return it.

        Raises:
            TooFewCases: the reference has fewer than 200 cases.
            UnreadableWatch: the file is gone or damaged; write a new watch with ``write_watch``.
        """
        return self.update(lambda watch: watch.rearmed(reference, at=self._clock(), settings=settings))

    def update(self, change: Callable[[Watch], Watch]) -> Watch:
        """Put what a function makes of the watch in its place, and return it; nobody changes the file in between.

        Raises:
            UnreadableWatch: the file is gone or damaged.
        """
        with self._lock, self._alone():
            before = self._current()
            after = change(before)
            if after is not before:
                write_watch(self.path, after)
                self._watch, self._stamp = after, None
            return after

    def _current(self) -> Watch:
        stamp = _stamp(self.path)
        if stamp != self._stamp:
            self._watch = read_watch(self.path)
            self._stamp = stamp if time.time_ns() - stamp[1] > _RACY_NS else None
        return self._watch

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing the file; the system lets go of the lock when a process dies."""
        if fcntl is None:  # pragma: no cover -- Windows
            yield
            return
        with beside(self.path.resolve(), "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _stamp(path: Path) -> _Stamp:
    """Return what changes whenever a file is replaced."""
    try:
        found = path.stat()
    except OSError as error:
        raise UnreadableWatch(f"{path} cannot be read ({error.strerror}); {_ARMING}") from error
    return found.st_ino, found.st_mtime_ns, found.st_size
